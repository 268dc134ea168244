/** `drone-kube lint`: says what is wrong with pipeline files, where, and what to write instead. */
import { hasErrors, type Diagnostic } from '../pipeline/diagnostics.ts';
import { lintAdvice } from '../pipeline/lint-advice.ts';
import { renderGithub, renderJson } from '../pipeline/render-json.ts';
import { renderSarif } from '../pipeline/render-sarif.ts';
import { renderDiagnostics } from '../pipeline/render.ts';
import { VERSION } from '../version.ts';
import { flag, helpText, one, parseOptions, type Option, type Values } from './options.ts';
import { check, readPipelineFile, type Checked } from './pipeline-file.ts';
import { DEFAULT_FILE, pipelineFiles } from './pipeline-files.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';

const OPTIONS: readonly Option[] = [
  { name: 'format', value: 'FORMAT', help: 'text, json, sarif or github (text)' },
  { name: 'strict', help: 'take warnings for errors' },
  { name: 'trusted', help: 'lint for a trusted repository: host volumes, privileged steps' },
];

export const LINT_HELP = helpText(
  'drone-kube lint [options] [file or folder ...]',
  'Checks pipeline files (.drone.yml); `-` is standard input. Ends with 2 if one of them has errors.',
  OPTIONS,
);

interface Linted {
  readonly file: string;
  readonly checked: Checked;
  readonly diagnostics: readonly Diagnostic[];
}

export async function lint(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(LINT_HELP);
    return EXIT.success;
  }
  const print = printerOf(one(values, 'format') ?? 'text');
  const linted: Linted[] = [];
  for (const file of await pipelineFiles(positionals.length > 0 ? positionals : [DEFAULT_FILE])) {
    linted.push(lintText(file, await readPipelineFile(file), values));
  }
  print(linted, terminal);
  return linted.some(({ diagnostics }) => hasErrors(diagnostics)) ? EXIT.invalid : EXIT.success;
}

function lintText(file: string, source: string, values: Values): Linted {
  // `${NAME}` stands for what only a build knows, so a file is checked as it is written.
  const checked = check(source, { trusted: flag(values, 'trusted') });
  const found = [...checked.diagnostics, ...lintAdvice(checked.documents)];
  const diagnostics = flag(values, 'strict')
    ? found.map((diagnostic) => ({ ...diagnostic, severity: 'error' as const }))
    : found;
  return { file, checked, diagnostics };
}

type Print = (files: readonly Linted[], terminal: Terminal) => void;

function printerOf(format: string): Print {
  switch (format) {
    case 'text':
      return (files, terminal) => {
        for (const file of files) printText(file, terminal);
      };
    case 'json':
      return (files, terminal) => terminal.out(renderJson(files));
    case 'github':
      return (files, terminal) => terminal.out(renderGithub(files));
    case 'sarif':
      return (files, terminal) => terminal.out(renderSarif(files, VERSION));
    default:
      throw new UsageError(`--format is "${format}"`, 'give text, json, sarif or github');
  }
}

function printText({ file, checked, diagnostics }: Linted, terminal: Terminal): void {
  if (diagnostics.length > 0) {
    const { text } = checked;
    terminal.err(renderDiagnostics(diagnostics, { file, text, color: terminal.color }));
    return;
  }
  const isChecked = checked.documents.some(({ kind }) => kind === 'pipeline');
  terminal.out(
    `${file}: ${isChecked ? 'ok' : 'no pipeline of type kubernetes, nothing was checked'}\n`,
  );
}
