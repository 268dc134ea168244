/**
 * `npm run bench:reap`: the reaper among 1 000 stranded and 1 000 live objects of every kind, on the
 * real cluster. Needs the cluster and the stack. 100 of the stages are real ones of the Drone server;
 * a double answers for the others. Ends with 1 where anything is left that should be gone, gone that
 * should be left, or later than a minute; cleans up after itself on Ctrl-C as well.
 *
 * `-- --count N` (1000) of each kind; `-- --namespaces N` (as many), which a cluster takes some
 * minutes to remove; `-- --reapers 2` at the same time; `-- --qps N` (200).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildProgram } from '../build.ts';
import { openDaemons } from '../e2e/daemon.ts';
import { openStrandedObjects, type StrandedObjects } from '../e2e/reap-objects.ts';
import { reap, type Reaped } from '../e2e/reap-run.ts';
import { openFaultProxy } from '../stack/fault-proxy.ts';
import { beginStages, openDouble } from './reap-drone.ts';

const REAL = 100;
const LIMIT_SECONDS = 60;
/** For the namespaces to be gone, once all of them were told to. */
const CLUSTER_LIMIT_MS = 900_000;
const KINDS = ['records', 'leases', 'pods', 'configMaps', 'secrets', 'namespaces'] as const;
/** How the requests to the API server name them. */
const RESOURCES: Readonly<Record<(typeof KINDS)[number], string>> = {
  records: 'configmaps',
  leases: 'leases',
  pods: 'pods',
  configMaps: 'configmaps',
  secrets: 'secrets',
  namespaces: 'namespaces',
};

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    namespaces: { type: 'string' },
    reapers: { type: 'string', default: '1' },
    qps: { type: 'string', default: '200' },
  },
});
const count = Number(values.count);
const namespaces = Number(values.namespaces ?? count);
const real = Math.min(REAL, Math.floor(count / 2));
const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => ended.abort(new Error(`${signal}: cleaning up`)));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const removedOf = (runs: readonly Reaped[], kind: string): number =>
  sum(runs.flatMap(({ report }) => Object.values(report.reasons).map((each) => each[kind] ?? 0)));

/** A Pod takes a second to go: of two reapers, both may be told that they have removed it. */
function isRemoved(runs: readonly Reaped[], kind: (typeof KINDS)[number]): boolean {
  const wanted = kind === 'namespaces' ? namespaces : count;
  const removed = removedOf(runs, kind);
  return runs.length === 1 ? removed === wanted : removed >= wanted;
}

function table(runs: readonly Reaped[], live: Readonly<Record<string, number>>): string {
  const rows = KINDS.map((kind) => {
    const resource = RESOURCES[kind];
    const requests = runs.flatMap(({ report }) =>
      Object.entries(report.requests)
        .filter(([what]) => what.split(' ')[1] === resource)
        .map(([, requestCount]) => requestCount),
    );
    const isCounted = kind !== 'configMaps' && kind !== 'records';
    const left = live[resource] ?? 0;
    // Records are ConfigMaps: the cluster counts both together.
    const both = isCounted
      ? [`${left}`, `${sum(requests)}`]
      : kind === 'records'
        ? [`${left} with`, `${sum(requests)} with`]
        : ['them', 'them'];
    return [kind, `${removedOf(runs, kind)}`, ...both];
  });
  return [['kind', 'removed', 'live left', 'API requests'], ...rows]
    .map((cells) =>
      cells.map((cell, index) => (index === 0 ? cell.padEnd(12) : cell.padStart(14))).join(''),
    )
    .join('\n');
}

async function measure(): Promise<readonly string[]> {
  const made = await openDaemons('bench-reap');
  const proxy = await openFaultProxy(made.stack.drone);
  let objects: StrandedObjects | undefined;
  try {
    const double = openDouble(proxy, count - real);
    const repo = await made.repo();
    say(`making ${real} builds of the Drone server`);
    const begun = await beginStages(
      { api: made.api, stack: made.stack, label: made.label, repo },
      real,
    );
    say(`making ${count} stranded and ${count} live objects of each kind`);
    const began = performance.now();
    objects = await openStrandedObjects(made, count, {
      namespaces,
      server: proxy.url,
      stages: [...begun.stages, ...double.stages],
      signal: ended.signal,
    });
    say(`made in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    await delay(2_500);
    const environment = {
      DRONE_RPC_HOST: new URL(proxy.url).host,
      DRONE_KUBE_CLIENT_QPS: values.qps,
    };
    const told = performance.now();
    const runs = await Promise.all(
      Array.from({ length: Number(values.reapers) }, async () =>
        reap(made, ['--grace', '2s'], environment),
      ),
    );
    ended.signal.throwIfAborted();
    const left = await objects.stranded();
    const live = await objects.live();
    const closed = { real: await begun.closed(), double: double.closed() };
    process.stdout.write(`${table(runs, live)}\n`);
    for (const { code, cpu, peak, report } of runs) {
      const requests = sum(Object.values(report.requests));
      process.stdout.write(
        `exit ${code}, ${report.seconds.toFixed(1)} s, CPU ${cpu.toFixed(1)} s, ${requests} API requests, ${peak.toFixed(0)} MB at most\n`,
      );
    }
    process.stdout.write(
      `closed on the server with the reason: ${closed.real} of ${real} real builds, ${closed.double} of ${count - real} of the double\n`,
    );
    const wrong = [
      ...runs.flatMap(({ code, report }) =>
        code === 0
          ? []
          : [`exit ${code}: ${[...report.problems, ...report.stuck, ...notes(report)].join('; ')}`],
      ),
      ...runs.flatMap(({ report }) =>
        // Several have one machine and one API server between them.
        report.seconds < LIMIT_SECONDS * runs.length ? [] : [`it took ${report.seconds} s`],
      ),
      ...(left === 0 ? [] : [`${left} stranded objects are left`]),
      ...(JSON.stringify(live) === JSON.stringify(objects.liveBefore)
        ? []
        : [`live before ${JSON.stringify(objects.liveBefore)}, now ${JSON.stringify(live)}`]),
      ...KINDS.filter((kind) => !isRemoved(runs, kind)).map(
        (kind) => `the reports count ${removedOf(runs, kind)} ${kind} as removed`,
      ),
      ...(closed.real === real && closed.double === count - real
        ? []
        : ['not all builds are closed']),
    ];
    // Those that nobody has told to go would not.
    if (left > 0) return wrong;
    while ((await objects.strandedNamespaces()) > 0) {
      if (performance.now() - told > CLUSTER_LIMIT_MS) {
        wrong.push(`${await objects.strandedNamespaces()} namespaces are not gone yet`);
        break;
      }
      await delay(500, undefined, { signal: ended.signal });
    }
    const gone = ((performance.now() - told) / 1000).toFixed(0);
    process.stdout.write(`the cluster had the namespaces removed ${gone} s after the start\n`);
    return wrong;
  } finally {
    say('cleaning up');
    await objects?.close();
    await made.close();
    await proxy.close();
  }
}

/** What went wrong, each text once. */
const notes = ({ actions }: Reaped['report']): readonly string[] =>
  [
    ...new Set(
      actions.flatMap(({ note, outcome }) => (note === undefined ? [] : [`${outcome}: ${note}`])),
    ),
  ].slice(0, 5);

await buildProgram();
try {
  const wrong = await measure();
  for (const text of wrong) say(`wrong: ${text}`);
  if (wrong.length > 0) process.exitCode = 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = ended.signal.aborted ? 130 : 1;
}
