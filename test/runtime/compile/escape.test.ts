import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { escapeKubelet } from '../../../runtime/compile/escape.ts';

/**
 * The documented rule of Kubernetes: `$(NAME)` is the variable if there is one, otherwise it stays;
 * `$$` is `$`, so `$$(NAME)` is the text `$(NAME)`.
 */
function kubelet(value: string, variables: ReadonlyMap<string, string>): string {
  return value.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? match),
  );
}

const variables = new Map([
  ['HOME', '/root'],
  ['A', '$(HOME)'],
  ['', 'empty'],
]);

test('the rule does something', () => {
  expect(kubelet('$(HOME) $$(HOME) $$ $HOME $(NONE)', variables)).toBe(
    '/root $(HOME) $ $HOME $(NONE)',
  );
});

test('what was escaped arrives as it was', () => {
  const text = fc
    .array(fc.constantFrom('$', '$$', '(', ')', 'HOME', 'A', '$(HOME)', '$(NONE)', '\\', 'x\n'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (value) => {
      expect(kubelet(escapeKubelet(value), variables)).toBe(value);
    }),
  );
});
