/** The libraries of Drone, built from `main.go` here and asked for many texts at once. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Question =
  | { readonly template: string; readonly variables: Readonly<Record<string, string>> }
  | { readonly file: string };

export interface ReferenceDocument {
  /** With the type of each scalar. */
  readonly any: unknown;
  /** Decoded into the types of `TYPED`; absent where `error` says that they do not fit. */
  readonly typed?: unknown;
  readonly error?: string;
  /** Something follows the first thing of the document, and is not read. */
  readonly rest?: boolean;
}

/** `text` for a template, `documents` for a file: absent where it has none. */
export interface Answer {
  readonly text?: string;
  readonly documents?: readonly ReferenceDocument[];
  readonly error?: string;
}

export interface Reference {
  readonly ask: (questions: readonly Question[]) => readonly Answer[];
  readonly close: () => void;
}

/** Takes a second, or a few more where Go has to download the two modules. */
export function buildReference(): Reference {
  const folder = mkdtempSync(join(tmpdir(), 'drone-kube-fuzz-'));
  const program = join(folder, 'reference');
  const build = ['build', '-trimpath', '-o', program, '.'];
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
  execFileSync('go', build, { cwd: import.meta.dirname, env, stdio: 'inherit' });
  return {
    ask: (questions) => {
      const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
      const output = execFileSync(program, { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
      const answers: Answer[] = output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
      return answers;
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
