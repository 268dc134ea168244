import { BRIDGE, NAME, PAUSE_IMAGE, PORTS, REGISTRY } from './settings.ts';

/**
 * The text of every configuration file, from paths alone. Kubernetes and the registry read
 * YAML; JSON is YAML.
 */

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** Fields of a kubeconfig's `cluster` and `user`: paths of files, or their content as `…-data`. */
export interface Access {
  readonly cluster: Readonly<Record<string, string>>;
  readonly user: Readonly<Record<string, string>>;
}

/** Access by the files of `client` in the folder of certificates. */
export function accessByFiles(pki: string, client: string): Access {
  return {
    cluster: { 'certificate-authority': `${pki}/ca.crt` },
    user: {
      'client-certificate': `${pki}/${client}.crt`,
      'client-key': `${pki}/${client}.key`,
    },
  };
}

export function kubeconfig(client: string, access: Access): string {
  const server = `https://${BRIDGE.address}:${PORTS.apiServer}`;
  return json({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': NAME,
    clusters: [{ name: NAME, cluster: { server, ...access.cluster } }],
    users: [{ name: client, user: access.user }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: client } }],
  });
}

const RATE = { qps: 200, burst: 400 };

/**
 * Throttling is off or far away (a test must not wait for it); everything else is as usual.
 * @param clusterDNS what Pods ask for names: there is no DNS for Services
 */
export function kubelet(state: string, clusterDNS: readonly string[]): string {
  return json({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: BRIDGE.address,
    port: PORTS.kubelet,
    healthzBindAddress: '127.0.0.1',
    healthzPort: PORTS.kubeletHealth,
    tlsCertFile: `${state}/pki/server.crt`,
    tlsPrivateKeyFile: `${state}/pki/server.key`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${state}/pki/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${state}/containerd/containerd.sock`,
    clusterDomain: 'cluster.local',
    clusterDNS,
    podLogsDir: `${state}/pod-logs`,
    volumePluginDir: `${state}/volume-plugins`,
    cgroupRoot: `/${NAME}`,
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    // Lowering the score of a process takes a capability that a container may lack.
    oomScoreAdj: 0,
    enforceNodeAllocatable: [],
    // A full disk or little memory on a developer's machine must not evict what is under test.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    makeIPTablesUtilChains: false,
    maxPods: 250,
    serializeImagePulls: false,
    registryPullQPS: 0,
    kubeAPIQPS: RATE.qps,
    kubeAPIBurst: RATE.burst,
  });
}

/**
 * The name servers of this machine that Pods can reach too, from the text of a resolv.conf.
 * Without any it is this machine, where nobody answers: names then fail at once.
 */
export function nameservers(resolvConf: string): readonly string[] {
  const found = [...resolvConf.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)]
    .map((match) => match[1] ?? '')
    .filter((address) => !address.startsWith('127.'));
  return found.length === 0 ? [BRIDGE.address] : found;
}

/** iptables mode; the sysctls of connection tracking are left alone, a container may not set them. */
export function kubeProxy(state: string): string {
  return json({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    hostnameOverride: NAME,
    healthzBindAddress: `127.0.0.1:${PORTS.proxyHealth}`,
    metricsBindAddress: `127.0.0.1:${PORTS.proxyMetrics}`,
    oomScoreAdj: 0,
    clientConnection: { kubeconfig: `${state}/proxy.kubeconfig` },
    iptables: { localhostNodePorts: false, minSyncPeriod: '100ms' },
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    detectLocalMode: 'BridgeInterface',
    detectLocal: { bridgeInterface: BRIDGE.name },
  });
}

export function scheduler(state: string): string {
  return json({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig: `${state}/scheduler.kubeconfig`, ...RATE },
    leaderElection: { leaderElect: false },
  });
}

export const CONTROLLER_RATE = RATE;

/** A containerd of its own beside any other: root, state, socket, networks and runc's records. */
export function containerd(state: string): string {
  const own = `${state}/containerd`;
  return `version = 2
root = "${own}/root"
state = "${own}/state"
oom_score = 0

[grpc]
  address = "${own}/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
  path = "${own}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Without CAP_SYS_RESOURCE a lowered score fails every sandbox.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${state}/cni"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
  Root = "${own}/runc"

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "${state}/registries"
`;
}

/**
 * The mirror of docker.io. It is named as the server too: an image that it does not have is then
 * "not found" at once, with or without a way to the real Docker Hub.
 */
export function mirror(address: string): string {
  return `server = "http://${address}"

[host."http://${address}"]
  capabilities = ["pull", "resolve"]
`;
}

export function registry(state: string): string {
  return json({
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: `${state}/registry` }, delete: { enabled: true } },
    http: { addr: REGISTRY },
  });
}

export function podNetwork(state: string): string {
  return json({
    cniVersion: '1.0.0',
    name: NAME,
    plugins: [
      {
        type: 'bridge',
        bridge: BRIDGE.name,
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: `${state}/addresses`,
          ranges: [[{ subnet: BRIDGE.subnet, gateway: BRIDGE.address }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  });
}
