/** What Flux and Argo CD have in common. */
import type { GitOps } from '../../infra/environments/settings-gitops.ts';
import type { Tell } from '../cluster/progress.ts';
import type { Deployment } from './deployment.ts';
import type { KubeObject, World } from './world.ts';

/** What is needed to read the repository. */
export interface Access {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Of the server; nobody trusts it by itself. */
  readonly certificate: string;
}

/** What has to be so, in a few words, and what throws where it is not. */
export type Check = readonly [name: string, check: () => Promise<void>];

/** It at work in the cluster. */
export interface Applier {
  /**
   * Waits until all of the commit is deployed.
   * @throws ClusterError NOT_READY with what is not
   */
  done(commit: string): Promise<void>;
  /** Has it look at Git and at the cluster at once; then the same. */
  reconcile(commit: string): Promise<void>;
  /** What is not deployed, and why. */
  explain(commit: string): Promise<string>;
  /** All objects that it has applied and not removed again, with who has written to them. */
  made(): Promise<readonly KubeObject[]>;
}

/** Its programs. */
export interface Built {
  /** Folders with its types. */
  readonly types: readonly string[];
  /**
   * Starts its servers, with all rights in the cluster, as it has them when it is installed there.
   * @param state the folder of their files
   * @throws ClusterError COMPONENT_FAILED
   */
  readonly start: (state: string, kubeconfig: string, access: Access, tell: Tell) => Promise<void>;
}

export interface Engine<A extends Applier> {
  /** What people call it. */
  readonly name: string;
  /** The folder of the output that is applied once, by hand, and its own one in the cache. */
  readonly folder: 'argocd' | 'flux';
  /** The names of its types. */
  readonly types: RegExp;
  /** What the settings of an environment say of it. */
  readonly settings: Pick<GitOps, 'argocd' | 'flux'>;
  /** @param cache a folder for it alone */
  readonly build: (cache: string, tell: Tell) => Promise<Built>;
  /** What it has to find in its namespace. */
  readonly objects: (access: Access) => readonly object[];
  /**
   * @param output the folder of the manifests
   * @param errors the last ones of its servers
   */
  readonly applier: (world: World, output: string, errors: () => readonly string[]) => A;
  /** In this order; each begins where the one before has ended. */
  readonly checks: (deployment: Deployment, applier: A) => readonly Check[];
}
