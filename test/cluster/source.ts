import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takesPods } from './api.ts';
import { binaryPath, buildBinary, linkBinary } from './binary.ts';
import { makeCertificates } from './certificates.ts';
import { makeCgroup } from './cgroup.ts';
import { attempt, run } from './commands.ts';
import { kubeconfig } from './configuration.ts';
import { downFromSource, isHalfRemoved } from './down.ts';
import { ClusterError } from './errors.ts';
import { imagesKey, IMAGE_SOURCES, makeLayers, pushImages } from './images/images.ts';
import { allAreRight, logFile, startAll } from './lifecycle.ts';
import { refuseOtherKubernetes, setUpNetwork } from './network.ts';
import { installPackages } from './packages.ts';
import { buildKubeRouter, canEnforce, isKubeRouterBuilt } from './policies.ts';
import { phase, type Tell } from './progress.ts';
import { BRIDGE, PAUSE_IMAGE, REGISTRY, type Layout } from './settings.ts';
import { readRecorded, record, type Cluster } from './state.ts';
import { waitFor } from './wait.ts';

/**
 * Makes the cluster out of Debian's packages and a Kubernetes that is built from source, or
 * repairs what is missing of it. Every phase may be interrupted and done again.
 * @throws ClusterError
 */
export async function upFromSource(layout: Layout, tell: Tell): Promise<void> {
  const { state } = layout;
  const cluster: Cluster = {
    way: 'source',
    kubeconfig: layout.kubeconfig,
    kubectl: layout.kubectl,
    registry: REGISTRY,
    host: BRIDGE.address,
  };
  if (isHalfRemoved(layout)) {
    await downFromSource(layout, tell);
  }
  if (await isUp(layout)) {
    tell('the cluster is running already');
    return;
  }
  if (process.getuid?.() !== 0) {
    throw new ClusterError(
      'NOT_ROOT',
      'no Docker engine answers, and a cluster from source needs root. Start Docker, run this as root, or use a cluster that you have with --kubeconfig FILE.',
    );
  }
  await phase(tell, 'Debian packages', installPackages);
  removeInterrupted(layout.cache);
  const binary = binaryPath(layout.cache);
  if (!existsSync(binary)) {
    tell('building Kubernetes from source: 5 to 10 minutes, once');
    await phase(tell, 'Kubernetes binary', () => buildBinary(binary));
  }
  if (!(await mayEnforce(layout))) {
    tell('building kube-router from source: 2 to 4 minutes, once');
    await phase(tell, 'kube-router binary', () => buildKubeRouter(layout.cache));
  }
  if (readRecorded(state) === undefined) {
    await refuseOtherKubernetes();
  }
  record(state, cluster, false);
  await phase(tell, 'certificates and network', async () => {
    linkBinary(binary, join(state, 'bin'));
    makeCgroup();
    await Promise.all([makeCertificates(join(state, 'pki')), setUpNetwork(state)]);
    writeAdminKubeconfig(layout);
  });
  const started = startAll(layout, binary, tell);
  const images = phase(tell, 'images', async () => {
    const layers = await makeLayers(layout.cache, await packageVersions(), async (out) => {
      await run('sh', [join(IMAGE_SOURCES, 'rootfs.sh'), out]);
    });
    await started.get('registry');
    await pushOnce(state, layers);
    await started.get('containerd');
    await pullPause(layout);
  });
  await allOf([...started.values(), images]);
  await phase(tell, 'node', () =>
    waitFor(
      'the node is Ready and the default service account is there',
      // After an outage of the API server a kubelet comes back in its own time.
      () => takesPods(state),
      150_000,
      `See ${logFile(state, 'kubelet')} and ${logFile(state, 'kube-controller-manager')}; \`down\` and \`up\` start afresh.`,
    ),
  );
  record(state, cluster, true);
}

/** Waits for all of them, even after a failure: none may go on when the lock is given up. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

async function isUp(layout: Layout): Promise<boolean> {
  const { state } = layout;
  if (readRecorded(state)?.ready !== true) {
    return false;
  }
  const images = packageVersions().then((versions) => pushedKey(state) === imagesKey(versions));
  const checks = [
    allAreRight(layout, binaryPath(layout.cache)),
    images,
    takesPods(state),
    mayEnforce(layout),
  ];
  return (await Promise.all(checks)).every(Boolean);
}

/** Whether what enforces NetworkPolicies is there, or of no use. */
const mayEnforce = async ({ cache }: Layout): Promise<boolean> =>
  isKubeRouterBuilt(cache) || !(await canEnforce());

/** What a killed run was about to put into the cache. */
function removeInterrupted(cache: string): void {
  for (const entry of existsSync(cache) ? readdirSync(cache) : []) {
    if (/^making-|\.\d+$/.test(entry)) {
      rmSync(join(cache, entry), { recursive: true, force: true });
    }
  }
}

function writeAdminKubeconfig(layout: Layout): void {
  const data = (file: string) => readFileSync(join(layout.state, 'pki', file)).toString('base64');
  const text = kubeconfig('admin', {
    cluster: { 'certificate-authority-data': data('ca.crt') },
    user: { 'client-certificate-data': data('admin.crt'), 'client-key-data': data('admin.key') },
  });
  writeFileSync(layout.kubeconfig, text, { mode: 0o600 });
}

/** The versions of the Debian packages that go into the images. */
async function packageVersions(): Promise<string> {
  const names = ['busybox-static', 'bash', 'dash', 'git', 'libc6', 'ca-certificates'];
  return (await attempt('dpkg-query', ['--show', ...names])).stdout;
}

const pushedFile = (state: string) => join(state, 'images-pushed');

function pushedKey(state: string): string | undefined {
  return existsSync(pushedFile(state)) ? readFileSync(pushedFile(state), 'utf8') : undefined;
}

async function pushOnce(state: string, layers: string): Promise<void> {
  const key = imagesKey(await packageVersions());
  if (pushedKey(state) !== key) {
    await pushImages(REGISTRY, layers);
    writeFileSync(pushedFile(state), key);
  }
}

/** The first Pod should not have to wait for the image of its sandbox. */
async function pullPause(layout: Layout): Promise<void> {
  const ctr = ['--address', layout.containerdSocket, '--namespace', 'k8s.io', 'images'];
  const have = await run('ctr', [...ctr, 'list', '--quiet', `name==${PAUSE_IMAGE}`]);
  if (!have.includes(PAUSE_IMAGE)) {
    const hosts = join(layout.state, 'registries');
    await run('ctr', [...ctr, 'pull', '--hosts-dir', hosts, PAUSE_IMAGE]);
  }
}
