/** Settings of what may be reached. */

/** Everything that is not said here is closed, in both directions. */
export interface Network {
  /**
   * The API server: its Service and its own addresses. Open for the runner and the reaper alone;
   * stages cannot reach these addresses, whatever else is open, but for ports of others there that
   * an opening names. At least one.
   */
  readonly apiServer: readonly OpenAddresses[];
  /** The Drone server. At least one. */
  readonly drone: readonly Opening[];
  /**
   * Git servers that stages clone from.
   * @default none: reached by `internet`
   */
  readonly git?: readonly Opening[];
  /**
   * Registries that stages push to, and whose images the runner asks for.
   * @default none: reached by `internet`
   */
  readonly registries?: readonly Opening[];
  /**
   * What else stages need: caches, proxies, package registries.
   * @default none
   */
  readonly builds?: readonly Opening[];
  /**
   * What else the runner needs: its extensions, a proxy.
   * @default none
   */
  readonly runner?: readonly Opening[];
  /**
   * Opens all public addresses for stages, and HTTPS there for the runner.
   * @default `true`
   */
  readonly internet?: boolean;
  /**
   * Namespace that reads metrics and dashboard.
   * @default none
   */
  readonly metricsFrom?: string;
  /** @default Pods with `k8s-app: kube-dns` in `kube-system` */
  readonly dns?: readonly Opening[];
}

/** Either addresses or Pods, and their TCP ports. */
export type Opening = OpenAddresses | OpenPods;

export interface OpenAddresses {
  /** `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.1/32`. */
  readonly cidr: string;
  /** @default all */
  readonly ports?: readonly number[];
}

export interface OpenPods {
  readonly namespace: string;
  /** @default all Pods of the namespace */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default all */
  readonly ports?: readonly number[];
}
