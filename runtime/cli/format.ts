/** `drone-kube format`: writes pipeline files in one layout, with all of their comments. */
import { writeFile } from 'node:fs/promises';
import { formatFile } from '../format/format.ts';
import { hasErrors } from '../pipeline/diagnostics.ts';
import { renderDiagnostics } from '../pipeline/render.ts';
import { tooLarge } from '../pipeline/source.ts';
import { flag, helpText, parseOptions, type Option } from './options.ts';
import { readPipelineFile } from './pipeline-file.ts';
import { DEFAULT_FILE, pipelineFiles } from './pipeline-files.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';

const OPTIONS: readonly Option[] = [
  { name: 'check', help: 'write nothing; end with 1 and name the files that are not formatted' },
  { name: 'write', help: 'write the files, and name those that have changed' },
];

export const FORMAT_HELP = helpText(
  'drone-kube format [options] [file or folder ...]',
  'Prints a pipeline file (.drone.yml) in one layout; `-` is standard input. Comments stay.\nWhat it means stays as well. Ends with 2 if a file cannot be read.',
  OPTIONS,
);

export async function format(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(FORMAT_HELP);
    return EXIT.success;
  }
  const isCheck = flag(values, 'check');
  const isWrite = flag(values, 'write');
  const files = await pipelineFiles(positionals.length > 0 ? positionals : [DEFAULT_FILE]);
  refuse(files, isCheck, isWrite);
  let code: number = EXIT.success;
  for (const file of files) {
    const source = await readPipelineFile(file);
    const { text, diagnostics } = formatFile(source);
    if (diagnostics.length > 0) {
      const shown = tooLarge(source) === undefined ? source : '';
      terminal.err(renderDiagnostics(diagnostics, { file, text: shown, color: terminal.color }));
    }
    if (hasErrors(diagnostics)) {
      code = EXIT.invalid;
    } else if (isCheck || isWrite) {
      if (text === source) continue;
      if (isWrite) await write(file, text);
      else if (code === EXIT.success) code = EXIT.failure;
      terminal.out(`${file}\n`);
    } else {
      terminal.out(text);
    }
  }
  return code;
}

function refuse(files: readonly string[], isCheck: boolean, isWrite: boolean): void {
  if (isCheck && isWrite) {
    throw new UsageError('--check and --write were given', 'give one of them');
  }
  if (isWrite && files.includes('-')) {
    throw new UsageError('standard input cannot be written', 'leave --write out');
  }
  if (files.length > 1 && !isCheck && !isWrite) {
    throw new UsageError('more than one file was named', 'add --write or --check, or name one');
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const known = typeof error === 'object' && error !== null && 'code' in error;
    const reason = known ? String(error.code) : 'it failed';
    throw new UsageError(`cannot write ${file}: ${reason}`, 'check the rights of the file');
  }
}
