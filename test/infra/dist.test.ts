import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ENVIRONMENTS } from '../../infra/environments/environments.ts';
import { synth } from '../../infra/synth.ts';
import { environmentOf, withAccess } from './support.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-synth-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Path to content, of all files below a folder. */
async function tree(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const contents = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [relative(root, path), await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}

// Where this fails, run `npm run synth` and commit what it changed in dist/.
test('dist/ is what the sources make', async () => {
  synth(ENVIRONMENTS, folder);
  const made = await tree(folder);
  expect(Object.keys(made)).not.toEqual([]);
  expect(await tree(new URL('../../dist', import.meta.url).pathname)).toEqual(made);
});

test('three environments are made within two seconds', () => {
  const began = performance.now();
  synth(ENVIRONMENTS, folder);
  expect(ENVIRONMENTS).toHaveLength(3);
  expect(performance.now() - began).toBeLessThan(2000);
});

test('each environment has a folder of its own, with one object a file, all of them listed', async () => {
  synth([environmentOf({ name: 'a' }), environmentOf({ name: 'b' })], folder);
  const made = await tree(folder);
  const paths = Object.keys(made);
  const of = (name: string): string[] =>
    paths.filter((path) => path.startsWith(`${name}/`)).map((path) => path.replace(`${name}/`, ''));
  // What Argo CD and Flux are told is called after the environment.
  const isOurs = (path: string): boolean => !/^(argocd|flux)\//.test(path);
  expect(of('a').filter(isOurs).sort()).toEqual(of('b').filter(isOurs).sort());
  for (const [path, content] of Object.entries(made)) {
    const parts = path.split('/');
    const name = parts.at(-1) ?? '';
    expect(content.match(/^kind: /gm)).toHaveLength(1);
    if (name === 'kustomization.yaml') continue;
    expect(made[[...parts.slice(0, -1), 'kustomization.yaml'].join('/')]).toContain(`- ${name}\n`);
  }
  const root = made['a/kustomization.yaml'] ?? '';
  expect(root).toContain('- runner\n');
  expect(root).not.toContain('argocd');
  expect(root).not.toContain('flux');
});

test('a wrong setting is told, and nothing is written', async () => {
  expect(() => {
    synth([withAccess({}, 'a'), withAccess({ namespace: 'default' }, 'b')], folder);
  }).toThrow(
    [
      'b.execAccess.namespace: error: pipelines must not run in "default", which belongs to the cluster [settings-namespace-reserved]',
      '  fix: give a namespace made for pipelines alone',
    ].join('\n'),
  );
  expect(await tree(folder)).toEqual({});
});
