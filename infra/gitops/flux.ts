/**
 * For Flux: the source, a Kustomization for each folder, one after the other, and one for these
 * themselves, so that a commit is enough where a setting adds a folder or takes one out.
 */
import type { Construct } from 'constructs';
import { RUNNER } from '../constructs/names.ts';
import { Part } from '../constructs/part.ts';
import type { Deployment } from '../environments/defaults.ts';
import type { Flux } from '../environments/settings-gitops.ts';
import { custom } from './annotations.ts';

const API = 'kustomize.toolkit.fluxcd.io/v1';
const SOURCE_API = 'source.toolkit.fluxcd.io/v1';
const SECRETS = 'secrets';

/** The folder of this chart. */
const OWN = 'flux';

export class FluxChart extends Part {
  readonly #deployment: Deployment;
  readonly #flux: Flux;
  readonly #prefix: string;

  constructor(
    scope: Construct,
    id: string,
    deployment: Deployment,
    flux: Flux,
    parts: readonly Part[],
  ) {
    super(scope, id, 'gitops', 0);
    this.#deployment = deployment;
    this.#flux = flux;
    this.#prefix = `${deployment.instance}-${deployment.name}`;
    this.#source();
    this.#kustomization(OWN, `${deployment.gitops.path}/${OWN}`, {
      // The others stay when somebody takes this one away. Where it takes one of them away itself, what
      // that has applied goes as well: nothing runs on that no setting asks for.
      deletionPolicy: 'Orphan',
      wait: false,
    });
    const last = Math.max(...parts.map(({ wave }) => wave));
    for (const part of parts) {
      const before = parts.filter(({ wave }) => wave === part.wave - 1).map(({ node }) => node.id);
      const secrets = part.wave === 2 && flux.sops !== undefined ? [SECRETS] : [];
      this.#kustomization(part.node.id, `${deployment.gitops.path}/${part.node.id}`, {
        ...dependsOn([...before, ...secrets].map((each) => this.#name(each))),
        ...(part.node.id === 'runner'
          ? { healthChecks: [this.#runner()] }
          : { wait: part.wave < last }),
      });
    }
    if (flux.sops !== undefined) {
      const { path, keySecret } = flux.sops;
      this.#kustomization(SECRETS, path, {
        ...dependsOn([this.#name('namespaces')]),
        targetNamespace: deployment.namespaces.system,
        decryption: { provider: 'sops', secretRef: { name: keySecret } },
      });
    }
  }

  #source(): void {
    const { repository, revision } = this.#deployment.gitops;
    const { source = 'git', secret } = this.#flux;
    const isGit = source === 'git';
    custom(this, SOURCE_API, this.#sourceKind, this.#metadata(this.#prefix), {
      interval: '1m0s',
      url: repository,
      ref: isGit ? { branch: revision } : { tag: revision },
      ...(secret === undefined ? {} : { secretRef: { name: secret } }),
    });
  }

  #kustomization(id: string, path: string, more: object): void {
    custom(this, API, 'Kustomization', this.#metadata(this.#name(id)), {
      interval: '1h0m0s',
      retryInterval: '1m0s',
      timeout: '5m0s',
      path: `./${path}`,
      prune: true,
      sourceRef: { kind: this.#sourceKind, name: this.#prefix },
      ...more,
    });
  }

  #name(id: string): string {
    return `${this.#prefix}-${id}`;
  }

  #metadata(name: string): { readonly name: string; readonly namespace: string } {
    return { name, namespace: this.#flux.namespace ?? 'flux-system' };
  }

  #runner(): object {
    const { system } = this.#deployment.namespaces;
    return { apiVersion: 'apps/v1', kind: 'Deployment', name: RUNNER, namespace: system };
  }

  get #sourceKind(): string {
    return this.#flux.source === 'oci' ? 'OCIRepository' : 'GitRepository';
  }
}

const dependsOn = (names: readonly string[]): object =>
  names.length === 0 ? {} : { dependsOn: names.map((name) => ({ name })) };
