/**
 * What can go wrong between here and the Drone server, with codes that never change their meaning.
 * A message is fit for a user: one line, no secret.
 */

export type DroneErrorCode =
  /** The address of the server cannot be used. */
  | 'drone-address'
  /** Somebody else changed the row, or a lost attempt of this very call did: see `afterRetry`. */
  | 'drone-conflict'
  | 'drone-unauthorized'
  | 'drone-not-found'
  /** The server (500, 501) or something in front of it refused; `text` says what it gave as the reason. */
  | 'drone-rejected'
  /** No answer, or one of a proxy: the server may have done what it was asked. */
  | 'drone-unavailable'
  /** An answer that no Drone server sends: the server may have done what it was asked. */
  | 'drone-bad-answer';

export interface DroneErrorDetails {
  /** The HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** What the server said, in one line of at most 300 characters; '' where nothing. */
  readonly text?: string;
  /** False where the request certainly did not get to the server. */
  readonly sent?: boolean;
  /** True where the same call may work later. */
  readonly passing?: boolean;
  /** True where an earlier attempt of the same call may have done what was asked. */
  readonly afterRetry?: boolean;
  readonly cause?: unknown;
}

export class DroneError extends Error {
  override readonly name = 'DroneError';
  readonly code: DroneErrorCode;
  readonly status: number | undefined;
  readonly text: string;
  readonly sent: boolean;
  readonly passing: boolean;
  readonly afterRetry: boolean;

  readonly #details: DroneErrorDetails;

  constructor(code: DroneErrorCode, message: string, details: DroneErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.#details = details;
    this.code = code;
    this.status = details.status;
    this.text = details.text ?? '';
    this.sent = details.sent ?? true;
    this.passing = details.passing ?? false;
    this.afterRetry = details.afterRetry ?? false;
  }

  /** The same error but for its message and the given details. */
  but(message: string, details: DroneErrorDetails): DroneError {
    return new DroneError(this.code, message, { ...this.#details, ...details });
  }
}

/** Where `afterRetry` is set, nobody else need be the reason: compare what the server has with what was sent. */
export const isConflict = (error: unknown): error is DroneError =>
  error instanceof DroneError && error.code === 'drone-conflict';

/** The row exists already: the log of a step was uploaded before, or its stage's steps were made. */
export const isAlreadyStored = (error: unknown): boolean =>
  wasRejected(error, /unique constraint|duplicate (key|entry)/i);

/** The stage, step or build does not exist on this server. */
export const isNoRows = (error: unknown): boolean => wasRejected(error, /no rows in result set/i);

/** The step has no live log: it is not running, or the server was started again since. */
export const isUnknownStream = (error: unknown): boolean =>
  wasRejected(error, /stream: not found/i);

const wasRejected = (error: unknown, text: RegExp): boolean =>
  error instanceof DroneError && error.code === 'drone-rejected' && text.test(error.text);

const CONFLICT = 'somebody else changed it in the meantime';

/** The error for an answer that is no success. `what` names the call: `PUT stage 7`. */
export function errorFromAnswer(
  what: string,
  status: number,
  body: string,
  location?: string,
): DroneError {
  const text = shorten(body);
  const said = text === '' ? '' : `: ${text}`;
  const fail = (code: DroneErrorCode, message: string, passing = false): DroneError =>
    new DroneError(code, `${what}: ${message}`, { status, text, passing });
  switch (status) {
    case 401:
      return fail(
        'drone-unauthorized',
        'the Drone server does not accept the secret; make DRONE_RPC_SECRET the same here and there',
      );
    case 403:
      return fail(
        'drone-unauthorized',
        'the Drone server takes no runners, or a proxy keeps this one out; set DRONE_RPC_SECRET on the server too and check DRONE_RPC_HOST',
      );
    case 404:
      return fail(
        'drone-not-found',
        'there is no Drone server for runners at this address; check DRONE_RPC_HOST and DRONE_RPC_PROTO, and that the server is not the OSS build',
      );
    case 409:
      return fail('drone-conflict', CONFLICT);
    case 413:
      return fail(
        'drone-rejected',
        `a proxy in front of the Drone server refuses large bodies; allow 16 MiB there (nginx: client_max_body_size)${said}`,
      );
    case 408:
    case 429:
      return fail('drone-unavailable', `the server is busy (status ${status})${said}`, true);
    case 500:
    case 501:
      // The final write of a step tells a conflict so, unlike all others.
      if (/optimistic lock/i.test(text)) return fail('drone-conflict', CONFLICT);
      return fail('drone-rejected', `the Drone server failed (status ${status})${said}`);
    default:
      break;
  }
  if (status > 501) {
    return fail(
      'drone-unavailable',
      `the Drone server is not there (status ${status})${said}`,
      true,
    );
  }
  if (status >= 300 && status < 400) {
    return fail(
      'drone-bad-answer',
      `the answer is a redirect${originOf(location)}; set DRONE_RPC_PROTO and DRONE_RPC_HOST to where it leads`,
    );
  }
  return fail('drone-rejected', `refused with status ${status}${said}`);
}

/** The error for a call without an answer: refused, reset, unknown host, bad certificate. */
export function errorFromNetwork(what: string, server: string, cause: unknown): DroneError {
  const code = systemCode(cause) ?? 'connection failed';
  const hint = /CERT|SELF_SIGNED|UNABLE_TO_/.test(code)
    ? 'trust the authority of its certificate (NODE_EXTRA_CA_CERTS) or set DRONE_RPC_SKIP_VERIFY'
    : 'check DRONE_RPC_HOST and that the server is up and reachable from here';
  return new DroneError(
    'drone-unavailable',
    `${what}: no answer from ${server} (${code}); ${hint}`,
    {
      sent: !NOT_SENT.has(code) && !/CERT|SELF_SIGNED|UNABLE_TO_/.test(code),
      passing: true,
      cause,
    },
  );
}

/** The connection was never made, so nothing can have been done. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The code that Node or undici gave to a failure of the network, such as `ECONNREFUSED`. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? systemCode(error.cause) : undefined;
}

const LONGEST_TEXT = 300;

/** One line of a server's text; the page of a proxy is not worth repeating. */
export function shorten(body: string): string {
  if (isMarkup(body)) return 'an HTML page';
  const line = body
    .slice(0, 2_000)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT - 1)}…` : line;
}

export const isMarkup = (body: string): boolean => /^\uFEFF?\s*</.test(body);

function originOf(location: string | undefined): string {
  // The rest of the address may hold a token.
  if (location === undefined || !URL.canParse(location)) return '';
  const { origin } = new URL(location);
  return origin === 'null' ? '' : ` to ${origin}`;
}
