/**
 * `npm run flux`: the manifests of an environment in a Git repository, and a real Flux that applies
 * them to the cluster of the tests.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Deployment } from '../deployment.ts';
import type { Access, Check } from '../engine.ts';
import { runEngine } from '../run.ts';
import { NAMESPACES } from '../world.ts';
import { buildControllers, CONTROLLERS } from './binaries.ts';
import { startControllers } from './controllers.ts';
import { orderProblems } from './decide.ts';
import { Flux, OWN } from './flux.ts';

const FOLDER = 'flux';

/** Secret in the namespace of Flux with what the Git server wants of it. */
const SECRET = 'git';

/** Folders of the output, by what has to be there before. */
const WAVES = [
  ['cluster', 'namespaces'],
  ['admission', 'system', 'trusted', 'untrusted'],
  ['runner'],
  ['reaper', 'capacity'],
];

const objects = ({ user, password, certificate }: Access): readonly object[] => [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET, namespace: NAMESPACES.engine },
    stringData: { username: user, password, 'ca.crt': certificate },
  },
];

const checks = (deployment: Deployment, flux: Flux): readonly Check[] => [
  ['the source and all Kustomizations are Ready', () => deployment.deploys(FOLDER)],
  [
    'each Kustomization waited for those before it, and succeeded at once',
    () => keepsOrder(deployment, flux),
  ],
  ['two replicas are up and registered', () => deployment.comesUp()],
  ['a build succeeds', () => deployment.builds()],
  [
    'reconciled again, nothing is written',
    () => deployment.staysTheSame((commit) => flux.reconcile(commit)),
  ],
  ['a changed setting replaces the replicas under a build', () => deployment.rolls()],
  ['what is gone from Git is removed, a namespace is not', () => prunes(deployment, flux)],
  ['what was changed by hand is put back', () => deployment.putsBack()],
  [
    'what no setting asks for any more is removed, its Kustomization too',
    () => deployment.takesOut(),
  ],
  [
    'taken away as the documents say, Flux leaves all of it',
    () => deployment.staysWithout(() => flux.takeAway()),
  ],
];

async function keepsOrder({ prefix }: Deployment, flux: Flux): Promise<void> {
  const waves = WAVES.map((wave) => wave.map((folder) => `${prefix}-${folder}`));
  const kustomizations = (await flux.kustomizations()).filter(
    ({ metadata }) => !metadata.name.endsWith(OWN),
  );
  assert.deepEqual(orderProblems(waves, kustomizations, await flux.made()), []);
}

async function prunes(deployment: Deployment, flux: Flux): Promise<void> {
  await deployment.prunes();
  const namespace = `_${NAMESPACES.trusted}__Namespace`;
  assert(!(await flux.inventory()).includes(namespace), 'it is none of Flux any more');
}

await runEngine({
  name: 'Flux',
  folder: FOLDER,
  types: /\.toolkit\.fluxcd\.io$/,
  settings: { flux: { namespace: NAMESPACES.engine, secret: SECRET } },
  build: async (cache, tell) => {
    const built = await buildControllers(cache, tell);
    return {
      types: CONTROLLERS.map((name) => join(built[name], 'crds')),
      start: (state, kubeconfig, _access, own) => startControllers(built, state, kubeconfig, own),
    };
  },
  objects,
  applier: (world, output, errors) => new Flux(world, output, errors),
  checks,
});
