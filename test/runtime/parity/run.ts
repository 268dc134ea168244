/**
 * What a runner makes of the pipeline of a folder, in the words of its `expected.yml`.
 *
 * A folder has a `.drone.yml`; maybe a `build.yml` with what differs from a push to `main` of
 * `octocat/hello` (`repo`, `build`, `stage`, `netrc`, `secrets`, `stageName`), the variables of the
 * runner (`runner`), its files by path (`files`) and the answers of its plug-ins (`plugins`); and
 * an `expected.yml` with a part of what `outcomeOf` returns.
 */
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { whyRuns, whySkipped } from '../../../runtime/cli/plan-view.ts';
import { check } from '../../../runtime/cli/pipeline-file.ts';
import type { Container, EphemeralContainer } from '../../../runtime/compile/objects.ts';
import { stepTitle, type SourceStep } from '../../../runtime/compile/plan.ts';
import { substitutionVariables } from '../../../runtime/compile/environment.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import type { ServerSecret } from '../../../runtime/drone/rpc.ts';
import type { BuildContext } from '../../../runtime/drone/types.ts';
import { detailsOf, prepare } from '../runner/prepare-helpers.ts';

export interface Fixture {
  readonly pipeline: string;
  readonly build: BuildFile;
  /** Any YAML. */
  readonly expected: unknown;
}

interface BuildFile {
  readonly repo?: Partial<BuildContext['repo']>;
  readonly build?: Partial<BuildContext['build']>;
  readonly stage?: Partial<BuildContext['stage']>;
  readonly netrc?: BuildContext['netrc'];
  readonly secrets?: readonly ServerSecret[];
  readonly runner?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly dockerConfig?: string;
  readonly plugins?: {
    /** Values by `path/name`. */
    readonly secrets?: Readonly<Record<string, string>>;
    readonly registries?: readonly { address: string; username: string; password: string }[];
    readonly variables?: readonly { name: string; data: string; mask: boolean }[];
  };
}

const isBuildFile = (value: unknown): value is BuildFile =>
  typeof value === 'object' && value !== null;

/** `folder` ends in a slash. */
export async function readFixture(folder: URL): Promise<Fixture> {
  const text = async (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');
  const build: unknown = load(await text('build.yml').catch(() => '{}'));
  if (!isBuildFile(build)) throw new Error(`${folder.pathname}build.yml is no map`);
  return { pipeline: await text('.drone.yml'), build, expected: load(await text('expected.yml')) };
}

export async function outcomeOf({ pipeline, build: file }: Fixture): Promise<unknown> {
  const { runner = {}, files = {}, dockerConfig, plugins = {}, ...context } = file;
  const { secrets, registries, variables } = plugins;
  const details = detailsOf({ ...context, config: pipeline });
  const now = 1_700_000_100;
  const checked = check(pipeline, {
    trusted: details.repo.trusted,
    variables: substitutionVariables(details, { now, global: new Map() }),
  });
  const lint = checked.diagnostics.map(
    ({ severity, code, position }) => `${severity} ${code} ${position.line}:${position.column}`,
  );
  const result = await prepare(details, runner, {
    files,
    now,
    readDockerConfig: async () => dockerConfig,
    extensions: {
      secret:
        secrets &&
        (async ({ path, name }) => {
          const data = secrets[`${path}/${name}`];
          return data === undefined ? undefined : { name, data, pull_request: false };
        }),
      registries: registries && (async () => registries),
      variables: variables && (async () => variables),
    },
  });
  if ('refusal' in result) {
    return { lint, refusal: result.refusal.code, message: result.refusal.message };
  }
  const { stage, warnings, temporaryNamespace } = result;
  return { lint, warnings, temporaryNamespace, ...stageOutcome(stage) };
}

function stageOutcome(stage: CompiledStage): Readonly<Record<string, unknown>> {
  const { plan, pod } = stage;
  const byName = <T>(of: (step: SourceStep) => T): Readonly<Record<string, T>> =>
    Object.fromEntries(plan.steps.map((step) => [stepTitle(step), of(step)]));
  const titles = new Map(plan.steps.map((step) => [step.number, stepTitle(step)]));
  const containerOf = ({ number }: SourceStep): Container | EphemeralContainer | undefined =>
    stage.ephemerals.get(number) ??
    pod.spec.containers.find(({ name }) => name === stage.containers.get(number));
  return {
    namespace: pod.metadata.namespace,
    order: plan.steps.map(stepTitle),
    steps: byName(({ kind, when, failure, detached, waitsFor }) => ({
      kind,
      when,
      failure,
      detached,
      after: waitsFor.map((number) => titles.get(number)),
    })),
    why: byName(whyRuns),
    skipped: Object.fromEntries(plan.skipped.map((step) => [step.name, whySkipped(step)])),
    images: byName(({ number }) => stage.images.get(number)),
    containers: byName(containerOf),
    environment: byName((step) => environmentOf(containerOf(step), stage)),
    scripts: byName(({ number }) => linesOf(stage.files.data[`script-${number}`])),
    coordinator: pod.spec.containers[0],
    pod,
    containerCount: pod.spec.containers.length,
    volumes: Object.fromEntries(pod.spec.volumes.map((volume) => [volume.name, volume])),
    masks: stage.masks,
    missingSecrets: stage.missingSecrets,
    registries: stage.pullSecret && load(stage.pullSecret.stringData['.dockerconfigjson'] ?? '{}'),
  };
}

/** What a script does beside handling the credentials of git. */
const linesOf = (script: string | undefined): readonly string[] | undefined =>
  script
    ?.split('set -e\n')
    .at(-1)
    ?.split('\n')
    .filter((line) => line !== '');

/** As the process sees it: the kubelet resolves references, and what is escaped for it. */
function environmentOf(
  container: EphemeralContainer | undefined,
  { environment, secret }: CompiledStage,
): Readonly<Record<string, string>> {
  const own = (container?.env ?? []).map(({ name, value, valueFrom }) => {
    if (valueFrom === undefined) return [name, (value ?? '').replaceAll('$$', '$')] as const;
    if ('fieldRef' in valueFrom) return [name, `field ${valueFrom.fieldRef.fieldPath}`] as const;
    return [name, `secret ${secret?.stringData[valueFrom.secretKeyRef.key] ?? ''}`] as const;
  });
  return { ...environment.data, ...Object.fromEntries(own) };
}

/**
 * What `expected` speaks of. A key of a map that is not there is null, so that `key: null` says that
 * it is absent.
 */
export function partOf(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual)) {
    const wanted: readonly unknown[] = Array.isArray(expected) ? expected : [];
    return actual.map((item: unknown, index) => partOf(item, wanted[index]));
  }
  if (typeof actual !== 'object' || actual === null) return actual ?? null;
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return actual;
  const values = new Map<string, unknown>(Object.entries(actual));
  return Object.fromEntries(
    Object.entries(expected).map(([key, inner]) => [key, partOf(values.get(key), inner)]),
  );
}
