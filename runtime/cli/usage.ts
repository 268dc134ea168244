/** Mistakes in how the program was called; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
  /** What to write instead. */
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
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
