/** The deployment in the hands of Flux or Argo CD, and what has to be true of it with either. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../infra/environments/settings.ts';
import { synth } from '../../infra/synth.ts';
import { ANNOTATION_POD_UID, LABEL_ROLE } from '../../runtime/contract.ts';
import { pipeline, type Repo, steps } from '../e2e/daemon-repo.ts';
import type { Applier } from './engine.ts';
import { changed, nameOf, written } from './objects.ts';
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

export class Deployment {
  readonly #world: World;
  readonly #applier: Applier;
  readonly #repository: ManifestRepository;
  readonly #repo: Repo;
  #environment: Environment;
  #commit = '';

  /** `environment`: what is deployed first; `repo`: with its pipelines the runner is tried. */
  constructor(
    world: World,
    applier: Applier,
    repository: ManifestRepository,
    repo: Repo,
    environment: Environment,
  ) {
    this.#world = world;
    this.#applier = applier;
    this.#repository = repository;
    this.#repo = repo;
    this.#environment = environment;
  }

  /** Begins the names of what Flux or Argo CD is told. */
  get prefix(): string {
    return `${this.#environment.instance}-${this.#environment.name}`;
  }

  /**
   * Brings all of it into the cluster, the first time.
   * @param byHand the folder of the output that is applied by hand
   */
  async deploys(byHand: string): Promise<void> {
    const { rpcSecret } = this.#environment.drone;
    await this.#push('The deployment');
    await this.#applyByHand(byHand);
    // Somebody has to make the Secret, and the namespace for it is of the manifests.
    await this.#world.until(
      'the namespace of the runner',
      () => this.#world.succeeds(['get', 'namespace', NAMESPACES.system]),
      60_000,
      () => this.#applier.explain(this.#commit),
    );
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: rpcSecret.name, namespace: NAMESPACES.system },
      stringData: { [rpcSecret.key]: this.#world.stack.rpcSecret },
    };
    await this.#world.kubectl(['create', '--filename=-'], JSON.stringify(secret));
    await this.#applier.done(this.#commit);
  }

  async comesUp(): Promise<void> {
    await this.#world.until(
      'a Lease of each replica',
      async () => {
        const pods = (await this.#replicas()).map(({ metadata }) => metadata.uid);
        const leases = await this.#world.list(
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

  async builds(): Promise<void> {
    const number = await this.#repo.push(PIPELINE);
    await this.#repo.stepRuns(number, 'waits');
    await this.#end(number);
  }

  /** @param again has it look at everything once more */
  async staysTheSame(again: (commit: string) => Promise<void>): Promise<void> {
    const before = await this.#applier.made();
    assert(before.length > 20, 'most of the objects are found');
    await again(this.#commit);
    assert.deepEqual(written(before, await this.#applier.made()), []);
  }

  async rolls(): Promise<void> {
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
    await this.#applier.reconcile(this.#commit);
    await this.#world.until(
      'no replica of the old setting',
      async () => (await this.#replicas()).every(({ metadata }) => !replicas.has(metadata.uid)),
      60_000,
    );
    await this.comesUp();
    const after = (await this.#podsOfBuild()).map(({ metadata }) => metadata.uid);
    assert.deepEqual(after, [pod.metadata.uid], 'the build goes on in its Pod');
    await this.#end(number);
  }

  /** What is gone from Git is removed, but no namespace. */
  async prunes(): Promise<void> {
    const namespace = async (): Promise<KubeObject | undefined> =>
      (await this.#world.list('namespaces')).find(
        ({ metadata }) => metadata.name === NAMESPACES.trusted,
      );
    const isDaemonSet = ({ kind }: KubeObject): boolean => kind === 'DaemonSet';
    const before = await namespace();
    assert(before !== undefined && (await this.#applier.made()).some(isDaemonSet));
    const { warmUp: _, ...without } = this.#environment;
    this.#environment = without;
    await this.#push('Pull no images ahead, and forget a namespace', (output) =>
      leaveOut(join(output, 'namespaces'), `Namespace.${NAMESPACES.trusted}.k8s.yaml`),
    );
    await this.#applier.reconcile(this.#commit);
    const daemonSets = await this.#world.list('daemonsets', `--namespace=${NAMESPACES.system}`);
    assert.deepEqual(daemonSets.map(nameOf), [], 'what is gone from Git is gone');
    const after = await namespace();
    assert.equal(after?.metadata.uid, before.metadata.uid, 'the namespace is the same');
    assert.equal(after.metadata.deletionTimestamp, undefined, 'and nobody has deleted it');
  }

  /** What was changed by hand. */
  async putsBack(): Promise<void> {
    const before = await this.#applier.made();
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
    await this.#applier.reconcile(this.#commit);
    const after = await this.#applier.made();
    assert.deepEqual(changed(before, after), []);
    assert.deepEqual([...written(before, after)].sort(), [
      `NetworkPolicy ${NAMESPACES.untrusted}/${policy} is another`,
      `Role ${NAMESPACES.untrusted}/${role} is another`,
    ]);
  }

  /** Whole folders: those of the trusted builds, which the runner waits for, and of the balloon. */
  async takesOut(): Promise<void> {
    const { capacity: _capacity, trusted: _trusted, ...without } = this.#environment;
    this.#environment = without;
    await this.#push('No trusted builds, no balloon');
    await this.#applier.reconcile(this.#commit);
    const left = (await this.#applier.made()).filter(
      ({ kind, metadata: { name, namespace } }) =>
        (kind === 'Deployment' && name.endsWith('-balloon')) || namespace === NAMESPACES.trusted,
    );
    assert.deepEqual(left.map(nameOf), []);
    const namespaces = (await this.#world.list('namespaces')).map(({ metadata }) => metadata.name);
    assert(namespaces.includes(NAMESPACES.trusted), 'builds may run on in the namespace');
    await this.builds();
  }

  /**
   * Another namespace, which is more than was allowed in the beginning.
   * @param byHand the folder of the output that allows it
   * @param refused waits until it is refused
   */
  async adds(byHand: string, refused: (commit: string) => Promise<void>): Promise<void> {
    const name = NAMESPACES.exec;
    this.#environment = {
      ...this.#environment,
      execAccess: {
        namespace: name,
        podSecurity: 'baseline',
        subjects: [{ kind: 'Group', name }],
        quota: { pods: 1, cpu: '1', memory: '1Gi' },
      },
    };
    await this.#push('Somebody may run pipelines');
    await refused(this.#commit);
    assert(!(await this.#world.succeeds(['get', 'namespace', name])), 'nothing of it is applied');
    await this.#applyByHand(byHand);
    await this.#applier.done(this.#commit);
    assert(await this.#world.succeeds(['get', 'namespace', name]), 'now it is');
  }

  /** @param takeAway what takes Flux or Argo CD away, as the documents say it */
  async staysWithout(takeAway: () => Promise<void>): Promise<void> {
    const before = await this.#applier.made();
    await takeAway();
    assert.deepEqual(written(before, await this.#applier.made()), []);
  }

  /** Makes the manifests of the settings, and pushes them. */
  async #push(message: string, edit: (output: string) => void = () => undefined): Promise<void> {
    this.#commit = await this.#repository.push(message, (dist) => {
      synth([this.#environment], dist);
      edit(join(dist, this.#environment.name));
    });
  }

  async #applyByHand(folder: string): Promise<void> {
    const path = join(this.#repository.output, this.#environment.name, folder);
    await this.#world.kubectl(['apply', '--kustomize', path]);
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
