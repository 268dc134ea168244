/** The objects of Flux in the cluster, and those that it made. */
import { join } from 'node:path';
import { ClusterError } from '../cluster/errors.ts';
import { CONTROLLERS, type Controllers } from './binaries.ts';
import { LABEL_NAMESPACE, undone, type FluxObject, type Wanted } from './decide.ts';
import { GIT_SECRET } from './environment.ts';
import { ID, NAMESPACES, type KubeObject, type World } from './world.ts';

const KUSTOMIZATIONS = 'kustomizations.kustomize.toolkit.fluxcd.io';
const SOURCES = 'gitrepositories.source.toolkit.fluxcd.io';

/** On the types of Flux: they are ours, and go with us. */
export const MADE_BY = 'app.kubernetes.io/managed-by';

/** @throws ClusterError OTHER_FLUX where somebody else has installed it: it would go with ours */
export async function refuseOtherFlux(world: World): Promise<void> {
  const types = await world.list('customresourcedefinitions.apiextensions.k8s.io');
  const others = types.filter(
    ({ metadata }) =>
      metadata.name.endsWith('.toolkit.fluxcd.io') && metadata.labels?.[MADE_BY] !== ID,
  );
  if (others.length > 0) {
    throw new ClusterError(
      'OTHER_FLUX',
      'there is a Flux in the cluster already: take another one.',
    );
  }
}

/** Its types, its namespace, and the Secret with what the Git server wants of it. */
export async function installFlux(
  world: World,
  built: Controllers,
  certificate: string,
): Promise<void> {
  const { user, giteaToken } = world.stack;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: GIT_SECRET, namespace: NAMESPACES.flux },
    stringData: { username: user, password: giteaToken, 'ca.crt': certificate },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACES.flux } };
  for (const object of [namespace, secret]) {
    await world.kubectl(['create', '--filename=-'], JSON.stringify(object));
  }
  const types = CONTROLLERS.map((name) => `--filename=${join(built[name], 'crds')}`);
  const label = ['label', '--local', '--output=json', `${MADE_BY}=${ID}`];
  await world.kubectl(['create', '--filename=-'], await world.kubectl([...label, ...types]));
  await world.kubectl(['wait', '--for=condition=established', ...types, '--timeout=30s']);
}

export class Flux {
  readonly #world: World;
  readonly #errors: () => readonly string[];
  /** Of all objects that were made at any time, as `kind.version.group`. */
  readonly #kinds = new Set<string>();
  #requests = 0;

  /** @param errors the last ones of the controllers */
  constructor(world: World, errors: () => readonly string[]) {
    this.#world = world;
    this.#errors = errors;
  }

  async kustomizations(): Promise<readonly FluxObject[]> {
    return this.#world.list(KUSTOMIZATIONS, `--namespace=${NAMESPACES.flux}`);
  }

  /** Asks for a look at Git, and at the cluster, at once: what `flux reconcile` does. */
  async request(): Promise<string> {
    this.#requests += 1;
    const request = String(this.#requests);
    const annotation = `reconcile.fluxcd.io/requestedAt=${request}`;
    const all = [`${SOURCES},${KUSTOMIZATIONS}`, '--all', `--namespace=${NAMESPACES.flux}`];
    // Under the name of `flux`: what kubectl has written, the controller takes back.
    const how = ['--overwrite', '--field-manager=flux'];
    await this.#world.kubectl(['annotate', ...how, ...all, annotation]);
    return request;
  }

  /**
   * Waits until the source and all Kustomizations are done.
   * @param count of Kustomizations
   * @throws ClusterError NOT_READY with what each of the others says
   */
  async done(wanted: Wanted, count: number): Promise<void> {
    await this.#world.until(
      `Flux at ${wanted.commit.slice(0, 8)}`,
      async () => {
        const objects = await this.#objects();
        return objects.length === count + 1 && undone(objects, wanted).length === 0;
      },
      240_000,
      () => this.explain(wanted),
    );
  }

  /** What is not done, and why. */
  async explain(wanted: Wanted): Promise<string> {
    return ['', ...undone(await this.#objects(), wanted), ...this.#errors()].join('\n  ');
  }

  async #objects(): Promise<readonly FluxObject[]> {
    return this.#world.list(`${SOURCES},${KUSTOMIZATIONS}`, `--namespace=${NAMESPACES.flux}`);
  }

  /**
   * All objects that Kustomizations have applied and not removed again, by their label; but for
   * Kustomizations and their source, which are written to whenever they are asked for a look.
   */
  async made(): Promise<readonly KubeObject[]> {
    const entries = (await this.kustomizations()).flatMap(
      ({ status }) => status?.inventory?.entries ?? [],
    );
    for (const { id, v } of entries) {
      const [group = '', kind = ''] = id.split('_').slice(-2);
      if (group.endsWith('.toolkit.fluxcd.io')) continue;
      this.#kinds.add(`${kind.toLowerCase()}.${v}.${group}`);
    }
    return this.#world.list(
      [...this.#kinds].sort().join(','),
      '--all-namespaces',
      `--selector=${LABEL_NAMESPACE}=${NAMESPACES.flux}`,
      '--show-managed-fields',
    );
  }

  /** What each Kustomization says it has made: `namespace_name_group_Kind`. */
  async inventory(): Promise<readonly string[]> {
    return (await this.kustomizations()).flatMap(({ status }) =>
      (status?.inventory?.entries ?? []).map(({ id }) => id),
    );
  }
}
