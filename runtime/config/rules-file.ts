/** From the text of DRONE_NAMESPACE_RULES_FILE to rules: a map of namespaces to lists of globs. */
import { isNull, typeError } from '../pipeline/decode-report.ts';
import { decodeString } from '../pipeline/decode-scalar.ts';
import type { Diagnostic, Position } from '../pipeline/diagnostics.ts';
import { parseSource } from '../pipeline/source.ts';
import type { MapEntry, Node } from '../pipeline/tree.ts';
import type { NamespaceRules } from './types.ts';

export interface RulesFile {
  readonly rules: NamespaceRules;
  readonly diagnostics: readonly Diagnostic[];
}

/** Never throws. The rules are not to be used if there are errors. */
export function parseRules(text: string): RulesFile {
  const source = parseSource(text);
  const diagnostics = [...source.diagnostics];
  const rules = new Map<string, readonly string[]>();
  const [root, second] = source.documents;
  if (second !== undefined) diagnostics.push(severalDocuments(second.position));
  if (root?.kind === 'map') {
    for (const entry of root.entries) {
      rules.set(
        entry.key.text,
        patternsOf(entry, (diagnostic) => diagnostics.push(diagnostic)),
      );
    }
  } else if (root !== undefined) {
    const fix = 'write `namespace: [glob, glob]` on a line of its own for each namespace';
    diagnostics.push(typeError('type-map', 'the file', 'a map', root, fix));
  }
  return { rules, diagnostics };
}

/** A single text is a list of one. */
function patternsOf(
  { key, value }: MapEntry,
  report: (diagnostic: Diagnostic) => void,
): readonly string[] {
  if (isNull(value)) {
    report(noPatterns(key.text, key.position));
    return [];
  }
  const items: readonly Node[] = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => decodeString(item, `the rule of \`${key.text}\``, report) ?? []);
}

const failure = (code: string, position: Position, message: string, fix: string): Diagnostic => ({
  code,
  severity: 'error',
  message,
  fix,
  position,
});

const noPatterns = (namespace: string, position: Position): Diagnostic =>
  failure(
    'rules-empty',
    position,
    `\`${namespace}\` has no globs of repositories`,
    `write \`${namespace}: []\` to close it to all pipelines that name it, or remove the line`,
  );

const severalDocuments = (position: Position): Diagnostic =>
  failure(
    'rules-documents',
    position,
    'the file has a second document, which would have no effect',
    'write all rules in one document, without `---`',
  );
