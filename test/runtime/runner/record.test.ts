import { describe, expect, test } from '@jest/globals';
import {
  parseRecord,
  recordName,
  recordObject,
  stageObjectName,
  type StageRecord,
} from '../../../runtime/runner/record.ts';
import { specOf } from '../../../runtime/stage/spec.ts';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { inputOf, NO_CLONE, pipelineOf, stepOf } from '../support.ts';

const CLAIMED: StageRecord = {
  server: 'https://drone.example.com',
  stage: 7,
  build: 3,
  machine: 'runner-0.5af1',
  owner: 'drone-kube-abc',
  attempt: 1,
  progress: { state: 'claimed' },
};

function made(): StageRecord {
  const stage = compileStage(
    inputOf({
      pipeline: pipelineOf({
        clone: NO_CLONE,
        steps: [
          stepOf({ name: 'build' }),
          stepOf({
            name: 'notify',
            commands: [],
            environment: new Map([['TOKEN', { fromSecret: 'token' }]]),
          }),
        ],
      }),
      secrets: new Map([['token', 'correct horse']]),
    }),
  );
  return {
    ...CLAIMED,
    progress: {
      state: 'made',
      spec: specOf(stage),
      steps: [
        {
          id: 11,
          step_id: 7,
          number: 1,
          name: 'build',
          status: 'pending',
          exit_code: 0,
          version: 1,
        },
      ],
      timeout: 3_600_000,
      ownNamespace: false,
      retries: 1,
    },
  };
}

describe('a record comes back as it was', () => {
  test.each([
    ['claimed', () => CLAIMED],
    ['made', made],
  ])('%s', (_state, make) => {
    const record = make();
    const read = parseRecord(recordObject(record, 'system'));
    // What the file said of a step is not kept, and nobody asks for it.
    expect(JSON.stringify(recordObject(read ?? CLAIMED, 'system'))).toBe(
      JSON.stringify(recordObject(record, 'system')),
    );
  });
});

test('no value of a secret is in it', () => {
  expect(JSON.stringify(recordObject(made(), 'system'))).not.toContain('correct horse');
});

test.each([
  ['no data', undefined],
  ['something else', { record: 'hello' }],
  ['a later version', { record: '{"version":2,"progress":{"state":"claimed"}}' }],
])('%s is no record', (_title, data) => {
  expect(
    parseRecord({ metadata: { name: 'x' }, ...(data === undefined ? {} : { data }) }),
  ).toBeUndefined();
});

test('names tell servers, stages and attempts apart', () => {
  const other = { ...CLAIMED, server: 'https://other.example.com' };
  expect(
    new Set([
      recordName(CLAIMED.server, 7),
      recordName(CLAIMED.server, 8),
      recordName(other.server, 7),
    ]).size,
  ).toBe(3);
  expect(stageObjectName(CLAIMED)).not.toBe(stageObjectName({ ...CLAIMED, attempt: 2 }));
  expect(stageObjectName(CLAIMED)).toMatch(/^[a-z0-9-]{1,58}$/);
});
