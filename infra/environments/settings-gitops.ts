/** Settings of what applies the output. */

export interface GitOps {
  /** URL of the repository that the output is committed to. */
  readonly repository: string;
  /**
   * Branch or tag.
   * @default `main`
   */
  readonly revision?: string;
  /**
   * Folder of this environment in the repository.
   * @default `dist/` and the name
   */
  readonly path?: string;
  /** @default none */
  readonly argocd?: ArgoCd;
  /** @default none */
  readonly flux?: Flux;
}

export interface ArgoCd {
  /** @default `argocd` */
  readonly namespace?: string;
  /**
   * URL of the cluster.
   * @default `https://kubernetes.default.svc`
   */
  readonly server?: string;
}

export interface Flux {
  /** @default `flux-system` */
  readonly namespace?: string;
  /**
   * `oci`: `repository` is `oci://…`, and `revision` a tag.
   * @default `git`
   */
  readonly source?: 'git' | 'oci';
  /**
   * Secret with the credentials of the repository.
   * @default none
   */
  readonly secret?: string;
  /** @default none */
  readonly sops?: FluxSops;
}

export interface FluxSops {
  /** Folder of the encrypted Secrets in the repository, outside of the output. */
  readonly path: string;
  /** Secret with the key that decrypts them. */
  readonly keySecret: string;
}
