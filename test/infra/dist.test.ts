import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ApiObject, Testing } from 'cdk8s';
import { ENVIRONMENTS } from '../../infra/environments/environments.ts';
import { overwritten, synth } from '../../infra/synth.ts';
import { environmentOf } from './support.ts';

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

test('each environment has a folder of its own, with one object a file', async () => {
  synth([environmentOf({}, 'a'), environmentOf({}, 'b')], folder);
  const made = await tree(folder);
  const names = [
    'Namespace.pipelines',
    'ResourceQuota.drone-kube-exec',
    'Role.drone-kube-exec',
    'RoleBinding.drone-kube-exec',
  ];
  expect(Object.keys(made).toSorted()).toEqual(
    ['a', 'b'].flatMap((name) => names.map((file) => `${name}/exec-access/${file}.k8s.yaml`)),
  );
  for (const content of Object.values(made)) expect(content.match(/^kind: /gm)).toHaveLength(1);
});

test('a wrong setting is told, and nothing is written', async () => {
  expect(() => {
    synth([environmentOf({}, 'a'), environmentOf({ namespace: 'default' }, 'b')], folder);
  }).toThrow(
    [
      'b.execAccess.namespace: error: pipelines must not run in "default", which belongs to the cluster [settings-namespace-reserved]',
      '  fix: give a namespace made for pipelines alone',
    ].join('\n'),
  );
  expect(await tree(folder)).toEqual({});
});

test.each<[string, readonly [kind: string, namespace: string][], readonly string[]]>([
  [
    'two kinds',
    [
      ['Role', 'one'],
      ['RoleBinding', 'one'],
    ],
    [],
  ],
  [
    'two namespaces',
    [
      ['Role', 'one'],
      ['Role', 'two'],
    ],
    ['two objects of chart test would be written to Role.same.k8s.yaml'],
  ],
])('objects of one name and %s in one chart', (_, objects, problems) => {
  const chart = Testing.chart();
  for (const [index, [kind, namespace]] of objects.entries()) {
    const metadata = { name: 'same', namespace };
    new ApiObject(chart, `object-${index}`, { apiVersion: 'v1', kind, metadata });
  }
  expect(overwritten(chart)).toEqual(problems);
});
