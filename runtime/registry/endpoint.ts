/** Where to ask for an image. Pure. */
import { parseImage } from '../compile/image.ts';

/** The address of a registry by the name that images have it under: `docker.io`, `host:5000`. */
export type Mirrors = ReadonlyMap<string, string>;

export interface Endpoint {
  /** Ends in `/v2/`. */
  readonly base: URL;
  /** Path in the registry, `library/golang` for instance. */
  readonly repository: string;
  /** A tag, or a digest where the name has one. */
  readonly reference: string;
  /** `host/path` that credentials are looked up by. */
  readonly credentials: string;
}

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_API = 'https://registry-1.docker.io';
/** As config.json of Docker has it. */
const DOCKER_HUB_CREDENTIALS = 'index.docker.io';

/**
 * undefined where the name is not valid. Without a mirror a registry is asked by HTTPS only. A mirror
 * gets the credentials that are for its own host, never those of the registry that it stands for.
 */
export function endpointOf(image: string, mirrors: Mirrors): Endpoint | undefined {
  const parsed = parseImage(image);
  if (parsed === undefined) return undefined;
  const { registry, repository, tag, digest } = parsed;
  const mirror = mirrors.get(registry);
  const address = mirror ?? (registry === DOCKER_HUB ? DOCKER_HUB_API : `https://${registry}`);
  if (!URL.canParse(address)) return undefined;
  const base = new URL(address);
  const path = base.pathname.replace(/\/+$/, '');
  base.pathname = /^\/v2(?:\/|$)/.test(path) ? `${path}/` : `${path}/v2/`;
  const host =
    mirror !== undefined ? base.host : registry === DOCKER_HUB ? DOCKER_HUB_CREDENTIALS : registry;
  return {
    base,
    repository,
    reference: digest || tag || 'latest',
    credentials: `${host}/${repository}`,
  };
}
