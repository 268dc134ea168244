/**
 * `npm run build`: one command, `build/drone-kube.js`, whose parts are loaded as a verb needs them,
 * the licenses of what is bundled, and the constructs of `infra/` for who imports the package.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { build, type Plugin } from 'esbuild';
import { POD_SCRIPTS } from '../runtime/pod/scripts.ts';
import { copyLicenses, packagesOf } from './licenses.ts';

const OWN = Symbol('own');

/**
 * Importing the client library has no effect but its names, which its package does not say: without
 * that all of it would be in the bundle.
 */
const WITHOUT_SIDE_EFFECTS: Plugin = {
  name: 'without-side-effects',
  setup: (bundler) => {
    const sideEffects = false;
    bundler.onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ path, ...options }) => {
      if (options.pluginData === OWN) return undefined;
      const found = await bundler.resolve(path, { ...options, pluginData: OWN });
      return { ...found, sideEffects };
    });
    // Thousands: to have each resolved by the bundler takes ten seconds.
    bundler.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ importer, path, resolveDir }) =>
      importer.includes('/@kubernetes/client-node/')
        ? { path: join(resolveDir, path), sideEffects }
        : undefined,
    );
  },
};
/**
 * To import a module of Node as an ES module reads all of its exports. Some are made only when they
 * are asked for: the certificates of `node:tls`, and the whole of Node's own undici behind `node:http`.
 * To require it costs nothing of that.
 */
const REQUIRED: Plugin = {
  name: 'required',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^(?:node:)?(?:http|https|tls)$/ }, ({ path, kind }) =>
      kind === 'require-call' ? undefined : { path, namespace: 'required' },
    );
    bundler.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const root = new URL('../', import.meta.url).pathname;

/** Makes the bundle; returns the path of the command. */
export async function buildProgram(): Promise<string> {
  const outdir = `${root}build`;
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: { 'drone-kube': `${root}runtime/main.ts` },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    // The licenses are copied whole, see below.
    legalComments: 'none',
    plugins: [WITHOUT_SIDE_EFFECTS, REQUIRED],
    // Some dependencies are CommonJS and ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const bundled = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([file, used]) => (used.bytesInOutput > 0 ? file : [])),
  );
  await copyLicenses(packagesOf(bundled), root, `${outdir}/licenses`);
  for (const script of POD_SCRIPTS) {
    await copyFile(`${root}runtime/pod/${script}`, `${outdir}/${script}`);
  }
  await chmod(`${outdir}/drone-kube.js`, 0o755);
  const typescript = `${root}node_modules/typescript/bin/tsc`;
  await promisify(execFile)(process.execPath, [typescript, '-p', `${root}infra`]);
  return `${outdir}/drone-kube.js`;
}

if (import.meta.main) await buildProgram();
