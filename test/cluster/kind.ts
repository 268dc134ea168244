import { mkdirSync } from 'node:fs';
import { attempt, isInstalled, run } from './commands.ts';
import { mirror } from './configuration.ts';
import { ClusterError } from './errors.ts';
import { IMAGE_SOURCES, makeLayers, pushImages } from './images/images.ts';
import { phase, type Tell } from './progress.ts';
import { KIND_VERSION, NAME, PORTS, type Layout } from './settings.ts';
import { record, type Cluster } from './state.ts';

const NODE = `${NAME}-control-plane`;
const REGISTRY_CONTAINER = `${NAME}-registry`;
const REGISTRY_IMAGE = 'docker.io/library/registry:2';
const LAYERS_IMAGE = 'docker.io/library/debian:12';

/** The form (version 2) is that of kind's own configuration, into which it is merged. */
const KIND_CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
`;

export async function dockerAnswers(): Promise<boolean> {
  return (await attempt('docker', ['info'])).code === 0;
}

/**
 * Makes the cluster with kind, and beside it a registry that stands for docker.io. Steps that are
 * done already are left out, so an interrupted run goes on.
 * @throws ClusterError NO_KIND, NO_KUBECTL, COMMAND_FAILED
 */
export async function upWithKind(layout: Layout, tell: Tell): Promise<void> {
  const kind = await kindCommand();
  const registry = `127.0.0.1:${PORTS.registry}`;
  const cluster: Cluster = {
    way: 'kind',
    kubeconfig: layout.kubeconfig,
    kubectl: await kubectlOnPath(),
    registry,
  };
  record(layout.state, cluster, false);
  await phase(tell, 'registry', startRegistry);
  await phase(tell, 'kind cluster', async () => {
    const options = ['--name', NAME, '--kubeconfig', layout.kubeconfig];
    if (await nodeRuns()) {
      await kind('', 'export', 'kubeconfig', ...options);
    } else {
      // What an interrupted creation left cannot be continued.
      await kind('', 'delete', 'cluster', ...options);
      await kind(KIND_CONFIG, 'create', 'cluster', ...options, '--wait', '180s', '--config', '-');
    }
  });
  await phase(tell, 'mirror of docker.io', mirrorDockerHub);
  await phase(tell, 'images', async () => {
    mkdirSync(layout.cache, { recursive: true });
    const layers = await makeLayers(layout.cache, LAYERS_IMAGE, async (out) => {
      const volumes = ['--volume', `${IMAGE_SOURCES}:/sources:ro`, '--volume', `${out}:/out`];
      const script = ['sh', '/sources/rootfs.sh', '/out'];
      await run('docker', ['run', '--rm', ...volumes, LAYERS_IMAGE, ...script]);
    });
    await pushImages(registry, layers);
  });
  record(layout.state, { ...cluster, host: await gateway() }, true);
}

/** Removes the cluster and its registry; nothing is no error. */
export async function downWithKind(layout: Layout, tell: Tell): Promise<void> {
  await phase(tell, 'kind cluster', async () => {
    const kind = await kindCommand();
    await kind('', 'delete', 'cluster', '--name', NAME, '--kubeconfig', layout.kubeconfig);
    await attempt('docker', ['rm', '--force', '--volumes', REGISTRY_CONTAINER]);
  });
}

async function kindCommand(): Promise<(input: string, ...args: string[]) => Promise<string>> {
  if (await isInstalled('kind')) {
    return (input, ...args) => run('kind', args, { input });
  }
  if (await isInstalled('go')) {
    return (input, ...args) =>
      run('go', ['run', `sigs.k8s.io/kind@${KIND_VERSION}`, ...args], { input });
  }
  throw new ClusterError(
    'NO_KIND',
    `Docker is here, but neither \`kind\` nor \`go\` is on PATH: install kind ${KIND_VERSION} (https://kind.sigs.k8s.io), or Go.`,
  );
}

/** @throws ClusterError NO_KUBECTL */
export async function kubectlOnPath(): Promise<string> {
  if (!(await isInstalled('kubectl'))) {
    throw new ClusterError(
      'NO_KUBECTL',
      '`kubectl` is not on PATH: install it (https://kubernetes.io/docs/tasks/tools).',
    );
  }
  return 'kubectl';
}

async function startRegistry(): Promise<void> {
  if ((await attempt('docker', ['start', REGISTRY_CONTAINER])).code !== 0) {
    const publish = `127.0.0.1:${PORTS.registry}:5000`;
    const options = ['--detach', '--name', REGISTRY_CONTAINER, '--publish', publish];
    await run('docker', ['run', ...options, REGISTRY_IMAGE]);
  }
}

async function nodeRuns(): Promise<boolean> {
  const format = ['--format', '{{.State.Running}}'];
  return (await attempt('docker', ['inspect', ...format, NODE])).stdout.trim() === 'true';
}

async function mirrorDockerHub(): Promise<void> {
  // Fails when it is connected already; if it is not, the pulls of the tests tell.
  await attempt('docker', ['network', 'connect', 'kind', REGISTRY_CONTAINER]);
  const folder = '/etc/containerd/certs.d/docker.io';
  const write = `mkdir -p ${folder} && cat > ${folder}/hosts.toml`;
  await run('docker', ['exec', '--interactive', NODE, 'sh', '-c', write], {
    input: mirror(`${REGISTRY_CONTAINER}:5000`),
  });
}

/** This machine as the containers of kind's network see it. */
async function gateway(): Promise<string> {
  const format = ['--format', '{{range .IPAM.Config}}{{.Gateway}} {{end}}'];
  const gateways = await run('docker', ['network', 'inspect', ...format, 'kind']);
  return gateways.split(/\s+/).find((address) => address.includes('.')) ?? '127.0.0.1';
}
