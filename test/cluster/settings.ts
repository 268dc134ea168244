import { homedir } from 'node:os';
import { join } from 'node:path';

/** Name of the network, the node, the kind cluster and the cgroup: whatever carries it is ours. */
export const NAME = 'drone-kube-test';

/**
 * The network of Pods. The address belongs to the bridge, therefore to this machine: Pods reach the
 * API server, the registry and any server of a test there, and nothing outside the machine does.
 */
export const BRIDGE = {
  name: 'dkube0',
  address: '10.244.0.1',
  prefix: 16,
  subnet: '10.244.0.0/16',
  /** Made up, as the second bit of the first byte says. */
  mac: '02:64:6b:75:62:65',
};

export const SERVICES = { subnet: '10.96.0.0/16', kubernetes: '10.96.0.1' };

/** Away from the usual numbers, so that another Kubernetes or registry is not in the way. */
export const PORTS = {
  apiServer: 16443,
  etcdClient: 16379,
  etcdPeer: 16380,
  etcdHealth: 16381,
  kubelet: 16250,
  kubeletHealth: 16248,
  proxyHealth: 16256,
  proxyMetrics: 16249,
  controllerManager: 16257,
  scheduler: 16259,
  registry: 15001,
};

/** `host:port` of the registry that docker.io is mirrored by. */
export const REGISTRY = `${BRIDGE.address}:${PORTS.registry}`;

/** The image of each Pod's sandbox; containerd asks for it by this name. */
export const PAUSE_IMAGE = `${REGISTRY}/drone-kube/pause:1`;

export const KUBERNETES_VERSION = 'v1.34.4';
export const KIND_VERSION = 'v0.33.0';

/** Where things are; every path is absolute. */
export interface Layout {
  /** Removed by `down`. */
  readonly state: string;
  /** Kept by `down`: the built binary and the layers of the images. */
  readonly cache: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly containerdSocket: string;
}

/**
 * Root keeps the state where only root reads it; anyone else (a cluster by kind or a given one)
 * keeps it in the home folder.
 */
export function layout(
  environment: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
): Layout {
  const home = environment['HOME'] ?? homedir();
  const state = isRoot
    ? join('/var/lib', NAME)
    : join(environment['XDG_STATE_HOME'] ?? join(home, '.local/state'), NAME);
  return {
    state,
    cache: join(environment['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'drone-kube'),
    kubeconfig: join(state, 'kubeconfig'),
    kubectl: join(state, 'bin/kubectl'),
    containerdSocket: join(state, 'containerd/containerd.sock'),
  };
}

/** The layout for the user who runs this process. */
export function ownLayout(): Layout {
  return layout(process.env, process.getuid?.() === 0);
}
