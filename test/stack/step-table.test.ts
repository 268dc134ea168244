import { describe, expect, test } from '@jest/globals';
import type { ApiBuild, ApiStage, ApiStep } from './drone-api.ts';
import { stepTable } from './step-table.ts';

const step = (name: string, rest: Partial<ApiStep>): ApiStep => ({
  id: 1,
  number: 1,
  name,
  status: 'success',
  exit_code: 0,
  version: 1,
  ...rest,
});

const stage = (rest: Partial<ApiStage>): ApiStage => ({
  id: 1,
  build_id: 1,
  number: 1,
  name: 'example',
  status: 'success',
  exit_code: 0,
  started: 100,
  stopped: 107,
  version: 1,
  ...rest,
});

const build = (rest: Partial<ApiBuild>): ApiBuild => ({
  id: 1,
  number: 1,
  status: 'success',
  event: 'push',
  after: 'abc',
  ref: 'refs/heads/main',
  started: 100,
  finished: 107,
  stages: [],
  ...rest,
});

describe('stepTable', () => {
  test('shows each step with its status and time, and the stage at their end', () => {
    const steps = [
      step('clone', { started: 100, stopped: 101 }),
      step('flaky', { status: 'failure', exit_code: 3, started: 101, stopped: 101 }),
      step('rescue', { status: 'skipped' }),
    ];
    expect(stepTable(build({ stages: [stage({ steps })] }))).toEqual([
      'STAGE    STEP    STATUS       TIME',
      'example  clone   success      1 s',
      'example  flaky   failure (3)  0 s',
      'example  rescue  skipped',
      'example          success      7 s',
    ]);
  });

  test('tells why a build or a stage ended without steps', () => {
    const invalid = stage({ status: 'error', error: 'no such step', started: 0, stopped: 0 });
    expect(stepTable(build({ error: 'bad yaml', stages: [invalid] }))).toEqual([
      'STAGE    STEP  STATUS  TIME',
      'example        error',
      'error: bad yaml',
      'error: no such step',
    ]);
  });
});
