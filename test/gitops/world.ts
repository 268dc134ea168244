/** What all checks share: the cluster, the servers, and the names of what is made. */
import { attempt, run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { ownLayout } from '../cluster/settings.ts';
import { readCluster, type Cluster } from '../cluster/state.ts';
import { becomesTrue } from '../cluster/wait.ts';
import { readStack, type Stack } from '../stack/state.ts';

/** Begins every name. It is the same each time, so that what a killed run has left can be found. */
export const ID = 'gitops-test';

/** `engine`: the one of Flux or Argo CD. */
export const NAMESPACES = {
  engine: `${ID}-engine`,
  system: `${ID}-system`,
  trusted: `${ID}-trusted`,
  untrusted: `${ID}-untrusted`,
  exec: `${ID}-exec`,
};

/** Repositories of the stack: the manifests, and one with a pipeline. */
export const REPOSITORIES = { manifests: `${ID}-manifests`, pipeline: `${ID}-pipeline` };

/** The folder of everything that is kept while it runs. */
export const stateFolder = (): string => `${ownLayout().state}-gitops`;

/** An object of the API, as far as all of them are the same. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    /** Who has written to it, and when last. */
    readonly managedFields?: readonly { readonly manager?: string; readonly time?: string }[];
  };
  readonly status?: unknown;
}

export class World {
  readonly cluster: Cluster;
  /** `host:port` of the registry that the cluster pulls from. */
  readonly registry: string;
  readonly stack: Stack;
  readonly #stop: AbortSignal;

  /** @param stop ends every wait */
  constructor(cluster: Cluster, registry: string, stack: Stack, stop: AbortSignal) {
    this.cluster = cluster;
    this.registry = registry;
    this.stack = stack;
    this.#stop = stop;
  }

  /** The same cluster and servers for work that nothing is to stop. */
  get unstopped(): World {
    return new World(this.cluster, this.registry, this.stack, new AbortController().signal);
  }

  /** @throws ClusterError COMMAND_FAILED */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    this.#stop.throwIfAborted();
    const kubeconfig = ['--kubeconfig', this.cluster.kubeconfig];
    return run(
      this.cluster.kubectl,
      [...kubeconfig, ...args],
      input === undefined ? {} : { input },
    );
  }

  /** The same for what may be refused: whether it was not. */
  async succeeds(args: readonly string[]): Promise<boolean> {
    const kubeconfig = ['--kubeconfig', this.cluster.kubeconfig];
    return (await attempt(this.cluster.kubectl, [...kubeconfig, ...args])).code === 0;
  }

  /** The objects of a `kubectl get` of more than one object. */
  async list<T extends KubeObject>(...what: readonly string[]): Promise<readonly T[]> {
    const text = await this.kubectl(['get', ...what, '--output=json']);
    const found: { readonly items: readonly T[] } = JSON.parse(text);
    return found.items;
  }

  /**
   * @param explain what to say when it does not come
   * @throws ClusterError NOT_READY
   */
  async until(
    what: string,
    ask: () => Promise<boolean>,
    limitMs: number,
    explain: () => Promise<string> = async () => '',
  ): Promise<void> {
    const asked = async (): Promise<boolean> => {
      this.#stop.throwIfAborted();
      return ask();
    };
    if (!(await becomesTrue(asked, limitMs))) {
      const seconds = Math.round(limitMs / 1000);
      throw new ClusterError(
        'NOT_READY',
        `${what}: not so after ${seconds} s. ${await explain()}`.trim(),
      );
    }
  }
}

/**
 * The cluster and the stack that were made before.
 * @throws ClusterError NO_CLUSTER, NO_STACK
 */
export function openWorld(stop: AbortSignal): World {
  const cluster = readCluster();
  if (cluster?.registry === undefined) {
    throw new ClusterError(
      'NO_CLUSTER',
      'there is no cluster with a registry: npm run cluster -- up',
    );
  }
  const stack = readStack();
  if (stack === undefined) throw new ClusterError('NO_STACK', 'no stack: npm run stack -- up');
  return new World(cluster, cluster.registry, stack, stop);
}
