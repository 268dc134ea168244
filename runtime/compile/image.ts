/** Names of images: the full form, the short form, and the plugins that run privileged. */
import type { Step } from '../pipeline/model.ts';

/** Plugins that run Docker inside their container. */
export const PRIVILEGED_PLUGINS: readonly string[] = [
  'plugins/docker',
  'plugins/acr',
  'plugins/ecr',
  'plugins/gcr',
  'plugins/heroku',
];

/** Variables with which a step could turn such a plugin into something else. */
const RESTRICTED_VARIABLES = ['XDG_RUNTIME_DIR', 'DOCKER_OPTS', 'DOCKER_HOST', 'PATH', 'HOME'];

export interface ImageReference {
  readonly registry: string;
  /** Path in the registry, `library/golang` for instance. */
  readonly repository: string;
  /** '' where the name has none. */
  readonly tag: string;
  /** `sha256:…`, '' where the name has none. */
  readonly digest: string;
}

/**
 * Reads a name as Docker does: without a registry it is of Docker Hub, and there, without a path,
 * of `library/`. undefined where the name is not valid.
 */
export function parseImage(name: string): ImageReference | undefined {
  const match = REFERENCE.exec(name);
  // The id of an image is not the name of one.
  if (match === null || /^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return undefined;
  const [, path = '', tag = '', digest = ''] = match;

  const slash = path.indexOf('/');
  const first = slash === -1 ? '' : path.slice(0, slash);
  const hasRegistry = /[.:A-Z]/.test(first) || first === 'localhost';
  const host = hasRegistry ? first : DOCKER_HUB;
  const registry = host === 'index.docker.io' ? DOCKER_HUB : host;
  const rest = hasRegistry ? path.slice(slash + 1) : path;
  const repository = registry === DOCKER_HUB && !rest.includes('/') ? `library/${rest}` : rest;
  if (!REGISTRY.test(registry) || !REPOSITORY.test(repository)) return undefined;
  if (`${registry}/${repository}`.length > 255) return undefined;
  return { registry, repository, tag, digest };
}

/**
 * The full name: `golang` becomes `docker.io/library/golang:latest`. A name with a digest gets no
 * tag. A name that is not valid stays as it is: Kubernetes will say what is wrong with it.
 */
export function expandImage(name: string): string {
  const image = parseImage(name);
  if (image === undefined) return name;
  const tag = image.tag === '' && image.digest === '' ? 'latest' : image.tag;
  return `${image.registry}/${image.repository}${tag && `:${tag}`}${image.digest && `@${image.digest}`}`;
}

/** The short name without tag and digest: `docker.io/library/golang:1.25` becomes `golang`. */
export function trimImage(name: string): string {
  const image = parseImage(name);
  if (image === undefined) return name;
  if (image.registry !== DOCKER_HUB) return `${image.registry}/${image.repository}`;
  return image.repository.replace(/^library\/(?=[^/]+$)/, '');
}

/** Same registry and repository; the tag does not count. */
export const sameImage = (a: string, b: string): boolean => trimImage(a) === trimImage(b);

/**
 * Does the step run privileged without asking for it? Only a plugin of the list (or of `extra`,
 * DRONE_RUNNER_PRIVILEGED_IMAGES) that is used as it is: no commands, no volumes, no variable
 * that could redirect Docker. The same rule as drone-runner-kube, services included.
 */
export function isPrivilegedPlugin(
  step: Pick<Step, 'image' | 'commands' | 'command' | 'entrypoint' | 'volumes' | 'environment'>,
  extra: readonly string[],
): boolean {
  const altered =
    step.commands.length + step.command.length + step.entrypoint.length + step.volumes.length > 0 ||
    RESTRICTED_VARIABLES.some((name) => step.environment.has(name));
  return !altered && [...PRIVILEGED_PLUGINS, ...extra].some((name) => sameImage(name, step.image));
}

const DOCKER_HUB = 'docker.io';

const REFERENCE =
  /^([^@]+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?$/;

const REGISTRY =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;

const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
