/** What is too large for the API server, told before anything is created. Pure. */
import type { ConfigMap, Secret } from './objects.ts';
import { scriptFile } from './plan.ts';
import type { CompiledStage } from './types.ts';

/** Bytes of all values of a ConfigMap or a Secret together: a limit of Kubernetes. */
const LIMIT = 1_048_576;

export interface TooLarge {
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
}

/** `undefined` where every object of the stage fits. */
export function tooLarge(stage: CompiledStage): TooLarge | undefined {
  const { files, environment, secret } = stage;
  const scripts = bytes(files.data);
  if (scripts > LIMIT) {
    const sizes = stage.plan.steps.map((step) => ({
      step,
      size: Buffer.byteLength(files.data[scriptFile(step)] ?? ''),
    }));
    const { step, size } = sizes.reduce((a, b) => (b.size > a.size ? b : a));
    return {
      message: `the scripts of all steps together have ${beyond(scripts)}; step "${step.name}" alone has ${size}. A script holds each command twice, once to show it`,
      fix: 'move long commands into files of the repository, and run those',
    };
  }
  return (
    problem(environment, 'the variables that all steps share', 'bring long values in files') ??
    problem(secret, 'the secrets', 'leave out secrets that no step needs')
  );
}

function problem(
  object: ConfigMap | Secret | undefined,
  what: string,
  fix: string,
): TooLarge | undefined {
  if (object === undefined) return undefined;
  const size = bytes(object.kind === 'Secret' ? object.stringData : object.data);
  return size > LIMIT ? { message: `${what} have ${beyond(size)}`, fix } : undefined;
}

const bytes = (data: Readonly<Record<string, string>>): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);

const beyond = (size: number): string =>
  `${size} bytes, more than the ${LIMIT} (1 MiB) that Kubernetes takes`;
