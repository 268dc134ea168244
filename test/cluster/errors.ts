/** A failure that the user can act on; `code` is stable. Shown without a stack trace. */
export class ClusterError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ClusterError';
    this.code = code;
  }
}
