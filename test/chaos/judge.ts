/** Holds what became of a build against what was to become of it. Pure. */
import type { ApiBuild, ApiLine, ApiStage, ApiStep } from '../stack/drone-api.ts';
import type { ExpectedBuild, ExpectedStage, ExpectedStep } from './expected.ts';

export interface Found {
  readonly build: ApiBuild;
  /** Logs by `stage/step`, by number; undefined where there is none. */
  readonly logs: ReadonlyMap<string, readonly ApiLine[] | undefined>;
  /** How often each step said that it runs. */
  readonly hits: ReadonlyMap<string, number>;
  /** Somebody cancelled it, and Drone agreed. */
  readonly isCancelled: boolean;
  /** The cluster may have ended it: an error with its reason is right, too. */
  readonly isDisturbed: boolean;
}

/** Values that no log may show. */
export type Secrets = readonly string[];

/** What is wrong, a line for each. */
export function judge(found: Found, expected: ExpectedBuild, secrets: Secrets): readonly string[] {
  const { build } = found;
  const always = [
    ...(build.finished > 0 ? [] : [`the build never ends: ${build.status}`]),
    ...build.stages.flatMap(unfinished),
    ...[...found.logs].flatMap(([name, lines]) => oddLog(name, lines ?? [], secrets)),
  ];
  if (found.isCancelled) return [...always, ...judgeCancelled(found)];
  if (found.isDisturbed) return [...always, ...judgeDisturbed(found, expected)];
  return [...always, ...judgeExactly(found, expected)];
}

function judgeExactly(found: Found, expected: ExpectedBuild): readonly string[] {
  const { build, hits } = found;
  return [
    ...different('build', build.status, expected.status),
    ...Object.entries(expected.stages).flatMap(([name, wanted]) => {
      const stage = build.stages.find((each) => each.name === name);
      return stage === undefined
        ? [`stage ${name}: there is none`]
        : judgeStage(stage, wanted, found);
    }),
    ...expected.hits.flatMap((step) =>
      different(`step ${step}: times it ran`, hits.get(step) ?? 0, 1),
    ),
  ];
}

function judgeStage(stage: ApiStage, wanted: ExpectedStage, found: Found): readonly string[] {
  const steps = stage.steps ?? [];
  const what = `stage ${stage.name}`;
  const errors = stage.error === undefined || stage.error === '' ? '' : ` (${stage.error})`;
  return [
    ...different(what, `${stage.status}${errors}`, wanted.status),
    ...different(
      `${what}: its steps`,
      steps.map(({ name }) => name).sort(),
      Object.keys(wanted.steps).sort(),
    ),
    ...steps.flatMap((step) => {
      const expected = wanted.steps[step.name];
      if (expected === undefined) return [];
      const log = found.logs.get(`${stage.number}/${step.number}`);
      return judgeStep(`step ${stage.name}/${step.name}`, step, expected, log);
    }),
  ];
}

function judgeStep(
  what: string,
  step: ApiStep,
  expected: ExpectedStep,
  log: readonly ApiLine[] | undefined,
): readonly string[] {
  const error = step.error === undefined || step.error === '' ? '' : ` (${step.error})`;
  return [
    ...different(what, `${step.status}${error}`, expected.status),
    ...different(`${what}: exit code`, step.exit_code, expected.exitCode),
    ...judgeLog(what, log, expected.log),
  ];
}

function judgeLog(
  what: string,
  log: readonly ApiLine[] | undefined,
  wanted: ExpectedStep['log'],
): readonly string[] {
  if (wanted === 'some') return [];
  if (wanted === 'none') return log === undefined ? [] : [`${what}: it has a log of skipped work`];
  if (log === undefined) return [`${what}: it has no log`];
  const lines = log.map(({ out }) => out.replace(/\n$/, '')).filter((line) => !isNote(line));
  const at = wanted.findIndex((line, index) => line !== lines[index]);
  if (at < 0 && lines.length === wanted.length) return [];
  const place = at < 0 ? wanted.length : at;
  return [
    `${what}: its log has ${lines.length} lines of ${wanted.length}, other from line ${place + 1}: ` +
      `${quoted(lines[place])} for ${quoted(wanted[place])}`,
  ];
}

/** Words of the runner itself, of which nobody knows beforehand whether there are any. */
const isNote = (line: string): boolean => line.startsWith('[drone-kube] ');

function oddLog(name: string, lines: readonly ApiLine[], secrets: Secrets): readonly string[] {
  const text = lines.map(({ out }) => out).join('');
  const notes = lines.map(({ out }) => out).filter(isNote);
  const hole = lines.findIndex(({ pos }, index) => pos !== index);
  return [
    ...secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `log ${name}: it shows the secret ${secret.slice(0, 3)}…`),
    ...(hole < 0 ? [] : [`log ${name}: line ${hole + 1} has the position ${lines[hole]?.pos}`]),
    ...notes
      .filter((note, index) => notes.indexOf(note) !== index)
      .map((note) => `log ${name}: it says twice: ${note.trim()}`),
  ];
}

const FINAL: ReadonlySet<string> = new Set(['success', 'failure', 'killed', 'error', 'skipped']);

const unfinished = (stage: ApiStage): readonly string[] => [
  ...(FINAL.has(stage.status) ? [] : [`stage ${stage.name}: it never ends: ${stage.status}`]),
  ...(stage.steps ?? [])
    .filter(({ status }) => !FINAL.has(status))
    .map(({ name, status }) => `step ${stage.name}/${name}: it never ends: ${status}`),
];

/** What was over before it was cancelled stays as it was. */
function judgeCancelled({ build }: Found): readonly string[] {
  const ends = new Set(['killed', 'success', 'skipped']);
  return [
    ...different('cancelled build', build.status, 'killed'),
    ...build.stages
      .flatMap((stage) => [stage, ...(stage.steps ?? [])])
      .filter(({ status }) => !ends.has(status))
      .map(({ name, status }) => `cancelled ${name}: ${status} for killed`),
  ];
}

const WITHHELD = 'the logs are withheld';

/** The cluster did something to it: either nobody notices, or it is an error that says why. */
function judgeDisturbed(found: Found, expected: ExpectedBuild): readonly string[] {
  const exact = judgeExactly(found, expected);
  const isWithheld = [...found.logs.values()].some((lines) =>
    lines?.some(({ out }) => out.includes(WITHHELD)),
  );
  // Without the Secret nobody can hide what no log may show.
  const beyondLogs = exact.filter((line) => !isWithheld || !line.includes(' its log has 0 lines'));
  if (beyondLogs.length === 0) return [];
  const told = found.build.stages.some(({ status, error = '' }) => status === 'error' && error);
  // An earlier stage that failed by itself gives the build its status, beside one that was killed.
  const isEnd = ['error', 'failure'].includes(found.build.status);
  const isTwice = exact.some((line) => /times it ran: (?!0|1 )/.test(line));
  return isEnd && told && !isTwice
    ? []
    : ['disturbed, and neither as expected nor an error with its reason:', ...exact];
}

function different(what: string, got: unknown, wanted: unknown): readonly string[] {
  const [is, should] = [JSON.stringify(got), JSON.stringify(wanted)];
  return is === should ? [] : [`${what}: ${is} for ${should}`];
}

const quoted = (line: string | undefined): string =>
  line === undefined ? 'nothing' : JSON.stringify(line.slice(0, 100));
