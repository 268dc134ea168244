import * as configuration from './configuration.ts';
import { BRIDGE, NAME, PORTS, REGISTRY, SERVICES } from './settings.ts';

export const COMPONENT_NAMES = [
  'registry',
  'containerd',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
] as const;

export type ComponentName = (typeof COMPONENT_NAMES)[number];

/** How to learn that a component does its work: a URL that answers 200, or a socket that accepts. */
export type Health = { readonly url: string } | { readonly socket: string };

export interface Component {
  readonly name: ComponentName;
  readonly argv: readonly string[];
  /** Configuration to be written before the start: path to text. */
  readonly files: Readonly<Record<string, string>>;
  readonly health: Health;
  /** Those that have to answer before this one is started. */
  readonly after: readonly ComponentName[];
}

/**
 * Every process of the cluster, as data.
 * @param state the state folder
 * @param resolvConf the text of this machine's resolv.conf
 */
export function components(state: string, resolvConf: string): readonly Component[] {
  const pki = `${state}/pki`;
  const bin = `${state}/bin`;
  const kubeconfig = (client: string) => ({
    [`${state}/${client}.kubeconfig`]: configuration.kubeconfig(
      client,
      configuration.accessByFiles(pki, client),
    ),
  });
  const serving = [`--tls-cert-file=${pki}/server.crt`, `--tls-private-key-file=${pki}/server.key`];
  const loopback = (port: number) => `https://127.0.0.1:${port}/healthz`;
  return [
    {
      name: 'registry',
      argv: ['docker-registry', 'serve', `${state}/registry.yaml`],
      files: { [`${state}/registry.yaml`]: configuration.registry(state) },
      health: { url: `http://${REGISTRY}/v2/` },
      after: [],
    },
    {
      name: 'containerd',
      argv: ['containerd', '--config', `${state}/containerd.toml`],
      files: {
        [`${state}/containerd.toml`]: configuration.containerd(state),
        [`${state}/cni/10-bridge.conflist`]: configuration.podNetwork(state),
        [`${state}/registries/docker.io/hosts.toml`]: configuration.mirror(REGISTRY),
        [`${state}/registries/${REGISTRY}/hosts.toml`]: configuration.mirror(REGISTRY),
      },
      health: { socket: `${state}/containerd/containerd.sock` },
      after: [],
    },
    {
      name: 'etcd',
      argv: [
        `${bin}/etcd`,
        `--name=${NAME}`,
        `--data-dir=${state}/etcd`,
        `--listen-client-urls=https://127.0.0.1:${PORTS.etcdClient}`,
        `--advertise-client-urls=https://127.0.0.1:${PORTS.etcdClient}`,
        `--listen-peer-urls=http://127.0.0.1:${PORTS.etcdPeer}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${PORTS.etcdPeer}`,
        `--initial-cluster=${NAME}=http://127.0.0.1:${PORTS.etcdPeer}`,
        `--listen-metrics-urls=http://127.0.0.1:${PORTS.etcdHealth}`,
        // Etcd is root to the cluster: other users of this machine have no certificate.
        '--client-cert-auth',
        `--trusted-ca-file=${pki}/ca.crt`,
        `--cert-file=${pki}/server.crt`,
        `--key-file=${pki}/server.key`,
        // The data need not survive a power cut, and waiting for the disk is most of a write.
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
      files: {},
      health: { url: `http://127.0.0.1:${PORTS.etcdHealth}/health` },
      after: [],
    },
    {
      name: 'kube-apiserver',
      argv: [
        `${bin}/kube-apiserver`,
        // A loopback address is refused as the endpoint of the `kubernetes` Service.
        `--bind-address=${BRIDGE.address}`,
        `--advertise-address=${BRIDGE.address}`,
        `--secure-port=${PORTS.apiServer}`,
        ...serving,
        `--cert-dir=${state}/kube-apiserver`,
        `--client-ca-file=${pki}/ca.crt`,
        `--etcd-servers=https://127.0.0.1:${PORTS.etcdClient}`,
        `--etcd-cafile=${pki}/ca.crt`,
        `--etcd-certfile=${pki}/etcd-client.crt`,
        `--etcd-keyfile=${pki}/etcd-client.key`,
        `--kubelet-certificate-authority=${pki}/ca.crt`,
        `--kubelet-client-certificate=${pki}/kubelet-client.crt`,
        `--kubelet-client-key=${pki}/kubelet-client.key`,
        '--kubelet-preferred-address-types=InternalIP',
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-key-file=${pki}/service-accounts.key`,
        `--service-account-signing-key-file=${pki}/service-accounts.key`,
        `--service-cluster-ip-range=${SERVICES.subnet}`,
        '--authorization-mode=Node,RBAC',
        '--enable-admission-plugins=NodeRestriction',
        '--allow-privileged',
        '--profiling=false',
      ],
      files: {},
      health: { url: `https://${BRIDGE.address}:${PORTS.apiServer}/readyz` },
      after: ['etcd'],
    },
    {
      name: 'kube-controller-manager',
      argv: [
        `${bin}/kube-controller-manager`,
        '--bind-address=127.0.0.1',
        `--secure-port=${PORTS.controllerManager}`,
        ...serving,
        `--kubeconfig=${state}/controller-manager.kubeconfig`,
        '--use-service-account-credentials',
        `--service-account-private-key-file=${pki}/service-accounts.key`,
        `--root-ca-file=${pki}/ca.crt`,
        `--service-cluster-ip-range=${SERVICES.subnet}`,
        `--kube-api-qps=${configuration.CONTROLLER_RATE.qps}`,
        `--kube-api-burst=${configuration.CONTROLLER_RATE.burst}`,
        '--leader-elect=false',
        '--profiling=false',
      ],
      files: kubeconfig('controller-manager'),
      health: { url: loopback(PORTS.controllerManager) },
      after: ['kube-apiserver'],
    },
    {
      name: 'kube-scheduler',
      argv: [
        `${bin}/kube-scheduler`,
        '--bind-address=127.0.0.1',
        `--secure-port=${PORTS.scheduler}`,
        ...serving,
        `--config=${state}/scheduler.yaml`,
      ],
      files: {
        ...kubeconfig('scheduler'),
        [`${state}/scheduler.yaml`]: configuration.scheduler(state),
      },
      health: { url: loopback(PORTS.scheduler) },
      after: ['kube-apiserver'],
    },
    {
      name: 'kube-proxy',
      argv: [`${bin}/kube-proxy`, `--config=${state}/proxy.yaml`],
      files: {
        ...kubeconfig('proxy'),
        [`${state}/proxy.yaml`]: configuration.kubeProxy(state),
      },
      health: { url: `http://127.0.0.1:${PORTS.proxyHealth}/livez` },
      after: ['kube-apiserver', 'kubelet'],
    },
    {
      name: 'kubelet',
      argv: [
        `${bin}/kubelet`,
        `--config=${state}/kubelet.yaml`,
        `--kubeconfig=${state}/kubelet.kubeconfig`,
        `--root-dir=${state}/kubelet`,
        `--cert-dir=${state}/kubelet-pki`,
        `--hostname-override=${NAME}`,
        `--node-ip=${BRIDGE.address}`,
      ],
      files: {
        ...kubeconfig('kubelet'),
        [`${state}/kubelet.yaml`]: configuration.kubelet(
          state,
          configuration.nameservers(resolvConf),
        ),
      },
      health: { url: `http://127.0.0.1:${PORTS.kubeletHealth}/healthz` },
      after: ['kube-apiserver', 'containerd'],
    },
  ];
}
