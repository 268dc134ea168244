/** Images whose registry was asked what they run. */
import type { PullPolicy } from '../pipeline/model.ts';

/** What a container of an image runs, where nobody says otherwise. */
export interface KnownImage {
  /** `sha256:…` of what the name stood for: of the index, where there is one image a platform. */
  readonly digest: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** By the full name, as `expandImage` writes it. */
export type KnownImages = ReadonlyMap<string, KnownImage>;

/** What to ask for before a stage is compiled. */
export interface WantedImages {
  /** Full names, each once. */
  readonly images: readonly string[];
  /** Text of a config.json of Docker: what the Pod pulls with. */
  readonly credentials: string | undefined;
  readonly platform: { readonly os: string; readonly arch: string; readonly variant: string };
}

/** They do nothing unless they are process 1, which in a latched step is another program. */
const INIT_SYSTEMS: ReadonlySet<string> = new Set([
  '/init',
  '/sbin/init',
  '/usr/sbin/init',
  '/lib/systemd/systemd',
  '/usr/lib/systemd/systemd',
]);

/**
 * The words that a container of the image runs, with `args` in place of its own where there are any.
 * undefined where it must not be latched.
 */
export function startOf(
  { entrypoint, command }: KnownImage,
  args: readonly string[],
): readonly string[] | undefined {
  const words = [...entrypoint, ...(args.length > 0 ? args : command)];
  const [program = ''] = words;
  return program === '' || INIT_SYSTEMS.has(program) ? undefined : words;
}

/** An image that must be on the node already is the one that is there, whatever a registry says. */
export const mayBePinned = (pull: PullPolicy | undefined): boolean => pull !== 'Never';
