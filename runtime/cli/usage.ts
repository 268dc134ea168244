/** Mistakes in how the program was called, or in what it was given; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: string;
  /** What to write instead. */
  readonly fix: string;

  constructor(message: string, fix: string, code = 'usage') {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

export const EXIT = { success: 0, failure: 1, invalid: 2 } as const;

/** Where a verb writes, and who it is talking to. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** May lines have colours? */
  readonly color: boolean;
}
