/**
 * `npm run image`: builds runtime/Dockerfile for two platforms with BuildKit, pushes it to the
 * registry of the test cluster, looks at what is in it, and runs it there.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from '../../infra/constructs/pods.ts';
import { VERSION } from '../../runtime/version.ts';
import { buildProgram } from '../build.ts';
import { run, type CommandOptions } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { imageStart } from '../cluster/images/dockerfile.ts';
import { pushNodeImage } from '../cluster/images/runner.ts';
import { at } from '../cluster/json.ts';
import { withLock } from '../cluster/lock.ts';
import { phase } from '../cluster/progress.ts';
import { NAME as CLUSTER_NAME, ownLayout } from '../cluster/settings.ts';
import { readCluster, type Cluster } from '../cluster/state.ts';
import { checkMachine, makeBuildKit, withBuildKit } from './builder.ts';
import { filesOf, pushedImages, type PlatformImage } from './pushed.ts';

const ROOT = join(import.meta.dirname, '../..');
const NAME = 'drone-kube/runner';
const PLATFORMS = ['linux/amd64', 'linux/arm64'];

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const cluster = readCluster();
  if (cluster?.registry === undefined) {
    throw new ClusterError(
      'NO_CLUSTER',
      'there is no cluster with a registry: npm run cluster -- up',
    );
  }
  const { registry } = cluster;
  const { cache } = ownLayout();
  await checkMachine(cache);
  await checkRegistry(registry);
  await withLock(
    `${CLUSTER_NAME}-image`,
    () => makeAndCheck(cluster, registry, cache),
    () => tell('waiting for another `npm run image` to end'),
  );
}

async function checkRegistry(registry: string): Promise<void> {
  const answer = await fetch(`http://${registry}/v2/`).catch(() => undefined);
  if (answer?.ok !== true) {
    throw new ClusterError(
      'NO_REGISTRY',
      `the registry of the cluster, ${registry}, does not answer: npm run cluster -- up`,
    );
  }
}

async function makeAndCheck(cluster: Cluster, registry: string, cache: string): Promise<void> {
  await phase(tell, 'program', buildProgram);
  const buildKit = await phase(tell, 'BuildKit', () => makeBuildKit(cache));
  // Only copied onto, never run while the image is built: one for all platforms will do.
  const node = await phase(tell, 'stand-in for the base image', () =>
    pushNodeImage(registry, cache),
  );
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => ended.abort(new ClusterError('INTERRUPTED', signal)));
  }
  const folder = await mkdtemp(join(tmpdir(), 'drone-kube-image-'));
  try {
    const state = join(folder, 'buildkit');
    const digests = await withBuildKit(buildKit, state, registry, ended.signal, async (build) => {
      const of = (context: string, tag: string): Promise<string> =>
        build(argumentsOf(context, node, `${registry}/${NAME}:${tag}`));
      const first = await phase(tell, 'image', () => of(ROOT, 'built'));
      const copy = await copyOfContext(join(folder, 'copy'));
      return [first, await phase(tell, 'image, from a copy', () => of(copy, 'built-again'))];
    });
    await phase(tell, 'what is in it', () => checkImages(registry, digests, folder));
    ended.signal.throwIfAborted();
    await phase(tell, 'a Pod of it', () => runPod(cluster, `docker.io/${NAME}@${digests[0]}`));
    tell(`${registry}/${NAME}@${digests[0]}`);
  } catch (error) {
    // Of what was ended in the middle, the reason says more than what failed because of it.
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const argumentsOf = (context: string, base: string, name: string): readonly string[] => [
  '--no-cache',
  `--local=context=${context}`,
  `--local=dockerfile=${join(context, 'runtime')}`,
  `--opt=platform=${PLATFORMS.join(',')}`,
  `--opt=build-arg:BASE=${base}`,
  `--opt=build-arg:VERSION=${VERSION}`,
  '--opt=build-arg:SOURCE_DATE_EPOCH=1750000000',
  '--opt=attest:provenance=mode=max',
  `--output=type=image,name=${name},push=true,rewrite-timestamp=true`,
];

async function checkImages(
  registry: string,
  digests: readonly string[],
  folder: string,
): Promise<void> {
  const base = `http://${registry}/v2/${NAME}`;
  const [images = [], again = []] = await Promise.all(
    digests.map((digest) => pushedImages(base, digest)),
  );
  assert.deepEqual(
    images.map(({ platform }) => platform),
    PLATFORMS,
  );
  const digestsOf = (of: readonly PlatformImage[]) => of.map(({ digest }) => digest);
  assert.deepEqual(digestsOf(images), digestsOf(again), 'equal content makes an equal image');
  for (const image of images) {
    await checkImage(base, image, folder);
    tell(`  ${image.platform} ${image.digest}`);
  }
}

/** The same content with other times, of somebody who keeps files from others. */
async function copyOfContext(to: string): Promise<string> {
  for (const entry of ['build', 'LICENSE', 'package.json', 'runtime']) {
    await cp(join(ROOT, entry), join(to, entry), { recursive: true });
  }
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  }
  return to;
}

async function checkImage(base: string, image: PlatformImage, folder: string): Promise<void> {
  const { runAsUser, runAsGroup } = RESTRICTED_POD;
  const { entrypoint, environment } = imageStart();
  assert.equal(at(image.config, 'User'), `${runAsUser}:${runAsGroup}`);
  assert.deepEqual(at(image.config, 'Entrypoint'), entrypoint);
  const variables = at(image.config, 'Env');
  assert(Array.isArray(variables));
  for (const [name, value] of Object.entries(environment)) {
    assert(variables.includes(`${name}=${value}`), `no ${name}`);
  }
  assert.equal(at(image.config, 'Labels', 'org.opencontainers.image.version'), VERSION);
  assert.deepEqual(image.attested, ['https://slsa.dev/provenance/v1']);
  assert.equal(image.layers.length, 2, 'one layer upon the base');
  const files = await filesOf(base, image.layers.at(-1) ?? '', folder);
  // The files of the program that anybody may read, and nothing else.
  const expected = ['app', ...(await expectedFiles()).map((path) => `app/${path}`)];
  const paths = files.map((line) => line.split(' ')[2]?.replace(/\/$/, ''));
  assert.deepEqual(new Set(paths), new Set(expected));
  for (const line of files) assert.match(line, /^[d-]rwxr-xr-x 0\/0 /);
}

async function expectedFiles(): Promise<readonly string[]> {
  const built = await readdir(join(ROOT, 'build'), { recursive: true });
  return [
    ...built.filter((path) => path !== 'constructs' && !path.startsWith('constructs/')),
    'LICENSE',
    'package.json',
  ];
}

/** As restricted as the Pods of the deployment: it has to read a pipeline and find nothing wrong. */
async function runPod(cluster: Cluster, image: string): Promise<void> {
  const name = `image-${randomBytes(4).toString('hex')}`;
  const container = {
    name,
    image,
    args: ['lint', '-'],
    stdin: true,
    stdinOnce: true,
    securityContext: RESTRICTED_CONTAINER,
  };
  const overrides = { spec: { securityContext: RESTRICTED_POD, containers: [container] } };
  const attached = ['--stdin', '--quiet', '--restart=Never', '--pod-running-timeout=60s'];
  const kubectl = (args: readonly string[], options: CommandOptions = {}): Promise<string> =>
    run(cluster.kubectl, [`--kubeconfig=${cluster.kubeconfig}`, ...args], options);
  try {
    await kubectl(
      ['run', name, `--image=${image}`, ...attached, `--overrides=${JSON.stringify(overrides)}`],
      { input: await readFile(join(ROOT, 'examples/.drone.yml'), 'utf8') },
    );
    const phaseOf = ['get', 'pod', name, '--output=jsonpath={.status.phase}'];
    assert.equal(await kubectl(phaseOf), 'Succeeded');
  } finally {
    await kubectl(['delete', 'pod', name, '--ignore-not-found', '--now']);
  }
}

try {
  await main();
} catch (error) {
  tell(error instanceof ClusterError ? `${error.code}: ${error.message}` : String(error));
  process.exitCode = 1;
}
