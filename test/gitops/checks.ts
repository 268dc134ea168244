/** What has to be true of the deployment under Flux, one after the other. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../infra/environments/settings.ts';
import { synth } from '../../infra/synth.ts';
import { ANNOTATION_POD_UID, LABEL_ROLE } from '../../runtime/contract.ts';
import { pipeline, type Repo, steps } from '../e2e/daemon-repo.ts';
import { changed, nameOf, orderProblems, written } from './decide.ts';
import type { Flux } from './flux.ts';
import type { ManifestRepository } from './repository.ts';
import { NAMESPACES, type KubeObject, type World } from './world.ts';

/** A stage that ends when this file is there. */
const END = '/drone/src/end';
const PIPELINE = pipeline(`steps:
  - name: waits
    image: busybox
    commands:
      - echo began
      - until test -e ${END}; do sleep 0.1; done
      - echo ended`);

/** Folders of the output, by what has to be there before. */
const WAVES = [
  ['cluster', 'namespaces'],
  ['admission', 'system', 'trusted', 'untrusted'],
  ['runner'],
  ['reaper', 'capacity'],
];

interface Annotated extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export class Checks {
  readonly #world: World;
  readonly #flux: Flux;
  readonly #repository: ManifestRepository;
  readonly #repo: Repo;
  #environment: Environment;
  #commit = '';
  /** Number of Kustomizations. */
  #count = 0;

  /** `environment`: what is deployed first; `repo`: with its pipelines the runner is tried. */
  constructor(
    world: World,
    flux: Flux,
    repository: ManifestRepository,
    repo: Repo,
    environment: Environment,
  ) {
    this.#world = world;
    this.#flux = flux;
    this.#repository = repository;
    this.#repo = repo;
    this.#environment = environment;
  }

  /** In this order; each begins where the one before has ended. */
  get all(): readonly (readonly [string, () => Promise<void>])[] {
    return [
      ['the source and all Kustomizations are Ready', () => this.#deploys()],
      [
        'each Kustomization waited for those before it, and succeeded at once',
        () => this.#keepsOrder(),
      ],
      ['two replicas are up and registered', () => this.#comesUp()],
      ['a build succeeds', () => this.#builds()],
      ['reconciled again, nothing is written', () => this.#staysTheSame()],
      ['a changed setting replaces the replicas under a build', () => this.#rolls()],
      ['what is gone from Git is removed, a namespace is not', () => this.#prunes()],
      ['what was changed by hand is put back', () => this.#putsBack()],
      [
        'what no setting asks for any more is removed, its Kustomization too',
        () => this.#takesOut(),
      ],
      ['taken away as the documents say, Flux leaves all of it', () => this.#leavesAll()],
    ];
  }

  async #deploys(): Promise<void> {
    await this.#push('The deployment');
    const folder = join(this.#repository.folder, 'dist', this.#environment.name, 'flux');
    const applied = await this.#world.kubectl(['apply', '--output=name', '--kustomize', folder]);
    this.#count = applied.split('\n').filter((line) => line.startsWith('kustomization.')).length;
    assert(this.#count > 1, 'there are Kustomizations');
    const name = this.#environment.drone.rpcSecret.name;
    // Somebody has to make it, and the first Kustomizations make the namespace for it.
    await this.#world.until(
      'the namespace of the runner',
      () => this.#world.succeeds(['get', 'namespace', NAMESPACES.system]),
      60_000,
      () => this.#flux.explain({ commit: this.#commit }),
    );
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: NAMESPACES.system },
      stringData: { [this.#environment.drone.rpcSecret.key]: this.#world.stack.rpcSecret },
    };
    await this.#world.kubectl(['create', '--filename=-'], JSON.stringify(secret));
    await this.#done();
  }

  async #keepsOrder(): Promise<void> {
    const { name, instance } = this.#environment;
    const waves = WAVES.map((wave) => wave.map((folder) => `${instance}-${name}-${folder}`));
    const kustomizations = (await this.#flux.kustomizations()).filter(
      ({ metadata }) => metadata.name !== this.#own,
    );
    assert.deepEqual(orderProblems(waves, kustomizations, await this.#flux.made()), []);
  }

  async #comesUp(): Promise<void> {
    await this.#world.until(
      'a Lease of each replica',
      async () => {
        const pods = (await this.#replicas()).map(({ metadata }) => metadata.uid);
        const leases = await this.#world.list<Annotated>(
          'leases.coordination.k8s.io',
          `--namespace=${NAMESPACES.system}`,
          `--selector=${LABEL_ROLE}=replica`,
        );
        const holders = new Set(
          leases.map(({ metadata }) => metadata.annotations?.[ANNOTATION_POD_UID]),
        );
        return pods.length === 2 && pods.every((uid) => holders.has(uid));
      },
      30_000,
    );
  }

  async #builds(): Promise<void> {
    const number = await this.#repo.push(PIPELINE);
    await this.#repo.stepRuns(number, 'waits');
    await this.#end(number);
  }

  async #staysTheSame(): Promise<void> {
    const before = await this.#flux.made();
    assert(before.length > this.#count, 'there is more than one object a Kustomization');
    await this.#reconcile();
    assert.deepEqual(written(before, await this.#flux.made()), []);
  }

  async #rolls(): Promise<void> {
    const replicas = new Set((await this.#replicas()).map(({ metadata }) => metadata.uid));
    const number = await this.#repo.push(PIPELINE);
    await this.#repo.stepRuns(number, 'waits');
    const [pod, ...others] = await this.#podsOfBuild();
    assert(pod !== undefined && others.length === 0, 'one Pod a stage');
    this.#environment = {
      ...this.#environment,
      runner: { ...this.#environment.runner, capacity: 30 },
    };
    await this.#push('Another capacity');
    await this.#reconcile();
    await this.#world.until(
      'no replica of the old setting',
      async () => (await this.#replicas()).every(({ metadata }) => !replicas.has(metadata.uid)),
      60_000,
    );
    await this.#comesUp();
    const after = (await this.#podsOfBuild()).map(({ metadata }) => metadata.uid);
    assert.deepEqual(after, [pod.metadata.uid], 'the build goes on in its Pod');
    await this.#end(number);
  }

  async #prunes(): Promise<void> {
    const namespace = async (): Promise<KubeObject | undefined> =>
      (await this.#world.list('namespaces')).find(
        ({ metadata }) => metadata.name === NAMESPACES.trusted,
      );
    const isDaemonSet = ({ kind }: KubeObject): boolean => kind === 'DaemonSet';
    const before = await namespace();
    assert(before !== undefined && (await this.#flux.made()).some(isDaemonSet));
    const { warmUp: _, ...without } = this.#environment;
    this.#environment = without;
    await this.#push('Pull no images ahead, and forget a namespace', (output) =>
      leaveOut(join(output, 'namespaces'), `Namespace.${NAMESPACES.trusted}.k8s.yaml`),
    );
    await this.#reconcile();
    const inventory = await this.#flux.inventory();
    assert(!inventory.includes(`_${NAMESPACES.trusted}__Namespace`), 'it is none of Flux any more');
    const daemonSets = await this.#world.list('daemonsets', `--namespace=${NAMESPACES.system}`);
    assert.deepEqual(daemonSets.map(nameOf), [], 'what is gone from Git is gone');
    const after = await namespace();
    assert.equal(after?.metadata.uid, before.metadata.uid, 'the namespace is the same');
    assert.equal(after.metadata.deletionTimestamp, undefined, 'and nobody has deleted it');
  }

  async #putsBack(): Promise<void> {
    const before = await this.#flux.made();
    const [role, policy] = ['Role', 'NetworkPolicy'].map((wanted) => {
      const found = before.find(
        ({ kind, metadata }) => kind === wanted && metadata.namespace === NAMESPACES.untrusted,
      );
      assert(found !== undefined, `there is a ${wanted}`);
      return found.metadata.name;
    });
    const of = `--namespace=${NAMESPACES.untrusted}`;
    const rules = JSON.stringify([{ op: 'replace', path: '/rules', value: [] }]);
    // The name that `kubectl edit` writes under.
    const edit = ['--type=json', `--patch=${rules}`, '--field-manager=kubectl-edit'];
    await this.#world.kubectl(['patch', 'role', String(role), of, ...edit]);
    await this.#world.kubectl(['delete', 'networkpolicy', String(policy), of]);
    assert.deepEqual(changed(before, await this.#flux.made()), [
      `NetworkPolicy ${NAMESPACES.untrusted}/${policy} is gone`,
      `Role ${NAMESPACES.untrusted}/${role} is another`,
    ]);
    await this.#reconcile();
    assert.deepEqual(changed(before, await this.#flux.made()), []);
  }

  /** Whole folders: those of the trusted builds, which the runner waits for, and of the balloon. */
  async #takesOut(): Promise<void> {
    const { capacity: _capacity, trusted: _trusted, ...without } = this.#environment;
    this.#environment = without;
    await this.#push('No trusted builds, no balloon');
    this.#count -= 2;
    await this.#reconcile();
    const left = (await this.#flux.made()).filter(
      ({ kind, metadata: { name, namespace } }) =>
        (kind === 'Deployment' && name.endsWith('-balloon')) || namespace === NAMESPACES.trusted,
    );
    assert.deepEqual(left.map(nameOf), []);
    const namespaces = (await this.#world.list('namespaces')).map(({ metadata }) => metadata.name);
    assert(namespaces.includes(NAMESPACES.trusted), 'builds may run on in the namespace');
    await this.#builds();
  }

  async #leavesAll(): Promise<void> {
    const type = 'kustomizations.kustomize.toolkit.fluxcd.io';
    const of = [`--namespace=${NAMESPACES.flux}`, '--timeout=60s'];
    const before = await this.#flux.made();
    const others = (await this.#flux.kustomizations())
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== this.#own);
    await this.#world.kubectl(['delete', type, this.#own, ...of]);
    const left = (await this.#flux.kustomizations()).map(({ metadata }) => metadata.name);
    assert.deepEqual(left, others);
    const suspend = JSON.stringify({ spec: { suspend: true } });
    const patch = ['--type=merge', `--patch=${suspend}`, `--namespace=${NAMESPACES.flux}`];
    await this.#world.kubectl(['patch', type, ...others, ...patch]);
    await this.#world.kubectl(['delete', type, '--all', ...of]);
    assert.deepEqual(written(before, await this.#flux.made()), []);
  }

  /** The Kustomization of the Kustomizations. */
  get #own(): string {
    return `${this.#environment.instance}-${this.#environment.name}-flux`;
  }

  /** Makes the manifests of the settings, and pushes them. */
  async #push(message: string, edit: (output: string) => void = () => undefined): Promise<void> {
    this.#commit = await this.#repository.push(message, (dist) => {
      synth([this.#environment], dist);
      edit(join(dist, this.#environment.name));
    });
  }

  async #reconcile(): Promise<void> {
    await this.#done(await this.#flux.request());
  }

  async #done(request?: string): Promise<void> {
    const wanted = { commit: this.#commit, ...(request === undefined ? {} : { request }) };
    await this.#flux.done(wanted, this.#count);
  }

  /** Pods of the runner, those that are ending included. */
  async #replicas(): Promise<readonly KubeObject[]> {
    const selector = '--selector=app.kubernetes.io/component=runner';
    return this.#world.list('pods', `--namespace=${NAMESPACES.system}`, selector);
  }

  async #podsOfBuild(): Promise<readonly KubeObject[]> {
    const selector = `--selector=io.drone.repo.name=${this.#repo.name}`;
    return this.#world.list('pods', `--namespace=${NAMESPACES.untrusted}`, selector);
  }

  /** Lets a build of PIPELINE end; it has to have run once, from the beginning to the end. */
  async #end(number: number): Promise<void> {
    const [pod] = await this.#podsOfBuild();
    assert(pod !== undefined, 'the build has a Pod');
    const inside = [
      `--namespace=${NAMESPACES.untrusted}`,
      pod.metadata.name,
      '--container=1-waits',
    ];
    await this.#world.kubectl(['exec', ...inside, '--', 'touch', END]);
    const build = await this.#repo.ended(number);
    assert.deepEqual([build.status, steps(build)], ['success', { waits: 'success 0' }]);
    const log = (await this.#repo.log(build, 'waits')).split('\n');
    const words = log.filter((line) => ['began', 'ended'].includes(line));
    assert.deepEqual(words, ['began', 'ended'], 'it has run once');
  }
}

/** Takes a file out of a folder and of its kustomization.yaml. */
function leaveOut(folder: string, file: string): void {
  rmSync(join(folder, file));
  const list = join(folder, 'kustomization.yaml');
  const lines = readFileSync(list, 'utf8').split('\n');
  const left = lines.filter((line) => !line.endsWith(` ${file}`));
  assert.equal(left.length, lines.length - 1, `${file} was listed`);
  writeFileSync(list, left.join('\n'));
}
