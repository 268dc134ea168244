import { createHash } from 'node:crypto';
import { ClusterError } from '../errors.ts';

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** What a registry needs to know of an image; layers are tars, lowest first. */
export interface ImageContent {
  readonly layers: readonly Buffer[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const digest = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * Uploads an image to a registry without authentication, under each of its names
 * (`repository:tag`). Layers are stored as they are: compressing them would cost more time than
 * a loopback saves.
 * @param registry `host:port`, spoken to in plain HTTP
 * @throws ClusterError REGISTRY_REFUSED
 */
export async function pushImage(
  registry: string,
  names: readonly string[],
  content: ImageContent,
): Promise<void> {
  const layers = content.layers.map((bytes) => describe(LAYER_TYPE, bytes));
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {
        Entrypoint: content.entrypoint,
        Cmd: content.command,
        User: content.user,
        Env: Object.entries({
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          ...content.environment,
        }).map(([name, value]) => `${name}=${value}`),
      },
      // An uncompressed layer is its own content, so its digest is its "diff id".
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    }),
  );
  const configDescriptor = describe(CONFIG_TYPE, config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: configDescriptor,
    layers,
  });
  for (const name of names) {
    const [repository, tag] = name.split(':');
    const base = `http://${registry}/v2/${repository}`;
    for (const [index, layer] of layers.entries()) {
      await uploadBlob(base, layer, content.layers[index] ?? Buffer.alloc(0));
    }
    await uploadBlob(base, configDescriptor, config);
    await expect(201, `${base}/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': MANIFEST_TYPE },
      body: manifest,
    });
  }
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digest(bytes), size: bytes.length };
}

async function uploadBlob(base: string, blob: Descriptor, bytes: Buffer): Promise<void> {
  const present = await fetch(`${base}/blobs/${blob.digest}`, { method: 'HEAD' });
  if (present.status === 200) {
    return;
  }
  const started = await expect(202, `${base}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(started.headers.get('location') ?? '', base);
  place.searchParams.set('digest', blob.digest);
  await expect(201, place.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  });
}

async function expect(status: number, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const body = await response.text();
  if (response.status !== status) {
    throw new ClusterError(
      'REGISTRY_REFUSED',
      `the registry answered ${response.status} to ${init.method} ${new URL(url).pathname}: ${body.slice(0, 300)}`,
    );
  }
  return response;
}
