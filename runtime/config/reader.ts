/** Reads single variables out of an environment and keeps what is wrong with them. */
import { nearest } from '../pipeline/nearest.ts';
import type { Problem } from './problem.ts';
import type { IdleVariable, Variable } from './variable.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Reader {
  /** The value, or the fallback where nothing is set or the value is refused. */
  readonly read: <T>(variable: Variable<T>) => T;
  /** The name under which the variable is set: its own or an alias. */
  readonly nameOf: (variable: Variable) => string;
  readonly refuse: (problem: Problem) => void;
  readonly problems: readonly Problem[];
}

export function createReader(environment: Environment): Reader {
  const problems: Problem[] = [];
  const nameOf = ({ name, aliases }: Variable): string =>
    aliases.find((alias) => valueOf(environment, alias) !== '') ?? name;
  return {
    nameOf,
    problems,
    refuse: (problem) => problems.push(problem),
    read: (variable) => {
      const name = nameOf(variable);
      const text = valueOf(environment, name);
      if (text === '') {
        if (variable.required) problems.push(missing(variable));
        return variable.fallback;
      }
      const parsed = variable.type.parse(text);
      if ('value' in parsed) return parsed.value;
      const { wrong, fix } = parsed;
      problems.push({ code: variable.type.code, variable: name, message: wrong, fix });
      return variable.fallback;
    },
  };
}

/** '' where it is not set. */
function valueOf(environment: Environment, name: string): string {
  const text = environment[name] ?? '';
  // Kubernetes sets this for a Service called `drone-server`, say; nobody meant to configure us.
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(text) ? '' : text;
}

const missing = ({ help, name, type }: Variable): Problem => ({
  code: 'config-required',
  variable: name,
  message: 'is not set',
  fix: `set ${name} (${type.name}): ${help}`,
});

/** Variables that are set and do nothing: the idle ones, and slips of the pen. */
export function warnings(
  environment: Environment,
  variables: readonly Variable[],
  idle: readonly IdleVariable[],
): readonly Problem[] {
  const known = variables.flatMap(({ name, aliases }) => [name, ...aliases]);
  const idleNames = idle.map(({ name }) => name);
  const set = Object.keys(environment).filter((name) => valueOf(environment, name) !== '');
  return [
    ...idle
      .filter(({ name }) => set.includes(name))
      .map(({ name, reason }) => ({
        code: 'config-no-effect',
        variable: name,
        message: 'is set and has no effect',
        fix: `remove it. ${reason}`,
      })),
    ...set
      .filter((name) => ![...known, ...idleNames].includes(name) && !isServiceLink(name))
      .flatMap((name) => unknown(name, known)),
  ];
}

/** Kubernetes describes a service called `drone` in variables such as DRONE_SERVICE_HOST. */
const isServiceLink = (name: string): boolean =>
  /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_|$)|$)/.test(name);

function unknown(name: string, known: readonly string[]): readonly Problem[] {
  const match = /^DRONE_(KUBE_)?(.+)$/.exec(name);
  if (match === null) return [];
  // The prefix is no part of the comparison: it would make everything look alike.
  const rests = known.flatMap((candidate) => /^DRONE_(.+)$/.exec(candidate)?.[1] ?? []);
  const near = nearest(name.slice('DRONE_'.length), rests);
  // Variables of the server often stand beside the ones of the runner.
  if (near === undefined && match[1] === undefined) return [];
  const fix = near === undefined ? 'remove it' : `did you mean DRONE_${near}?`;
  const message = 'is not a variable of this runner and has no effect';
  return [{ code: 'config-unknown', variable: name, message, fix }];
}
