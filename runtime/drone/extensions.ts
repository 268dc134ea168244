/** The three plug-in endpoints that a runner asks while it compiles: secrets, registries, environment. */
import { Buffer } from 'node:buffer';
import { request, type Dispatcher } from 'undici';
import { systemClock, type Clock } from '../kube/clock.ts';
import { DecodeError, fieldsOf, reader } from './decode.ts';
import { createDispatcher, type Environment, type Tls } from './dispatcher.ts';
import { shorten } from './errors.ts';
import type { ServerSecret } from './rpc.ts';
import { decrypt, signedHeaders } from './signature.ts';
import type { Build, Repo } from './types.ts';

export type ExtensionKind = 'secret' | 'registry' | 'env';

export interface ExtensionOptions {
  /** The address that is asked, path included. */
  readonly endpoint: string;
  readonly token: string;
  readonly tls: Tls;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up, in lower case too. */
  readonly environment: Environment;
  /** The limit of a call is measured with it: it must really wait. */
  readonly clock?: Clock;
  /** For the date of a request. */
  readonly date?: () => Date;
}

/** For which run it is asked, with all fields that the server sent. */
export interface ExtensionSubject {
  readonly repo: Repo;
  readonly build: Build;
}

export interface RegistryCredentials {
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

export interface ExtensionVariable {
  readonly name: string;
  readonly data: string;
  readonly mask: boolean;
}

export type ExtensionErrorCode =
  'extension-address' | 'extension-unavailable' | 'extension-rejected' | 'extension-bad-answer';

/** One line, without the token and without the query of the endpoint. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError';
  readonly code: ExtensionErrorCode;

  constructor(code: ExtensionErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

const LIMIT_MS = 60_000;
const ACCEPT: Readonly<Record<ExtensionKind, string>> = {
  secret: 'application/vnd.drone.secret.v1+json',
  registry: 'application/vnd.drone.registry.v1+json',
  env: 'application/vnd.drone.env.v2+json',
};

/** One endpoint. Each call is sent once; it rejects with an ExtensionError or the signal's reason. */
export class Extension {
  readonly #options: ExtensionOptions;
  readonly #kind: ExtensionKind;
  readonly #url: URL;
  readonly #dispatcher: Dispatcher;

  /** Throws `extension-address` for an endpoint that cannot be asked. */
  constructor(kind: ExtensionKind, options: ExtensionOptions) {
    this.#kind = kind;
    this.#options = options;
    const url = URL.canParse(options.endpoint) ? new URL(options.endpoint) : undefined;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
      const message = `the address is not one of http or https; set ${variable(kind, 'ENDPOINT')} to something like https://plugin.example.com`;
      throw new ExtensionError('extension-address', message);
    }
    this.#url = url;
    this.#dispatcher = createDispatcher(url, options.tls, options.environment, null);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** The answer as JSON, undefined where the plug-in has nothing to say. */
  async ask(body: object, signal: AbortSignal): Promise<unknown> {
    const limit = new AbortController();
    const done = new AbortController();
    const abort = (): void => limit.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    void this.#expire(limit, done.signal);
    try {
      return await this.#exchange(JSON.stringify(body), limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      if (error instanceof ExtensionError) throw error;
      const code =
        error instanceof Error && 'code' in error ? String(error.code) : 'connection failed';
      throw this.#error(
        'extension-unavailable',
        `does not answer (${code}); check that it is up`,
        error,
      );
    } finally {
      done.abort();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Runs a reader of the answer; what it does not like is told as `extension-bad-answer`. */
  read<T>(decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw this.#error(
        'extension-bad-answer',
        `sent something else than was asked: ${error.message}`,
      );
    }
  }

  async #expire(limit: AbortController, done: AbortSignal): Promise<void> {
    try {
      await (this.#options.clock ?? systemClock).sleep(LIMIT_MS, done);
    } catch {
      return;
    }
    const message = `did not answer in ${LIMIT_MS / 1_000} s; check that it is up`;
    limit.abort(this.#error('extension-unavailable', message));
  }

  async #exchange(body: string, signal: AbortSignal): Promise<unknown> {
    const { token, date } = this.#options;
    const now = date?.() ?? new Date();
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(this.#url, {
      method: 'POST',
      headers: signedHeaders(token, ACCEPT[this.#kind], body, now),
      body,
      signal,
      dispatcher: this.#dispatcher,
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (statusCode > 299) throw this.#rejected(statusCode, bytes.toString('utf8'));
    if (statusCode === 204) return undefined;
    const isEncrypted = headers['content-encoding'] === 'aesgcm';
    const text = isEncrypted ? decrypt(token, bytes) : bytes.toString('utf8');
    if (text === undefined) {
      throw this.#error(
        'extension-bad-answer',
        `sent an answer that cannot be decrypted; set ${variable(this.#kind, 'TOKEN')} to its secret, which needs at least 32 bytes`,
      );
    }
    try {
      const value: unknown = JSON.parse(text);
      return value;
    } catch {
      throw this.#error('extension-bad-answer', 'sent an answer that is not JSON');
    }
  }

  #rejected(status: number, body: string): ExtensionError {
    const { token } = this.#options;
    const clean = token === '' ? body : body.replaceAll(token, '******');
    const said = clean === '' ? '' : `: ${shorten(clean)}`;
    const hint = status === 400 || status === 401 || status === 403;
    const fix = hint ? `; check that ${variable(this.#kind, 'TOKEN')} is its secret` : '';
    return this.#error('extension-rejected', `answered with status ${status}${said}${fix}`);
  }

  #error(code: ExtensionErrorCode, message: string, cause?: unknown): ExtensionError {
    const { origin, pathname } = this.#url;
    const where = `the ${this.#kind} plug-in at ${origin}${pathname}`;
    return new ExtensionError(code, `${where} ${message}`, cause);
  }
}

/**
 * The secret that a `get` of the pipeline names; undefined where the plug-in does not know it or
 * has no value. Whether the build may have it (`pull_request`) is up to the caller.
 */
export async function findSecret(
  extension: Extension,
  wanted: ExtensionSubject & { readonly path: string; readonly name: string },
  signal: AbortSignal,
): Promise<ServerSecret | undefined> {
  const { path, name, repo, build } = wanted;
  const answer = await extension.ask({ path, name, repo, build }, signal);
  if (answer === undefined || answer === null) return undefined;
  return extension.read(() => {
    const at = reader(fieldsOf(answer, 'secret'), 'secret');
    const data = at.text('data');
    if (data === '') return undefined;
    return { name: at.text('name') || name, data, pull_request: at.flag('pull_request') };
  });
}

export async function listRegistries(
  extension: Extension,
  { repo, build }: ExtensionSubject,
  signal: AbortSignal,
): Promise<readonly RegistryCredentials[]> {
  const answer = await extension.ask({ repo, build }, signal);
  return extension.read(() =>
    reader({ answer }, '')
      .list('answer')
      .map((item) => {
        const at = reader(fieldsOf(item, 'registry'), 'registry');
        return {
          address: at.text('address'),
          username: at.text('username'),
          password: at.text('password'),
        };
      }),
  );
}

export async function listVariables(
  extension: Extension,
  { repo, build }: ExtensionSubject,
  signal: AbortSignal,
): Promise<readonly ExtensionVariable[]> {
  const answer = await extension.ask({ repo, build }, signal);
  return extension.read(() =>
    reader({ answer }, '')
      .list('answer')
      .map((item) => {
        const at = reader(fieldsOf(item, 'variable'), 'variable');
        return { name: at.text('name'), data: at.text('data'), mask: at.flag('mask') };
      }),
  );
}

const variable = (kind: ExtensionKind, suffix: string): string =>
  `DRONE_${kind.toUpperCase()}_PLUGIN_${suffix}`;
