/**
 * `npm run bench:runner`: one replica of the built program between a real Drone server and a real
 * cluster, beside what drone-runner-kube took on the same kind of machine. Needs the cluster
 * and the stack. Times begin with the request that makes a build and end when the
 * server shows its end, looked at every 20 ms, so the server's own share is in them; the last rows
 * tell how large it is. `-- --json` prints one object; `-- --runs N` (5) repeats everything.
 */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildProgram } from '../build.ts';
import { openBench, type Values } from './runner-cases.ts';

interface Row {
  /** Key of the JSON object. */
  readonly key: string;
  readonly what: string;
  readonly case: string;
  readonly value: string;
  readonly unit: string;
  readonly goal?: number;
  /** Measured of drone-runner-kube; a text where it is no number. */
  readonly original?: number | string;
}

const ROWS: readonly Row[] = [
  row('accepted_s', 'build created → stage accepted', 'one', 'accepted', 's', undefined, '0.1-7'),
  row('pod_s', 'build created → Pod created', 'one', 'pod', 's'),
  row('one_step_s', '1 step, created → finished', 'one', 'seconds', 's', 1.5, 2.1),
  row('ten_steps_s', '10 steps', 'ten', 'seconds', 's', 2.5, 30.6),
  row('thirty_steps_s', '30 steps', 'thirty', 'seconds', 's', 5, 76),
  row('clone_and_three_s', 'clone + 3 steps', 'clone', 'seconds', 's', 3, 9.5),
  row('api_requests', 'API requests, 10 steps', 'ten', 'requests', '', 10, 27),
  row('log_streams', 'log streams, 10 steps', 'ten', 'logs', '', 11, 10),
  row('cancel_deleted_s', 'cancel → Pod deletion asked', 'cancel', 'deleted', 's', undefined, 5.1),
  row('cancel_gone_s', 'cancel → Pod gone', 'cancel', 'gone', 's', 2, 36),
  row('crowd_s', '20 builds of 5 steps at once', 'crowd', 'seconds', 's', 20, 87),
  row('crowd_cpu_s', '  CPU of the runner', 'crowd', 'cpu', 's', 2.5, 5),
  row('crowd_memory_mb', '  its memory at most', 'crowd', 'memory', 'MB', 100, 67),
  row('server_one_s', 'server alone, 1 step', 'alone1', 'seconds', 's'),
  row('server_ten_s', 'server alone, 10 steps', 'alone10', 'seconds', 's'),
];

function row(
  key: string,
  what: string,
  name: string,
  value: string,
  unit: string,
  goal?: number,
  original?: number | string,
): Row {
  return {
    key,
    what,
    case: name,
    value,
    unit,
    ...(goal === undefined ? {} : { goal }),
    ...(original === undefined ? {} : { original }),
  };
}

/** How often the crowd is run: it takes as long as all the others. */
const CROWDS = 3;
const CROWD_PAUSE_MS = 10_000;

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

function median(values: readonly number[]): number {
  const all = sorted(values);
  const at = (index: number): number => all[Math.floor(index)] ?? Number.NaN;
  return (at((all.length - 1) / 2) + at(all.length / 2)) / 2;
}

const round = (value: number): number => Math.round(value * 100) / 100;

function report(measured: ReadonlyMap<string, readonly Values[]>): readonly string[] {
  const header = ['', 'median', 'min-max', 'goal', 'drone-runner-kube'];
  const lines = ROWS.map(({ what, unit, goal, original, ...each }) => {
    const values = sorted(valuesOf(measured, each));
    const got = median(values);
    const isMissed = goal !== undefined && got > goal;
    return [
      what,
      `${round(got)} ${unit}`.trim(),
      `${round(values[0] ?? Number.NaN)}-${round(values.at(-1) ?? Number.NaN)}`,
      goal === undefined ? '' : `${goal}${isMissed ? ' missed' : ''}`,
      original === undefined ? '' : `${original} ${unit}`.trim(),
    ];
  });
  return [header, ...lines].map(([what = '', got = '', spread = '', goal = '', original = '']) =>
    [
      what.padEnd(32),
      got.padStart(10),
      spread.padStart(14),
      goal.padStart(12),
      original.padStart(19),
    ].join(''),
  );
}

const valuesOf = (
  measured: ReadonlyMap<string, readonly Values[]>,
  { case: name, value }: Pick<Row, 'case' | 'value'>,
): number[] => (measured.get(name) ?? []).map((each) => each[value] ?? 0);

/** API requests of the ten steps by verb and resource, medians. */
function byVerb(measured: ReadonlyMap<string, readonly Values[]>): Record<string, number> {
  const runs = measured.get('ten') ?? [];
  const names = [...new Set(runs.flatMap((each) => Object.keys(each)))];
  return Object.fromEntries(
    names
      .filter((name) => name.includes(' '))
      .sort()
      .map((name) => [name, median(runs.map((each) => each[name] ?? 0))]),
  );
}

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } },
});
await buildProgram();
const bench = await openBench();
const measured = new Map<string, Values[]>();
const run = async (name: string): Promise<void> => {
  const values = await bench.cases[name]?.();
  if (values !== undefined) measured.set(name, [...(measured.get(name) ?? []), values]);
};
const [load = 0] = loadavg();
const machine = `${availableParallelism()} cores, load ${load.toFixed(1)} before`;
try {
  // Pulls the images and warms both servers up, so that no run is a cold one.
  await bench.cases['clone']?.();
  const runs = Number(options.runs);
  for (let turn = 0; turn < runs; turn += 1) {
    for (const name of Object.keys(bench.cases)) if (name !== 'crowd') await run(name);
  }
  // At the end, and not one after the other: a kubelet has to clear away after so many Pods.
  for (let turn = 0; turn < Math.min(runs, CROWDS); turn += 1) {
    await delay(CROWD_PAUSE_MS);
    await run('crowd');
  }
} finally {
  await bench.close();
}
if (options.json === true) {
  const result = ROWS.map((each) => [each.key, round(median(valuesOf(measured, each)))] as const);
  const more = { api_requests_by_verb: byVerb(measured), load_before: load };
  process.stdout.write(`${JSON.stringify({ ...Object.fromEntries(result), ...more })}\n`);
} else {
  const verbs = Object.entries(byVerb(measured)).map(([what, count]) => `${what} ${count}`);
  process.stdout.write(
    `${report(measured).join('\n')}\n\nAPI requests: ${verbs.join(', ')}\n${machine}; times are of little worth where others work on the machine\n`,
  );
}
