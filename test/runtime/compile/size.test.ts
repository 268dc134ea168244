import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { tooLarge, type TooLarge } from '../../../runtime/compile/size.ts';
import type { CompileInput } from '../../../runtime/compile/types.ts';
import type { Step } from '../../../runtime/pipeline/model.ts';
import { inputOf, pipelineOf, stepOf } from '../support.ts';

const KIB = 1024;
const text = (kib: number): string => 'x'.repeat(kib * KIB);

const check = (steps: readonly Step[], input: Partial<CompileInput> = {}): TooLarge | undefined =>
  tooLarge(compileStage(inputOf({ ...input, pipeline: pipelineOf({ steps }) })));

const withCommand = (name: string, command: string): Step => stepOf({ name, commands: [command] });

describe('what Kubernetes would refuse', () => {
  test('scripts: a command counts twice', () => {
    expect(check([withCommand('a', text(500))])).toBeUndefined();
    expect(check([withCommand('short', 'make'), withCommand('long', text(600))])).toEqual({
      message: expect.stringMatching(
        /^the scripts of all steps .*; step "long" alone has 12\d{5}\./,
      ),
      fix: expect.stringContaining('files of the repository'),
    });
  });

  test('scripts that are too large only together', () => {
    const steps = ['a', 'b', 'c'].map((name) => withCommand(name, text(200)));
    expect(check(steps)).toMatchObject({ message: expect.stringContaining('together') });
  });

  test('bytes count, not characters', () => {
    expect(check([withCommand('a', 'ü'.repeat(300 * KIB))])).toBeDefined();
  });

  test('the variables that all steps share', () => {
    const globalEnvironment = new Map([['BIG', text(1100)]]);
    expect(check([stepOf({})], { globalEnvironment })).toMatchObject({
      message: expect.stringContaining('variables'),
    });
  });

  test('secrets, without showing one', () => {
    const secrets = new Map([['big', text(1100)]]);
    const step = stepOf({ environment: new Map([['A', { fromSecret: 'big' }]]) });
    const found = check([step], { secrets });
    expect(found?.message).toContain('secrets');
    expect(found?.message).not.toContain('xxx');
  });
});
