/** What else goes wrong while builds run and replicas die. */
import { setTimeout as delay } from 'node:timers/promises';
import { node } from '../steps.ts';
import type { Fault as ProxyFault } from '../stack/fault-proxy.ts';
import { server } from '../stack/stack.ts';
import { ownLayout } from '../cluster/settings.ts';
import { recordFile } from '../cluster/lifecycle.ts';
import { stop } from '../cluster/processes.ts';
import type { Random } from './random.ts';
import { elsewhere } from './scenarios.ts';
import type { World } from './world.ts';

export interface Fault {
  readonly name: string;
  /** One line. */
  readonly help: string;
  /** Others who use the cluster or the server notice it. */
  readonly isShared: boolean;
  /** Does it, and undoes it. */
  run(setting: FaultSetting): Promise<void>;
}

export interface FaultSetting {
  readonly world: World;
  readonly random: Random;
  /** Milliseconds of an outage. */
  readonly ms: number;
  /** A stage with this id may now end as an error. */
  readonly disturb: (stage: number) => void;
  /** Builds of this scenario may end as errors, until the function that is returned is called. */
  readonly outage: (scenario: string) => () => void;
}

/** Each request to Drone goes wrong for a while, in turns with short times of peace. */
const atDrone = (name: string, help: string, fault: ProxyFault): Fault => ({
  name,
  help: `Drone ${help}`,
  isShared: false,
  run: async ({ world, ms }) => {
    world.proxy.disturb(() => fault);
    await delay(ms);
    world.proxy.pass();
  },
});

/** A Pod, a Secret, a record of some stage that runs, one every few seconds. */
const deleting = (name: string, kind: string, selector: string): Fault => ({
  name,
  help: `somebody deletes the ${name} of running stages`,
  isShared: false,
  run: async ({ world, random, ms, disturb }) => {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      await delay(random.whole(1_000, 4_000));
      const list = await world.kubectl(`-n ${world.namespace} get ${kind} -l ${selector} -o name`);
      const names = list.split('\n').filter((line) => line !== '');
      const [first, ...others] = names;
      if (first === undefined) continue;
      const chosen = random.pick([first, ...others]);
      const stage = stageOf(chosen);
      if (stage !== undefined) disturb(stage);
      await world.kubectl(`-n ${world.namespace} delete ${chosen} --wait=false --ignore-not-found`);
    }
  },
});

/** The stage that an object of the runner is named for. */
const stageOf = (name: string): number | undefined => {
  const [, id] = /\/drone-(?:stage-)?[0-9a-f]{10}-(\d+)/.exec(name) ?? [];
  return id === undefined ? undefined : Number(id);
};

/** `disturbs`: it may take steps and lines of logs with it, which nobody can bring back. */
const restarting = (component: string, disturbs: boolean): Fault => ({
  name: component,
  help: `the ${component} is restarted, three times`,
  isShared: true,
  run: async ({ world, ms, disturb }) => {
    for (let times = 0; times < 3; times += 1) {
      const list = `-n ${world.namespace} get configmaps -l drone-kube.io/role=record -o name`;
      const before = disturbs ? await world.kubectl(list) : '';
      await cluster('restart', component);
      const after = disturbs ? await world.kubectl(list) : '';
      for (const name of `${before}\n${after}`.split('\n')) {
        const stage = stageOf(name);
        if (stage !== undefined) disturb(stage);
      }
      await delay(ms / 3);
    }
  },
});

async function cluster(...args: string[]): Promise<void> {
  const code = await node(['test/cluster/main.ts', ...args]);
  if (code !== 0) throw new Error(`npm run cluster -- ${args.join(' ')}: code ${code}`);
}

const STAGES = 'drone-kube.io/origin=daemon';

export const FAULTS: readonly Fault[] = [
  {
    name: 'drone-down',
    help: 'the Drone server is down',
    isShared: true,
    run: async ({ ms }) => {
      await server('drone').stop();
      await delay(ms);
      await server('drone').start();
    },
  },
  atDrone('drone-500', 'answers 500', { kind: 'answer', status: 500, body: 'database is locked' }),
  atDrone('drone-502', 'answers 502', { kind: 'answer', status: 502, body: '<html>' }),
  atDrone('drone-409', 'answers 409', { kind: 'answer', status: 409 }),
  atDrone('drone-204', 'answers 204', { kind: 'answer', status: 204 }),
  atDrone('drone-garbage', 'answers garbage', { kind: 'garbage' }),
  atDrone('drone-hang', 'does not answer', { kind: 'hang' }),
  atDrone('drone-lost', 'does what it is asked, and its answers are lost', { kind: 'lost' }),
  {
    name: 'apiserver',
    help: 'the API server is down',
    isShared: true,
    run: async ({ ms }) => {
      await stop(recordFile(ownLayout().state, 'kube-apiserver'), 5_000);
      await delay(ms);
      await cluster('up');
    },
  },
  restarting('kubelet', false),
  restarting('containerd', true),
  deleting('pod', 'pods', STAGES),
  deleting('secret', 'secrets', STAGES),
  deleting('record', 'configmaps', 'drone-kube.io/role=record'),
  {
    name: 'namespace',
    help: 'somebody deletes the namespace of running stages, and makes it again',
    isShared: false,
    run: async ({ world, ms, outage }) => {
      const { otherNamespace } = world.place;
      await delay(ms / 4);
      // A stage that begins meanwhile is refused: nothing can be made in a namespace that goes.
      const over = outage(elsewhere.name);
      await world.kubectl(`delete namespace ${otherNamespace}`);
      await world.kubectl(`create namespace ${otherNamespace}`);
      over();
    },
  },
];
