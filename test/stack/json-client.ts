import { ClusterError } from '../cluster/errors.ts';

/** A JSON API; every call has a limit of 60 s. */
export interface JsonClient {
  /** @throws ClusterError API_REFUSED with the method, the path, the status and what was answered */
  call(method: string, path: string, body?: object): Promise<string>;
  /** The same for calls that may be refused: the status goes with the text. */
  ask(method: string, path: string, body?: object): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/**
 * @param base such as `http://host:port/api/v1`
 * @param authorization the header's value, such as `Bearer TOKEN`
 */
export function jsonClient(base: string, authorization: string): JsonClient {
  const ask = async (method: string, path: string, body?: object): Promise<Reply> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    ask,
    call: async (method, path, body) => {
      const { status, text } = await ask(method, path, body);
      if (status < 200 || status > 299) {
        throw new ClusterError(
          'API_REFUSED',
          `${method} ${base}${path} answered ${status}: ${text.trim().slice(0, 500)}`,
        );
      }
      return text;
    },
  };
}
