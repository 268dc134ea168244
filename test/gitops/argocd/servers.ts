/** Argo CD as three processes beside the cluster: its controller, its repository server, its cache. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, get } from '../../cluster/http.ts';
import { freePorts } from '../../cluster/ports.ts';
import type { Tell } from '../../cluster/progress.ts';
import { startServer, type Server } from '../servers.ts';
import { NAMESPACES } from '../world.ts';
import type { Programs } from './binaries.ts';

const HOST = '127.0.0.1';

/**
 * @param state the folder of their files
 * @param certificate of the Git server, which is to be trusted
 * @throws ClusterError COMPONENT_FAILED
 */
export async function startServers(
  { servers, kustomize }: Programs,
  state: string,
  kubeconfig: string,
  certificate: string,
  tell: Tell,
): Promise<void> {
  const temporary = join(state, 'tmp');
  const configuration = join(state, 'config');
  const tls = join(configuration, 'tls');
  for (const folder of [temporary, tls]) mkdirSync(folder, { recursive: true });
  // In a cluster, this is the ConfigMap argocd-tls-certs-cm, mounted: a file for each host.
  writeFileSync(join(tls, HOST), certificate);
  const [redis = 0, repository = 0, ofRepository = 0, ofController = 0] = await freePorts(4);
  const argocd = join(servers, 'argocd');
  const environment = {
    // Git asks `argocd` for the password.
    PATH: `${servers}:${kustomize}:/usr/local/bin:/usr/bin:/bin`,
    HOME: state,
    TMPDIR: temporary,
    KUBECONFIG: kubeconfig,
    // `https://kubernetes.default.svc` is the cluster of the kubeconfig.
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_APP_CONF_PATH: configuration,
    ARGOCD_TLS_DATA_PATH: tls,
    ARGOCD_SSH_DATA_PATH: join(configuration, 'ssh'),
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_PLUGINSOCKFILEPATH: join(state, 'plugins'),
    ARGOCD_ASK_PASS_SOCK: join(state, 'ask-pass.sock'),
  };
  const repositoryServer = 'argocd-repo-server';
  const controller = 'argocd-application-controller';
  const all: readonly Server[] = [
    {
      name: 'redis',
      argv: [join(servers, 'redis'), `${HOST}:${redis}`],
      environment: {},
      isHealthy: () => accepts({ host: HOST, port: redis }),
    },
    {
      name: repositoryServer,
      argv: [
        argocd,
        `--redis=${HOST}:${redis}`,
        '--disable-tls',
        '--client-ca-path=',
        `--address=${HOST}`,
        `--port=${repository}`,
        `--metrics-address=${HOST}`,
        `--metrics-port=${ofRepository}`,
      ],
      environment: { ...environment, ARGOCD_BINARY_NAME: repositoryServer },
      isHealthy: () => isWell(ofRepository),
    },
    {
      name: controller,
      argv: [
        argocd,
        `--namespace=${NAMESPACES.engine}`,
        `--redis=${HOST}:${redis}`,
        `--repo-server=${HOST}:${repository}`,
        '--repo-server-plaintext',
        `--metrics-port=${ofController}`,
      ],
      environment: { ...environment, ARGOCD_BINARY_NAME: controller },
      isHealthy: () => isWell(ofController),
    },
  ];
  for (const server of all) await startServer(server, state, tell);
}

const isWell = async (port: number): Promise<boolean> =>
  (await get(`http://${HOST}:${port}/healthz`))?.status === 200;
