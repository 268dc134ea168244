import { describe, expect, test } from '@jest/globals';
import { loadFile } from '../../../runtime/pipeline/load.ts';
import { HEAD, loadBrief, withStep } from './helpers.ts';

describe('what is wrong with a value', () => {
  /** The lines stand in a step, from line 6 on and two columns in. */
  test.each<[string, string]>([
    ['commands: go build', '6:13 error type-list'],
    ['commands: {a: b}', '6:13 error type-list'],
    ['commands: [[a]]', '6:14 error type-string'],
    ['depends_on: build', '6:15 error type-list'],
    ['working_dir: [a]', '6:16 error type-string'],
    ['working_dir: !!int x', '6:22 error yaml-tag'],
    ['privileged: "yes"', '6:15 error type-bool'],
    ['privileged: 1', '6:15 error type-bool'],
    ['detach: [yes]', '6:11 error type-bool'],
    ['user: root', '6:9 error type-int'],
    ['user: "1000"', '6:9 error type-int'],
    ['user: {}', '6:9 error type-int'],
    ['user: 99999999999999999999', '6:9 error type-int-range'],
    ['user: 9007199254740993', '6:9 error type-int-range'],
    ['user: .nan', '6:9 error type-int-range'],
    ['user: 1.5', '6:9 warning type-int-fraction'],
    ['resources: {limits: {cpu: 500m}}', '6:29 error type-int'],
    ['resources: {limits: {memory: 1QB}}', '6:32 error type-memory'],
    ['resources: {limits: {memory: [1]}}', '6:32 error type-memory'],
    ['resources: []', '6:14 error type-map'],
    ['environment: [A=b]', '6:16 error type-map'],
    ['environment: {A: [b]}', '6:20 error type-secret'],
    ['environment: {A: {secret: b}}', '6:20 error type-secret'],
    ['settings: {a: !!binary "%"}', '6:26 error yaml-tag'],
    ['when: main', '6:9 error type-map'],
    ['when: {branch: {include: {a: b}}}', '6:28 error type-string'],
    ['when: {branch: {exclude: main}}', '6:28 warning type-condition'],
    ['when: {branch: [[main]]}', '6:19 warning type-condition'],
    ['when: {branch: {exlcude: [main]}}', '6:19 warning type-unknown-key'],
    ['when: {evnt: push}', '6:10 warning type-unknown-key'],
    ['volumes: [~]', '6:13 error type-empty-item'],
    ['failure: ignroe', '6:12 warning type-choice'],
    ['pull: sometimes', '6:9 warning type-choice'],
    ['comands: [a]', '6:3 warning type-unknown-key'],
    ['ports: [80]', '6:3 warning type-unknown-key'],
    ['constructor: x', '6:3 warning type-unknown-key'],
    ['__proto__: x', '6:3 warning type-unknown-key'],
  ])('%s', (lines, expected) => {
    expect(loadBrief(withStep(lines))).toEqual([expected]);
  });

  test.each([
    ['comands: [a]', 'did you mean `commands`?'],
    ['dependsOn: [a]', 'did you mean `depends_on`?'],
    ['ports: [80]', 'remove it; only other runners of Drone know it'],
    ['commands: go build', 'write `- ` before it, on a line of its own: `- go build`'],
    ['user: "1000"', 'remove the quotes: `1000`'],
    ['user: root', 'write the numeric id, not the name'],
    ['privileged: "yes"', 'remove the quotes: `true` or `false`'],
    ['resources: {limits: {cpu: 500m}}', 'write `500`, without the m'],
    ['failure: ignroe', 'did you mean `ignore`?'],
    ['when: {branch: {exclude: main}}', 'write `exclude: [main]`'],
  ])('%s is fixed: %s', (lines, fix) => {
    expect(loadFile(withStep(lines)).diagnostics[0]?.fix).toBe(fix);
  });

  test('an empty step is told where it stands', () => {
    expect(loadBrief(`${HEAD}steps:\n- name: a\n  image: b\n-\n`)).toEqual([
      '6:1 error type-empty-item',
    ]);
  });

  test('everything is told at once, in the order of the file', () => {
    const text = `${HEAD}nmae: x\nsteps:\n- name: [a]\n  image: b\n  user: c\n---\nkind: secrt`;
    expect(loadBrief(text)).toEqual([
      '3:1 warning type-unknown-key',
      '5:9 error type-string',
      '7:9 error type-int',
      '9:7 warning kind-unknown',
    ]);
  });
});
