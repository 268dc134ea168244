/**
 * What can go wrong between here and the cluster, with codes that never change their meaning.
 * A message is fit for a user: one line, no header, no body, no secret.
 */

export type KubeErrorCode =
  | 'kube-config-missing'
  | 'kube-config-invalid'
  | 'kube-config-context'
  | 'kube-config-proxy'
  | 'kube-credentials'
  | 'kube-network'
  | 'kube-timeout'
  | 'kube-silent'
  | 'kube-bad-response'
  | 'kube-bad-request'
  | 'kube-unauthorized'
  | 'kube-forbidden'
  | 'kube-quota'
  | 'kube-not-found'
  | 'kube-already-exists'
  | 'kube-conflict'
  | 'kube-gone'
  | 'kube-invalid'
  | 'kube-busy'
  | 'kube-server'
  | 'kube-exec-failed';

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** The `reason` of the API server's Status object, such as `AlreadyExists`. */
  readonly reason: string | undefined;

  constructor(
    code: KubeErrorCode,
    message: string,
    options: {
      readonly status?: number | undefined;
      readonly reason?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.reason = options.reason;
  }
}

/** The API server's Status object (`kind: Status`), as far as it is read here. */
export interface StatusObject {
  readonly kind?: string;
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

/** The Status object in a response body, or undefined when the body is something else. */
export function parseStatus(body: string): StatusObject | undefined {
  try {
    const parsed: StatusObject | null = JSON.parse(body);
    return parsed?.kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The error for an answer that is not a success. `what` says which request it was, such as
 * `POST pods`. A body that is no Status object (a proxy's HTML page) is never repeated.
 */
export function errorFromResponse(what: string, httpStatus: number, body: string): KubeError {
  const status = parseStatus(body);
  if (status === undefined) {
    const code = codeOf(httpStatus, undefined, '');
    const message = `${what}: the server answered ${httpStatus} without a reason`;
    return new KubeError(code, message, { status: httpStatus });
  }
  return errorFromStatus(what, status, httpStatus);
}

/** The error for a Status object; also for those that come inside a watch. */
export function errorFromStatus(
  what: string,
  status: StatusObject,
  httpStatus: number = status.code ?? 500,
): KubeError {
  const text = firstLine(status.message ?? '');
  const code = codeOf(httpStatus, status.reason, text);
  return new KubeError(code, `${what}: ${text || (status.reason ?? `status ${httpStatus}`)}`, {
    status: httpStatus,
    reason: status.reason,
  });
}

/** The error for a request that got no answer: refused, reset, unknown host, bad certificate. */
export function errorFromNetwork(what: string, server: string, cause: unknown): KubeError {
  if (cause instanceof KubeError) return cause;
  const detail = systemCode(cause) ?? 'connection failed';
  const hint = detail.includes('CERT')
    ? '; check certificate-authority-data in the kubeconfig'
    : '; check that the server is up and reachable from here';
  return new KubeError('kube-network', `${what}: no answer from ${server} (${detail})${hint}`, {
    cause,
  });
}

/** The code that Node or undici gave to a failure of the network, such as `ECONNREFUSED`. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? systemCode(error.cause) : undefined;
}

export const isNotFound = (error: unknown): boolean => hasCode(error, 'kube-not-found');
/** Somebody changed the object in between, or a precondition (uid) does not hold. */
export const isConflict = (error: unknown): boolean => hasCode(error, 'kube-conflict');
export const isAlreadyExists = (error: unknown): boolean => hasCode(error, 'kube-already-exists');
/** Not allowed by RBAC or admission. A used-up quota is not meant: see {@link isQuota}. */
export const isForbidden = (error: unknown): boolean => hasCode(error, 'kube-forbidden');
export const isQuota = (error: unknown): boolean => hasCode(error, 'kube-quota');
/** The resourceVersion or continue token is too old: list again. */
export const isGone = (error: unknown): boolean => hasCode(error, 'kube-gone');

const hasCode = (error: unknown, code: KubeErrorCode): boolean =>
  error instanceof KubeError && error.code === code;

function codeOf(httpStatus: number, reason: string | undefined, message: string): KubeErrorCode {
  switch (httpStatus) {
    case 401:
      return 'kube-unauthorized';
    case 403:
      return message.includes('exceeded quota') ? 'kube-quota' : 'kube-forbidden';
    case 404:
      return 'kube-not-found';
    case 409:
      return reason === 'AlreadyExists' ? 'kube-already-exists' : 'kube-conflict';
    case 410:
      return 'kube-gone';
    case 422:
      return 'kube-invalid';
    case 429:
      return 'kube-busy';
    default:
      return httpStatus >= 500 ? 'kube-server' : 'kube-bad-request';
  }
}

/** Later lines of a Status message may hold a dump of the whole object, environment included. */
function firstLine(message: string): string {
  const line = message.split('\n', 1)[0] ?? '';
  return line.length > 600 ? `${line.slice(0, 600)}…` : line;
}
