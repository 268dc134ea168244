/** The objects of Flux in the cluster, and those that it made. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Applier } from '../engine.ts';
import { NAMESPACES, type KubeObject, type World } from '../world.ts';
import { LABEL_NAMESPACE, undone, type FluxObject, type Wanted } from './decide.ts';

const KUSTOMIZATIONS = 'kustomizations.kustomize.toolkit.fluxcd.io';
const SOURCES = 'gitrepositories.source.toolkit.fluxcd.io';
/** How the name of the Kustomization of the Kustomizations ends. */
export const OWN = '-flux';
const NAMESPACE = `--namespace=${NAMESPACES.engine}`;

export class Flux implements Applier {
  readonly #world: World;
  readonly #output: string;
  readonly #errors: () => readonly string[];
  /** Of all objects that were made at any time, as `kind.version.group`. */
  readonly #kinds = new Set<string>();
  #requests = 0;

  /**
   * @param output the folder of the manifests
   * @param errors the last ones of the controllers
   */
  constructor(world: World, output: string, errors: () => readonly string[]) {
    this.#world = world;
    this.#output = output;
    this.#errors = errors;
  }

  async kustomizations(): Promise<readonly FluxObject[]> {
    return this.#world.list(KUSTOMIZATIONS, NAMESPACE);
  }

  async done(commit: string): Promise<void> {
    await this.#done({ commit });
  }

  /** What `flux reconcile` does. */
  async reconcile(commit: string): Promise<void> {
    this.#requests += 1;
    const request = String(this.#requests);
    const annotation = `reconcile.fluxcd.io/requestedAt=${request}`;
    const all = [`${SOURCES},${KUSTOMIZATIONS}`, '--all', NAMESPACE];
    // Under the name of `flux`: what kubectl has written, the controller takes back.
    const how = ['--overwrite', '--field-manager=flux'];
    await this.#world.kubectl(['annotate', ...how, ...all, annotation]);
    await this.#done({ commit, request });
  }

  async #done(wanted: Wanted): Promise<void> {
    await this.#world.until(
      `Flux at ${wanted.commit.slice(0, 8)}`,
      async () => {
        const objects = await this.#objects();
        return objects.length === this.#count() + 1 && undone(objects, wanted).length === 0;
      },
      240_000,
      () => this.#explain(wanted),
    );
  }

  /** Of the Kustomizations that there have to be. */
  #count(): number {
    const files = readdirSync(join(this.#output, 'flux'));
    return files.filter((file) => file.startsWith('Kustomization.')).length;
  }

  async explain(commit: string): Promise<string> {
    return this.#explain({ commit });
  }

  async #explain(wanted: Wanted): Promise<string> {
    return ['', ...undone(await this.#objects(), wanted), ...this.#errors()].join('\n  ');
  }

  async #objects(): Promise<readonly FluxObject[]> {
    return this.#world.list(`${SOURCES},${KUSTOMIZATIONS}`, NAMESPACE);
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
      `--selector=${LABEL_NAMESPACE}=${NAMESPACES.engine}`,
      '--show-managed-fields',
    );
  }

  /** What each Kustomization says it has made: `namespace_name_group_Kind`. */
  async inventory(): Promise<readonly string[]> {
    return (await this.kustomizations()).flatMap(({ status }) =>
      (status?.inventory?.entries ?? []).map(({ id }) => id),
    );
  }

  /** In the order of the documents, so that all that was applied stays. */
  async takeAway(): Promise<void> {
    const own = (await this.kustomizations())
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.endsWith(OWN));
    assert.equal(own.length, 1, 'one looks after the others');
    const of = [NAMESPACE, '--timeout=60s'];
    await this.#world.kubectl(['delete', KUSTOMIZATIONS, ...own, ...of]);
    const others = (await this.kustomizations()).map(({ metadata }) => metadata.name);
    assert(others.length > 1, 'the others stay');
    const suspend = JSON.stringify({ spec: { suspend: true } });
    const patch = ['--type=merge', `--patch=${suspend}`, NAMESPACE];
    await this.#world.kubectl(['patch', KUSTOMIZATIONS, ...others, ...patch]);
    await this.#world.kubectl(['delete', KUSTOMIZATIONS, '--all', ...of]);
  }
}
