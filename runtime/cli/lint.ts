/** `drone-kube lint`: says what is wrong with pipeline files, where, and what to write instead. */
import { helpText, flag, parseOptions, type Option } from './options.ts';
import { check, readPipelineFile, report } from './pipeline-file.ts';
import { DEFAULT_FILE } from './stage-input.ts';
import { EXIT, type Terminal } from './usage.ts';

const OPTIONS: readonly Option[] = [
  { name: 'trusted', help: 'lint for a trusted repository: host volumes, privileged steps' },
];

export const LINT_HELP = helpText(
  'drone-kube lint [options] [file ...]',
  'Checks pipeline files (.drone.yml). Ends with 2 if one of them cannot run.',
  OPTIONS,
);

export async function lint(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(LINT_HELP);
    return EXIT.success;
  }
  let code: number = EXIT.success;
  for (const file of positionals.length > 0 ? positionals : [DEFAULT_FILE]) {
    const source = await readPipelineFile(file);
    // `${NAME}` stands for what only a build knows, so a file is checked as it is written.
    const checked = check(source, { trusted: flag(values, 'trusted') });
    code = report(checked, file, terminal) ?? code;
    if (checked.diagnostics.length > 0) continue;
    const isChecked = checked.documents.some(
      (document) => document.kind === 'pipeline' && document.pipeline !== undefined,
    );
    terminal.out(
      `${file}: ${isChecked ? 'ok' : 'no pipeline of type kubernetes, nothing was checked'}\n`,
    );
  }
  return code;
}
