import type { Terminal } from '../../../runtime/cli/usage.ts';

/** A terminal without colours that keeps what is written to it. */
export class Recorder implements Terminal {
  stdout = '';
  stderr = '';
  readonly color = false;
  readonly out = (text: string): void => {
    this.stdout += text;
  };
  readonly err = (text: string): void => {
    this.stderr += text;
  };
}
