/** What a run of the reaper did, for people and for machines. Pure. */
import { nameOf } from './names.ts';
import { KINDS, REASONS, type Kind, type Reason, type Thing } from './types.ts';

export const OUTCOMES = [
  'removed',
  /** With `--dry-run`. */
  'would be removed',
  /** The Drone server cannot be told, so it waits for the next run. */
  'kept',
  /** There is no record of it here, and the server says that it runs: somebody else may have it. */
  'in use',
  /** Somebody else was faster: a replica, another reaper, a person. */
  'changed',
  'failed',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface Done {
  readonly reason: Reason;
  /** On the Drone server; undefined for what is of no stage. */
  readonly stage: number | undefined;
  readonly outcome: Outcome;
  /** The stage got its end on the server by this run. */
  readonly closed: boolean;
  /** Removed, or what would be. */
  readonly things: readonly Thing[];
  /** Not removed by this run: gone already, or still there. */
  readonly left: readonly Thing[];
  /** Why it was not removed, or what is not as it should be; '' where there is nothing to say. */
  readonly note: string;
}

export interface ReapReport {
  readonly dryRun: boolean;
  readonly seconds: number;
  readonly done: readonly Done[];
  /** Stages whose owner is gone, but not for long enough. */
  readonly waiting: readonly number[];
  /** What could not be looked at, one sentence each. */
  readonly problems: readonly string[];
  /** Somebody asked it to end before everything was begun. */
  readonly interrupted: boolean;
  /** What has been on its way out for long and does not go, one sentence each. */
  readonly stuck: readonly string[];
  /** To the API server, by verb and resource, such as `DELETE pods`. */
  readonly requests: ReadonlyMap<string, number>;
}

/** Something is left that should not be, and nobody else will care for it. */
export const hasFailed = ({ done, interrupted, problems, stuck }: ReapReport): boolean =>
  interrupted ||
  problems.length + stuck.length > 0 ||
  done.some(({ outcome }) => outcome === 'failed' || outcome === 'kept');

export type Count = 'stages' | 'closed' | Kind;

const COUNTS: readonly Count[] = ['stages', 'closed', ...KINDS];

/** Of what was removed, or would be. Every reason and every count is there: 0 is told too. */
export const countsByReason = (
  done: readonly Done[],
): ReadonlyMap<Reason, ReadonlyMap<Count, number>> =>
  new Map(
    REASONS.map((reason) => {
      const own = done.filter((each) => each.reason === reason);
      return [reason, new Map(COUNTS.map((count) => [count, countOf(own, count)]))] as const;
    }),
  );

function countOf(done: readonly Done[], count: Count): number {
  if (count === 'closed') return done.filter(({ closed }) => closed).length;
  if (count === 'stages') {
    return done.filter((each) => each.stage !== undefined && isRemoval(each)).length;
  }
  return done.flatMap(({ things }) => things).filter(({ kind }) => kind === count).length;
}

const isRemoval = ({ outcome }: Done): boolean =>
  outcome === 'removed' || outcome === 'would be removed';

/** One line of JSON. */
export const jsonReport = (report: ReapReport): string =>
  JSON.stringify({
    dryRun: report.dryRun,
    ok: !hasFailed(report),
    seconds: report.seconds,
    reasons: Object.fromEntries(
      [...countsByReason(report.done)].map(([reason, counts]) => [
        reason,
        Object.fromEntries([...counts].map(([count, value]) => [KEYS[count], value])),
      ]),
    ),
    outcomes: Object.fromEntries(
      OUTCOMES.map((outcome) => [
        outcome,
        report.done.filter((each) => each.outcome === outcome).length,
      ]),
    ),
    waiting: report.waiting,
    problems: report.problems,
    interrupted: report.interrupted,
    stuck: report.stuck,
    requests: Object.fromEntries(report.requests),
    actions: report.done.map(({ reason, stage, outcome, closed, things, left, note }) => ({
      reason,
      ...(stage === undefined ? {} : { stage }),
      outcome,
      closed,
      objects: things.map(nameOf),
      left: left.map(nameOf),
      ...(note === '' ? {} : { note }),
    })),
  });

const KEYS: Readonly<Record<Count, string>> = {
  stages: 'stages',
  closed: 'closed',
  Record: 'records',
  Pod: 'pods',
  ConfigMap: 'configMaps',
  Secret: 'secrets',
  Namespace: 'namespaces',
  Lease: 'leases',
};

/** A table by reason, then what somebody should look at. */
export function textReport(report: ReapReport): string {
  const { done, dryRun, interrupted, problems, requests, seconds, stuck, waiting } = report;
  const header = ['REASON', ...COUNTS.map((count) => KEYS[count].toUpperCase())];
  const rows = [...countsByReason(done)]
    .filter(([, counts]) => [...counts.values()].some((value) => value > 0))
    .map(([reason, counts]) => [reason, ...[...counts.values()].map(String)]);
  const verb = dryRun ? 'would be removed' : 'removed';
  return [
    ...(rows.length === 0 ? [`nothing ${verb}`] : table([header, ...rows])),
    ...done.filter((each) => dryRun || !isRemoval(each) || each.note !== '').map(lineOf),
    ...waiting.map((stage) => `stage ${stage}: its runner is gone; another one may still take it`),
    ...problems.map((problem) => `cannot look: ${problem}`),
    ...stuck,
    ...(interrupted ? ['interrupted: the next run goes on'] : []),
    `${dryRun ? 'dry run, ' : ''}${seconds.toFixed(1)} s, ${sum(requests.values())} API requests`,
    '',
  ].join('\n');
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** Objects of one stage are a handful; a namespace full of them is nothing to read. */
const NAMED = 8;

function lineOf({ left, note, outcome, reason, stage, things }: Done): string {
  const objects = [...things, ...left].map(nameOf);
  const more = objects.length > NAMED ? [`and ${objects.length - NAMED} more`] : [];
  const names = [...objects.slice(0, NAMED), ...more].join(' ');
  const subject = [stage === undefined ? '' : `stage ${stage}`, names].filter(
    (text) => text !== '',
  );
  return `${subject.join(', ')}: ${outcome} (${reason})${note === '' ? '' : `: ${note}`}`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}
