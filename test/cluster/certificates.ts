import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';
import { BRIDGE, NAME, SERVICES } from './settings.ts';

interface Identity {
  readonly file: string;
  /** In Kubernetes the common name is the user and the organisation the group. */
  readonly subject: string;
}

const CLIENTS: readonly Identity[] = [
  { file: 'admin', subject: '/O=system:masters/CN=admin' },
  { file: 'kubelet-client', subject: '/O=system:masters/CN=kubelet-client' },
  { file: 'controller-manager', subject: '/CN=system:kube-controller-manager' },
  { file: 'scheduler', subject: '/CN=system:kube-scheduler' },
  { file: 'proxy', subject: '/CN=system:kube-proxy' },
  { file: 'kubelet', subject: `/O=system:nodes/CN=system:node:${NAME}` },
  { file: 'etcd-client', subject: '/CN=etcd-client' },
];

// One certificate for every server: they all are this machine.
const SERVER_NAMES = [
  `IP:${BRIDGE.address}`,
  `IP:${SERVICES.kubernetes}`,
  'IP:127.0.0.1',
  'DNS:localhost',
  'DNS:kubernetes',
  'DNS:kubernetes.default',
  'DNS:kubernetes.default.svc',
  'DNS:kubernetes.default.svc.cluster.local',
].join(',');

/**
 * Makes the cluster's authority, one key pair per component and the key that signs service
 * account tokens, unless they are there. They appear all at once, so an interrupted run leaves
 * no half of them.
 */
export async function makeCertificates(directory: string): Promise<void> {
  if (existsSync(directory)) {
    return;
  }
  const making = `${directory}.new`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  const inside = (file: string) => join(making, file);
  // The machine's own configuration may add extensions; a fixed one keeps the result the same.
  writeFileSync(inside('openssl.cnf'), '[req]\ndistinguished_name = name\n[name]\n');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  const ecParameters = ['ecparam', '-genkey', '-noout', '-name', 'prime256v1'];
  const request = (file: string, subject: string, extensions: readonly string[]) =>
    run(
      'openssl',
      [
        ['req', '-x509', '-config', inside('openssl.cnf'), ...newKey, '-days', '3650'],
        ['-keyout', inside(`${file}.key`), '-out', inside(`${file}.crt`), '-subj', subject],
        extensions.flatMap((extension) => ['-addext', extension]),
        file === 'ca' ? [] : ['-CA', inside('ca.crt'), '-CAkey', inside('ca.key')],
      ].flat(),
    );
  await request('ca', `/CN=${NAME}`, [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign',
    'subjectKeyIdentifier=hash',
  ]);
  const leaf = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];
  await Promise.all([
    request('server', `/CN=${NAME}-server`, [
      ...leaf,
      // etcd's gateway is a client of etcd with this same certificate.
      'extendedKeyUsage=serverAuth,clientAuth',
      `subjectAltName=${SERVER_NAMES}`,
    ]),
    ...CLIENTS.map(({ file, subject }) =>
      request(file, subject, [...leaf, 'extendedKeyUsage=clientAuth']),
    ),
    // In the older of the two formats of a private key: the API server reads its public half only there.
    run('openssl', [...ecParameters, '-out', inside('service-accounts.key')]),
  ]);
  renameSync(making, directory);
}
