/** The Application in the cluster, and the objects that it made. */
import assert from 'node:assert/strict';
import type { Applier } from '../engine.ts';
import { NAMESPACES, type KubeObject, type World } from '../world.ts';
import { isOf, isRefused, kindsOf, problems, REFRESH, type Application } from './decide.ts';

const TYPE = 'applications.argoproj.io';
const NAMESPACE = `--namespace=${NAMESPACES.engine}`;

export class ArgoCd implements Applier {
  readonly #world: World;
  readonly #errors: () => readonly string[];
  /** Of all objects that were made at any time, as `kind.version.group`. */
  readonly #kinds = new Set<string>();
  #name = '';

  /** @param errors the last ones of the servers */
  constructor(world: World, errors: () => readonly string[]) {
    this.#world = world;
    this.#errors = errors;
  }

  async application(): Promise<Application> {
    const [application, ...others] = await this.#world.list<Application>(TYPE, NAMESPACE);
    assert(application !== undefined && others.length === 0, 'there is one Application');
    this.#name = application.metadata.name;
    for (const kind of kindsOf(application)) this.#kinds.add(kind);
    return application;
  }

  async done(commit: string): Promise<void> {
    await this.#world.until(
      `Argo CD at ${commit.slice(0, 8)}`,
      async () => problems(await this.application(), commit).length === 0,
      240_000,
      () => this.explain(commit),
    );
  }

  async reconcile(commit: string): Promise<void> {
    await this.refresh('normal', commit);
  }

  /** Has it look at Git, and waits until it says that the project does not allow what is there. */
  async refused(commit: string): Promise<void> {
    await this.#ask('normal');
    await this.#world.until(
      'refused',
      async () => isRefused(await this.application(), commit),
      60_000,
      () => this.explain(commit),
    );
  }

  /** `hard`: it does not take from its cache what it has made of the commit before. */
  async refresh(how: 'normal' | 'hard', commit: string): Promise<void> {
    await this.#ask(how);
    await this.done(commit);
  }

  async #ask(how: 'normal' | 'hard'): Promise<void> {
    const annotation = `${REFRESH}=${how}`;
    await this.#world.kubectl(['annotate', TYPE, '--all', NAMESPACE, '--overwrite', annotation]);
  }

  async explain(commit: string): Promise<string> {
    const lines = [...problems(await this.application(), commit), ...this.#errors()];
    return ['', ...lines].join('\n  ');
  }

  async made(): Promise<readonly KubeObject[]> {
    const kinds = [...this.#kinds].sort().join(',');
    const all = await this.#world.list(kinds, '--all-namespaces', '--show-managed-fields');
    return all.filter(isOf(this.#name));
  }

  /** As `kubectl delete` does it: what it has applied is not deleted with it. */
  async takeAway(): Promise<void> {
    await this.#world.kubectl(['delete', TYPE, '--all', NAMESPACE, '--timeout=60s']);
  }
}
