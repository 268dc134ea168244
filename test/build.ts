/** `npm run build`: one command, `build/drone-kube.js`, whose parts are loaded as a verb needs them. */
import { chmod, copyFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';
import { POD_SCRIPTS } from '../runtime/pod/scripts.ts';

const root = new URL('../', import.meta.url).pathname;

/** Makes the bundle; returns the path of the command. */
export async function buildProgram(): Promise<string> {
  const outdir = `${root}build`;
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: { 'drone-kube': `${root}runtime/main.ts` },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    // Some dependencies are CommonJS and ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  for (const script of POD_SCRIPTS) {
    await copyFile(`${root}runtime/pod/${script}`, `${outdir}/${script}`);
  }
  await chmod(`${outdir}/drone-kube.js`, 0o755);
  return `${outdir}/drone-kube.js`;
}

if (import.meta.main) await buildProgram();
