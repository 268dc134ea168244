/** Telling an exception of the caller's own function from a failure of the cluster. */

export class HandlerFailure extends Error {
  override readonly name = 'HandlerFailure';
}

/** Waits only where there is something to wait for: most handlers of lines return nothing. */
export async function guarded(call: () => void | Promise<void>): Promise<void> {
  try {
    const result = call();
    if (result !== undefined) await result;
  } catch (error) {
    throw new HandlerFailure('the handler failed', { cause: error });
  }
}
