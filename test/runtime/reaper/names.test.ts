import { expect, test } from '@jest/globals';
import { namespacePrefix, stageOfObjects, stageOfRecord } from '../../../runtime/reaper/names.ts';
import { recordName, stageObjectName } from '../../../runtime/runner/record.ts';
import { SERVER } from './found.ts';

const OTHER = 'https://other.example.com';
const objects = stageObjectName({ server: SERVER, stage: 123, attempt: 2 });

test('names of stages tell which they are of', () => {
  expect(stageOfRecord(SERVER, recordName(SERVER, 123))).toBe(123);
  expect(stageOfObjects(SERVER, objects)).toBe(123);
  expect(objects.startsWith(namespacePrefix(SERVER))).toBe(true);
});

test.each([
  objects.replace('123', '0123'),
  objects.replace('123', '1e3'),
  `${objects}-pull`,
  `x${objects}`,
  stageObjectName({ server: OTHER, stage: 123, attempt: 2 }),
  recordName(SERVER, 123),
  'drone-123-2',
  '',
])('%s is none of them', (name) => {
  expect(stageOfObjects(SERVER, name)).toBeUndefined();
  expect(stageOfRecord(OTHER, name)).toBeUndefined();
});
