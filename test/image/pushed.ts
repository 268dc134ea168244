/** What a registry has of an image for several platforms. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { at } from '../cluster/json.ts';

export interface PlatformImage {
  readonly platform: string;
  readonly digest: string;
  /** The `config` of its configuration: `User`, `Entrypoint`, `Env`, `Labels`. */
  readonly config: unknown;
  /** Digests, lowest first. */
  readonly layers: readonly string[];
  /** Types of what is attested of it, such as `https://slsa.dev/provenance/v1`. */
  readonly attested: readonly string[];
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
].join(', ');

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * The images that an index names, in its order, without what is attested of them.
 * @param base `http://host:port/v2/repository`
 * @throws ClusterError REGISTRY_REFUSED
 */
export async function pushedImages(
  base: string,
  digest: string,
): Promise<readonly PlatformImage[]> {
  const index = await json(`${base}/manifests/${digest}`);
  const images: PlatformImage[] = [];
  const attestations = new Map<string, readonly string[]>();
  for (const entry of list(at(index, 'manifests'))) {
    const manifest = await json(`${base}/manifests/${String(at(entry, 'digest'))}`);
    const subject = at(entry, 'annotations', 'vnd.docker.reference.digest');
    const layers = list(at(manifest, 'layers'));
    if (typeof subject === 'string') {
      const types = layers.map((layer) => at(layer, 'annotations', 'in-toto.io/predicate-type'));
      attestations.set(subject, types.map(String));
      continue;
    }
    const configuration = await json(`${base}/blobs/${String(at(manifest, 'config', 'digest'))}`);
    images.push({
      platform: `${String(at(entry, 'platform', 'os'))}/${String(at(entry, 'platform', 'architecture'))}`,
      digest: String(at(entry, 'digest')),
      config: at(configuration, 'config'),
      layers: layers.map((layer) => String(at(layer, 'digest'))),
      attested: [],
    });
  }
  return images.map((image) => ({ ...image, attested: attestations.get(image.digest) ?? [] }));
}

/**
 * The files of a layer, as `mode owner/group path`.
 * @param folder where the layer may be kept for a moment
 * @throws ClusterError REGISTRY_REFUSED, COMMAND_FAILED
 */
export async function filesOf(
  base: string,
  layer: string,
  folder: string,
): Promise<readonly string[]> {
  const file = join(folder, 'layer.tar.gz');
  const answer = await get(`${base}/blobs/${layer}`);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  const listed = await run('tar', ['--list', '--verbose', '--numeric-owner', '--file', file]);
  return listed
    .trim()
    .split('\n')
    .map((line) => {
      const [mode, owner, , , , path] = line.split(/\s+/);
      return `${mode} ${owner} ${path}`;
    });
}

async function json(url: string): Promise<unknown> {
  return (await get(url)).json();
}

async function get(url: string): Promise<Response> {
  const answer = await fetch(url, { headers: { accept: ACCEPT } });
  if (!answer.ok) {
    throw new ClusterError(
      'REGISTRY_REFUSED',
      `the registry answered ${answer.status} to GET ${new URL(url).pathname}`,
    );
  }
  return answer;
}
