/** What no policy protects: a Pod of another namespace, and a server where clouds keep credentials. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Address } from '../cluster/addresses.ts';
import { run } from '../cluster/commands.ts';
import { at } from '../cluster/json.ts';
import { BRIDGE } from '../cluster/settings.ts';
import type { Deployed } from './deployed.ts';
import { tryEach, type Reached, type Targets, reached } from './reach.ts';

export interface Outside {
  /** Answers at port 8080. */
  readonly pod: Address;
  /** A link-local address, as that of the metadata of a cloud. */
  readonly metadata: Address;
  /** The kubelet of the node. */
  readonly kubelet: Address;
  /** Tries connections from that Pod. */
  reach(targets: Targets): Promise<Reached>;
  close(): Promise<void>;
}

// Not the address of the metadata itself: this machine may need that.
const LINK_LOCAL = '169.254.77.77';

export async function openOutside(deployed: Deployed): Promise<Outside> {
  const namespace = `e2e-outside-${process.pid}`;
  await deployed.kubectl('create', 'namespace', namespace);
  await run('ip', ['address', 'replace', `${LINK_LOCAL}/32`, 'dev', BRIDGE.name]);
  const server = createServer((_, response) => response.end('credentials')).listen(0, LINK_LOCAL);
  const close = async (): Promise<void> => {
    server.close();
    await run('ip', ['address', 'delete', `${LINK_LOCAL}/32`, 'dev', BRIDGE.name]);
    await deployed.kubectl('delete', 'namespace', namespace, '--wait=false');
  };
  try {
    await once(server, 'listening');
    const containers = [
      { name: 'web', image: 'drone-kube/web' },
      { name: 'shell', image: 'drone-kube/bash', command: ['sleep', '600'] },
    ].map((container) => ({ ...container, imagePullPolicy: 'IfNotPresent' }));
    const overrides = { spec: { terminationGracePeriodSeconds: 0, containers } };
    const options = [`--overrides=${JSON.stringify(overrides)}`, '--image=drone-kube/web'];
    await deployed.kubectl('-n', namespace, 'run', 'outside', '--restart=Never', ...options);
    await deployed.kubectl(
      '-n',
      namespace,
      'wait',
      '--for=condition=Ready',
      'pod/outside',
      '--timeout=30s',
    );
    const pod = await deployed.get(namespace, 'pod', 'outside');
    const node = await deployed.get('default', 'node', String(at(pod, 'spec', 'nodeName')));
    const listening = server.address();
    return {
      pod: { host: String(at(pod, 'status', 'podIP')), port: 8080 },
      metadata: { host: LINK_LOCAL, port: Number(at(listening, 'port')) },
      kubelet: {
        host: String(at(pod, 'status', 'hostIP')),
        port: Number(at(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port')),
      },
      reach: async (targets) => {
        const script = tryEach(targets).join('\n');
        const shell = ['exec', 'outside', '-c', 'shell', '--', 'bash', '-c', script];
        return reached(await deployed.kubectl('-n', namespace, ...shell));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
