/** Diagnostics as SARIF 2.1.0, which code hosts and editors read. */
import { isAbsolute } from 'node:path';
import { CODES, severityOf, type Code } from './codes.ts';
import { inOrder, type LintedFile } from './render-json.ts';

/** One run, with all rules that there are; `version` is that of this program. */
export function renderSarif(files: readonly LintedFile[], version: string): string {
  const codes = codesInOrder();
  const rules = codes.map((code) => ({
    id: code,
    shortDescription: { text: CODES[code] },
    defaultConfiguration: { level: severityOf(code) },
  }));
  const indexes = new Map<string, number>(codes.map((code, index) => [code, index]));
  const results = inOrder(files).map(({ file, position, severity, code, message, fix }) => ({
    ruleId: code,
    ruleIndex: indexes.get(code),
    level: severity,
    message: { text: `${message}; fix: ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: {
            startLine: position.line,
            startColumn: position.column,
            endColumn: position.column + position.length,
          },
        },
      },
    ],
  }));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'drone-kube', semanticVersion: version, rules } },
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

export const codesInOrder = (): readonly Code[] =>
  Object.keys(CODES).filter((code): code is Code => code in CODES);

function uriOf(file: string): string {
  if (file === '-') return 'stdin';
  const path = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  return isAbsolute(file) ? `file://${path}` : path;
}
