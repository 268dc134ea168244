import { describe, expect, test } from '@jest/globals';
import { DroneError } from '../../../runtime/drone/errors.ts';
import type { ServerStep } from '../../../runtime/drone/rpc.ts';
import { StepReport, type StepNews } from '../../../runtime/runner/step-report.ts';

const STEP: ServerStep = {
  id: 7,
  step_id: 1,
  number: 1,
  name: 'a',
  status: 'pending',
  errignore: false,
  exit_code: 0,
  started: 0,
  stopped: 0,
  version: 1,
};

const DONE: StepNews = { status: 'success', exitCode: 0, error: '', started: 1, stopped: 2 };

/**
 * A server that has the step in a version of its own, and what it was told. `read`: the version
 * that can be read there.
 */
function setUp(version: number, mayWrite: boolean, read?: number) {
  const written: ServerStep[] = [];
  const complaints: string[] = [];
  const report = new StepReport({
    server: {
      putStep: async (step) => {
        if (step.version !== version) throw new DroneError('drone-conflict', 'changed meanwhile');
        const stored = { ...step, version: version + 1 };
        written.push(stored);
        return stored;
      },
    },
    step: STEP,
    signal: new AbortController().signal,
    standing: async () => (mayWrite ? { version: read } : undefined),
    isAdopted: false,
    onWritten: () => undefined,
    onGivenUp: (error) => complaints.push(String(error)),
  });
  return { report, written, complaints };
}

describe('a step that somebody else has written', () => {
  test('is written with the version of the server where it is still ours', async () => {
    const { report, written, complaints } = setUp(3, true);
    report.report(DONE);
    await report.settle();
    expect(written).toMatchObject([{ status: 'success', version: 4 }]);
    expect(complaints).toEqual([]);
  });

  test('is written although many replicas have had it before, and each wrote that it runs', async () => {
    const { report, written } = setUp(40, true);
    report.report(DONE);
    await report.settle();
    expect(written).toMatchObject([{ status: 'success', version: 41 }]);
  });

  test('is written at once where its version can be read', async () => {
    const { report, written } = setUp(900, true, 900);
    report.report(DONE);
    await report.settle();
    expect(written).toMatchObject([{ status: 'success', version: 901 }]);
  });

  test('stays as it is after a cancel, which is nothing to complain about', async () => {
    const { report, written, complaints } = setUp(2, false);
    report.report(DONE);
    await report.settle();
    expect(written).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('is given up, with a complaint, where no version will do', async () => {
    const { report, written, complaints } = setUp(1_000, true);
    report.report(DONE);
    await report.settle();
    expect(written).toEqual([]);
    expect(complaints).toEqual(['DroneError: changed meanwhile']);
  });
});

test.each<[string, number | undefined]>([
  ['can be read', 1],
  ['nobody can read', undefined],
])('conflicts that a proxy made up do no harm where the version %s', async (_title, read) => {
  const written: string[] = [];
  let bad = 7;
  const report = new StepReport({
    server: {
      putStep: async (step) => {
        bad -= 1;
        if (bad >= 0 || step.version !== 1) throw new DroneError('drone-conflict', 'made up');
        written.push(step.status);
        return { ...step, version: 2 };
      },
    },
    step: STEP,
    signal: new AbortController().signal,
    standing: async () => ({ version: read }),
    isAdopted: true,
    onWritten: () => undefined,
    onGivenUp: () => undefined,
  });
  report.report(DONE);
  await report.settle();
  expect(written).toEqual(['success']);
});

test('a server that cannot be asked is told of, and nobody fails', async () => {
  const complaints: string[] = [];
  const report = new StepReport({
    server: {
      putStep: async () => {
        throw new DroneError('drone-conflict', 'changed meanwhile');
      },
    },
    step: STEP,
    signal: new AbortController().signal,
    standing: async () => {
      throw new Error('gone for hours');
    },
    isAdopted: false,
    onWritten: () => undefined,
    onGivenUp: (error) => complaints.push(String(error)),
  });
  report.report(DONE);
  await expect(report.settle()).resolves.toBeUndefined();
  expect(complaints).toEqual(['Error: gone for hours']);
});

test.each([0, 1, 2, 3, 4, 5, 6])(
  'a report that comes %i turns after the one before was written is written too',
  async (turns) => {
    const written: string[] = [];
    const later = (left: number, work: () => void): void =>
      left === 0 ? work() : queueMicrotask(() => later(left - 1, work));
    const report = new StepReport({
      server: {
        putStep: async (step) => {
          written.push(step.status);
          return { ...step, version: step.version + 1 };
        },
      },
      step: STEP,
      signal: new AbortController().signal,
      standing: async () => ({ version: undefined }),
      isAdopted: false,
      onWritten: (status) => {
        if (status === 'running') later(turns, () => report.report(DONE));
      },
      onGivenUp: () => undefined,
    });
    report.report({ ...DONE, status: 'running' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(['running', 'success']);
  },
);
