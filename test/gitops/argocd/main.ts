/**
 * `npm run argocd`: the manifests of an environment in a Git repository, and a real Argo CD that applies
 * them to the cluster of the tests.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Deployment } from '../deployment.ts';
import type { Access, Check } from '../engine.ts';
import { runEngine } from '../run.ts';
import { NAMESPACES } from '../world.ts';
import { ArgoCd } from './argocd.ts';
import { buildPrograms } from './binaries.ts';
import { orderProblems } from './decide.ts';
import { startServers } from './servers.ts';

const FOLDER = 'argocd';

/** What an installation has; all of them may be empty. */
const CONFIGURATION = ['cm', 'cmd-params-cm', 'rbac-cm', 'ssh-known-hosts-cm', 'tls-certs-cm'];

function objects({ url, user, password }: Access): readonly object[] {
  const secret = (name: string, labels: object, stringData: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: NAMESPACES.engine, labels },
    stringData,
  });
  const part = { 'app.kubernetes.io/part-of': 'argocd' };
  return [
    ...CONFIGURATION.map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `argocd-${name}`, namespace: NAMESPACES.engine, labels: part },
    })),
    secret('argocd-secret', part, { 'server.secretkey': randomBytes(32).toString('base64') }),
    secret(
      'manifests',
      { 'argocd.argoproj.io/secret-type': 'repository' },
      { type: 'git', url, username: user, password },
    ),
  ];
}

const checks = (deployment: Deployment, argocd: ArgoCd): readonly Check[] => [
  ['the Application is Synced and Healthy', () => deployment.deploys(FOLDER)],
  ['each wave waited for the one before, and succeeded at once', () => keepsOrder(argocd)],
  ['two replicas are up and registered', () => deployment.comesUp()],
  ['a build succeeds', () => deployment.builds()],
  [
    'refreshed the hard way, nothing is written, and nothing synced',
    () => deployment.staysTheSame((commit) => refreshes(argocd, commit)),
  ],
  ['a changed setting replaces the replicas under a build', () => deployment.rolls()],
  ['what is gone from Git is removed, a namespace is not', () => deployment.prunes()],
  ['what was changed by hand is put back', () => deployment.putsBack()],
  ['what no setting asks for any more is removed', () => deployment.takesOut()],
  [
    'what the project does not allow is refused, until it is applied again',
    () => deployment.adds(FOLDER, (commit) => argocd.refused(commit)),
  ],
  [
    'without the Application all of it stays',
    () => deployment.staysWithout(() => argocd.takeAway()),
  ],
];

async function keepsOrder(argocd: ArgoCd): Promise<void> {
  const { status } = await argocd.application();
  assert.equal(status?.operationState?.retryCount ?? 0, 0, 'number of times it had to try again');
  assert.deepEqual(orderProblems(await argocd.made()), []);
}

async function refreshes(argocd: ArgoCd, commit: string): Promise<void> {
  const begun = async (): Promise<string | undefined> =>
    (await argocd.application()).status?.operationState?.startedAt;
  const before = await begun();
  await argocd.refresh('hard', commit);
  assert.equal(await begun(), before, 'begin of the last sync');
}

await runEngine({
  name: 'Argo CD',
  folder: FOLDER,
  types: /^(applications|applicationsets|appprojects)\.argoproj\.io$/,
  settings: { argocd: { namespace: NAMESPACES.engine } },
  build: async (cache, tell) => {
    const built = await buildPrograms(cache, tell);
    return {
      types: [join(built.servers, 'crds')],
      start: (state, kubeconfig, { certificate }, own) =>
        startServers(built, state, kubeconfig, certificate, own),
    };
  },
  objects,
  applier: (world, _output, errors) => new ArgoCd(world, errors),
  checks,
});
