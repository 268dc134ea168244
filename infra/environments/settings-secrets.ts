/** References to Secrets. */

/** Where a Secret comes from. Its content never stands here. */
export type SecretReference = ExistingSecret | ExternalSecret | SealedSecret | SopsSecret;

interface SecretKey {
  /** Name of the Secret in the system namespace. */
  readonly name: string;
  readonly key: string;
}

/** Somebody makes it by other means. */
export interface ExistingSecret extends SecretKey {
  readonly kind: 'existing';
}

/** The External Secrets Operator makes it. */
export interface ExternalSecret extends SecretKey {
  readonly kind: 'external-secrets';
  readonly store: { readonly kind: 'SecretStore' | 'ClusterSecretStore'; readonly name: string };
  /** What it is called at the store. */
  readonly remote: { readonly key: string; readonly property?: string };
  /** @default `1h0m0s` */
  readonly refreshInterval?: string;
}

/** Sealed Secrets makes it. */
export interface SealedSecret extends SecretKey {
  readonly kind: 'sealed-secrets';
  /** What `kubeseal --raw` printed for this namespace and name. */
  readonly encrypted: string;
}

/** An encrypted file of `gitops.flux.sops`, which Flux decrypts. */
export interface SopsSecret extends SecretKey {
  readonly kind: 'sops';
}
