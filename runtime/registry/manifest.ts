/** What manifests and configs of images say, OCI or Docker. Pure. */
import { createHash } from 'node:crypto';
import { DecodeError, fieldsOf, reader, type Fields } from '../drone/decode.ts';

export interface Platform {
  /** `linux`. */
  readonly os: string;
  /** `amd64`, as Go and Drone call it. */
  readonly arch: string;
  /** `v7`; '' for any. */
  readonly variant: string;
}

/** One image, or one for each platform. */
export type Manifest =
  | { readonly kind: 'image'; readonly config: string }
  | { readonly kind: 'index'; readonly images: readonly IndexEntry[] };

export interface IndexEntry {
  readonly digest: string;
  readonly platform: Platform;
}

export const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Throws a DecodeError. */
export function decodeManifest(bytes: Buffer): Manifest {
  const fields = jsonOf(bytes, 'manifest');
  if (!('manifests' in fields))
    return { kind: 'image', config: digestIn(fields['config'], 'config') };
  const images = reader(fields, 'index').list('manifests');
  return {
    kind: 'index',
    images: images.map((entry) => {
      const its = fieldsOf(entry, 'manifests');
      const platform = reader(fieldsOf(its['platform'] ?? {}, 'platform'), 'platform');
      return {
        digest: digestIn(its, 'manifests'),
        platform: {
          os: platform.text('os'),
          arch: platform.text('architecture'),
          variant: platform.text('variant'),
        },
      };
    }),
  };
}

/** The image of a platform: the variant that was asked for, else the first of the architecture. */
export function chooseImage(
  images: readonly IndexEntry[],
  { os, arch, variant }: Platform,
): string | undefined {
  const fitting = images.filter(({ platform }) => platform.os === os && platform.arch === arch);
  const exact = fitting.find(({ platform }) => platform.variant === variant);
  return (exact ?? fitting[0])?.digest;
}

export interface ImageConfig {
  readonly os: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** Throws a DecodeError. */
export function decodeConfig(bytes: Buffer): ImageConfig {
  const fields = jsonOf(bytes, 'config');
  const config = reader(fieldsOf(fields['config'] ?? {}, 'config'), 'config');
  return {
    os: reader(fields, 'config').text('os'),
    entrypoint: config.texts('Entrypoint'),
    command: config.texts('Cmd'),
  };
}

function jsonOf(bytes: Buffer, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new DecodeError(`the ${what} is not JSON`);
  }
  return fieldsOf(value, what);
}

function digestIn(descriptor: unknown, where: string): string {
  const digest = reader(fieldsOf(descriptor, where), where).text('digest');
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new DecodeError(`${where}.digest is no sha256 digest`);
  }
  return digest;
}
