import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { init } from '../../../runtime/cli/init.ts';
import packageJson from '../../../package.json' with { type: 'json' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-init-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function call(...args: readonly string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const terminal = { out: (text: string) => (out += text), err: () => undefined, color: false };
  const code = await init(args, terminal);
  return { code, out };
}

test.each(['argocd', 'flux'])('a folder for %s is written, and every file told', async (engine) => {
  const target = join(folder, 'new');
  const { code, out } = await call('--gitops', engine, target);
  expect(code).toBe(0);
  const written = await readdir(target, { recursive: true, withFileTypes: true });
  const files = written.filter((entry) => entry.isFile());
  expect(files).toHaveLength(8);
  for (const { parentPath, name } of files) expect(out).toContain(`${join(parentPath, name)}\n`);
  expect(await readFile(join(target, 'environments/production.ts'), 'utf8')).toContain(
    `    ${engine}: {},\n`,
  );
  expect(await readFile(join(target, 'README.md'), 'utf8')).toContain(`dist/production/${engine}`);
});

test('the versions are those that this was tested with', async () => {
  await call('--gitops', 'flux', folder);
  const made: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { cdk8s, constructs } = packageJson.devDependencies;
  expect(made).toMatchObject({
    dependencies: { cdk8s, constructs, 'drone-kube': packageJson.version },
  });
});

test('nothing is written over', async () => {
  await writeFile(join(folder, 'README.md'), 'mine');
  await expect(call('--gitops', 'flux', folder)).rejects.toMatchObject({ code: 'init-exists' });
  expect(await readdir(folder)).toEqual(['README.md']);
  expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('mine');
});

test.each<[string[], RegExp]>([
  [[], /--gitops is missing/],
  [['--gitops', 'helm'], /--gitops is "helm"/],
  [['--gitops', 'flux', 'a', 'b'], /more than one folder/],
])('%j is a mistake', async (args, message) => {
  await expect(call(...args)).rejects.toThrow(message);
});

test('--help tells the options', async () => {
  const { code, out } = await call('--help');
  expect(code).toBe(0);
  expect(out).toContain('--gitops argocd|flux');
});
