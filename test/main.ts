/**
 * `npm test`: types, lint, format, unit tests, then the same program against a real cluster.
 * The last line is `N passed, N failed`, over tests and checks.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from './build.ts';
import { node } from './steps.ts';

let passed = 0;
let failed = 0;

const count = (ok: boolean): void => {
  if (ok) passed += 1;
  else failed += 1;
};

async function check(title: string, args: readonly string[]): Promise<void> {
  process.stdout.write(`\n== ${title}\n`);
  const ok = (await node(args)) === 0;
  if (!ok) process.stdout.write(`${title}: failed\n`);
  count(ok);
}

async function jest(project: string): Promise<void> {
  process.stdout.write(`\n== ${project} tests\n`);
  const folder = await mkdtemp(join(tmpdir(), 'drone-kube-test-'));
  const report = join(folder, 'report.json');
  const code = await node([
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    `--selectProjects=${project}`,
    '--json',
    `--outputFile=${report}`,
    '--maxWorkers=2',
  ]);
  try {
    const result: { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number } =
      JSON.parse(await readFile(report, 'utf8'));
    passed += result.numPassedTests;
    failed += result.numFailedTests;
    // A file that cannot even be loaded has no tests to count.
    if (result.numFailedTests === 0 && code !== 0)
      failed += Math.max(1, result.numFailedTestSuites);
  } catch {
    failed += 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await check('types', ['node_modules/typescript/bin/tsc']);
await check('lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings']);
await check('format', [
  'node_modules/prettier/bin/prettier.cjs',
  '--check',
  '--log-level=warn',
  '.',
]);
// Brings what the unit tests run as well: a static busybox and two more shells.
await check('cluster', ['test/cluster/main.ts', 'up']);
await check('Drone server and Git host', ['test/stack/main.ts', 'up']);
await jest('unit');
await buildProgram();
await jest('e2e');
await check('demo', ['test/stack/demo.ts']);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
