/** A team with nothing but the package: `drone-kube init`, then its own app. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { init } from '../../runtime/cli/init.ts';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const node = async (cwd: string, ...args: string[]) => run(process.execPath, args, { cwd });

/** Where the constructs are in the package. */
const BUILT = 'build/constructs';
const EXPORTS = {
  './infra': {
    types: `./${BUILT}/infra/library.d.ts`,
    default: `./${BUILT}/infra/library.js`,
  },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-package-'));
  await init(['--gitops', 'flux', folder], {
    out: () => undefined,
    err: () => undefined,
    color: false,
  });
  const installed = join(folder, 'node_modules/drone-kube');
  await node(ROOT, TSC, '-p', 'infra', '--outDir', join(installed, BUILT));
  await writeFile(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'drone-kube', type: 'module', exports: EXPORTS }),
  );
  for (const name of ['cdk8s', 'cdk8s-plus-27', 'constructs', '@types/node', 'undici-types']) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the app that init wrote has sound types and makes manifests', async () => {
  await node(folder, TSC);
  await node(folder, 'main.ts');
  expect((await readdir(join(folder, 'dist'))).sort()).toEqual(['dev', 'production']);
  const made = await readdir(join(folder, 'dist/production'));
  expect(made).toEqual(expect.arrayContaining(['flux', 'runner', 'trusted', 'untrusted']));
  expect(made).not.toContain('argocd');
  const deployment = join(folder, 'dist/production/runner/Deployment.drone-kube.k8s.yaml');
  expect(await readFile(deployment, 'utf8')).toContain('image: docker.io/drone-kube/runner:');
}, 60_000);

test('a wrong setting is told without a stack trace', async () => {
  const wrong = await mkdtemp(join(folder, 'wrong-'));
  for (const file of ['package.json', 'main.ts', 'environments']) {
    await cp(join(folder, file), join(wrong, file), { recursive: true });
  }
  const file = join(wrong, 'environments/dev.ts');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('drone.example.com', 'https://drone.example.com'));
  await expect(node(wrong, 'main.ts')).rejects.toMatchObject({
    code: 2,
    stderr:
      'dev.drone.host: error: "https://drone.example.com" is no host name [settings-host]\n  fix: write the name alone, with a port where it has one: drone.example.com:8080\n',
  });
}, 60_000);
