/** A double of registries behind `Fetch`: manifests and blobs by path, and the token flow of Docker Hub. */
import { digestOf, MANIFEST_TYPES } from '../../../runtime/registry/manifest.ts';
import { RegistryError } from '../../../runtime/registry/errors.ts';
import type { Answer, Fetch } from '../../../runtime/registry/fetch.ts';

export type Auth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string }
  /** `user` undefined: tokens are given to everybody. */
  | { readonly kind: 'token'; readonly realm: string; readonly user?: string };

export interface Double {
  readonly fetch: Fetch;
  /** `GET host path`, of all that was asked. */
  readonly asked: string[];
  /** Hosts that do not answer at all, and those that there is no way to. */
  readonly silent: Set<string>;
  readonly away: Set<string>;
  /** What came as `authorization`, by host. */
  readonly shown: Map<string, Set<string>>;
  /** Puts an image under a tag; the digest that the tag stands for. */
  put(path: string, image: ImageDouble): string;
  /** Puts bytes where a manifest or blob is asked for, without a digest that fits. */
  forge(path: string, bytes: string): void;
}

export interface ImageDouble {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** An index with this image for each of them. */
  readonly platforms?: readonly string[];
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** `user:password`, as a registry sees it. */
export const basic = (user: string): string => `Basic ${Buffer.from(user).toString('base64')}`;

export function registryDouble(auth: Auth = { kind: 'none' }): Double {
  const stored = new Map<string, Buffer>();
  const asked: string[] = [];
  const silent = new Set<string>();
  const away = new Set<string>();
  const shown = new Map<string, Set<string>>();
  const realm = auth.kind === 'token' ? new URL(auth.realm) : undefined;

  const answerTo = (method: string, url: URL, authorization: string): Answer => {
    if (realm !== undefined && url.host === realm.host) {
      const isKnown =
        auth.kind === 'token' && (auth.user === undefined || authorization === basic(auth.user));
      const token = `token for ${url.searchParams.get('scope')}`.replaceAll(' ', '-');
      return answer(isKnown ? 200 : 401, isKnown ? json({ token }) : Buffer.alloc(0));
    }
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1] ?? '';
    const wanted = {
      none: '',
      basic: auth.kind === 'basic' ? basic(auth.user) : '',
      token: `Bearer token-for-repository:${repository}:pull`,
    }[auth.kind];
    if (authorization !== wanted) {
      const challenge =
        auth.kind === 'token'
          ? `Bearer realm="${auth.realm}",service="double",scope="repository:${repository}:pull"`
          : 'Basic realm="double"';
      return answer(401, json({ secret: authorization }), { 'www-authenticate': challenge });
    }
    const body = stored.get(url.pathname);
    if (body === undefined) return answer(404, Buffer.alloc(0));
    const digest = url.pathname.includes('/manifests/') ? digestOf(body) : '';
    const headers = digest === '' ? {} : { 'docker-content-digest': digest };
    return answer(200, method === 'HEAD' ? Buffer.alloc(0) : body, headers);
  };

  return {
    asked,
    silent,
    away,
    shown,
    fetch: async ({ method, url, headers }, signal) => {
      asked.push(`${method} ${url.host} ${url.pathname}`);
      if (away.has(url.host)) {
        throw new RegistryError('registry-unreachable', `there is no way to ${url.host}`);
      }
      if (silent.has(url.host)) {
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        return promise;
      }
      const authorization = headers['authorization'] ?? '';
      if (authorization !== '') {
        shown.set(url.host, (shown.get(url.host) ?? new Set()).add(authorization));
      }
      return answerTo(method, url, authorization);
    },
    put: (path, { entrypoint, command, platforms }) => {
      const [repository = '', tag = ''] = path.split(':');
      const config = json({ os: 'linux', config: { Entrypoint: entrypoint, Cmd: command } });
      const manifest = json({ config: { digest: digestOf(config) } });
      const index = json({
        mediaType: MANIFEST_TYPES[0],
        manifests: platforms?.map((platform) => {
          const [os, architecture] = platform.split('/');
          return { digest: digestOf(manifest), platform: { os, architecture } };
        }),
      });
      const top = platforms === undefined ? manifest : index;
      stored.set(`/v2/${repository}/blobs/${digestOf(config)}`, config);
      for (const each of [manifest, top]) {
        stored.set(`/v2/${repository}/manifests/${digestOf(each)}`, each);
      }
      stored.set(`/v2/${repository}/manifests/${tag}`, top);
      return digestOf(top);
    },
    forge: (path, bytes) => stored.set(path, Buffer.from(bytes)),
  };
}

const answer = (
  status: number,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({ status, body, header: (name) => headers[name] ?? '' });
