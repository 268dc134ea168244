import { parseConfig, type ConfigResult, type Machine } from '../../../runtime/config/parse.ts';
import type { Problem } from '../../../runtime/config/problem.ts';
import type { Environment } from '../../../runtime/config/reader.ts';
import type { DaemonConfig } from '../../../runtime/config/types.ts';
import type { BuildInputs } from '../../../runtime/pipeline/conditions.ts';

/** The least that makes a configuration. */
export const MINIMUM: Environment = { DRONE_RPC_HOST: 'drone.example.com', DRONE_RPC_SECRET: 's' };

export const machineWith = (files: Readonly<Record<string, string>> = {}): Machine => ({
  hostname: 'machine-1',
  readFile: (path) => {
    const text = files[path];
    return text === undefined ? { reason: 'there is no such file' } : { text };
  },
});

export const parse = (
  environment: Environment,
  files: Readonly<Record<string, string>> = {},
): ConfigResult => parseConfig({ ...MINIMUM, ...environment }, machineWith(files));

/** The configuration; throws where there are problems. */
export function configOf(
  environment: Environment,
  files: Readonly<Record<string, string>> = {},
): DaemonConfig {
  const result = parse(environment, files);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** Empty where there are none. */
export function problemsOf(
  environment: Environment,
  files: Readonly<Record<string, string>> = {},
): readonly Problem[] {
  const result = parse(environment, files);
  return 'problems' in result ? result.problems : [];
}

export function warningsOf(
  environment: Environment,
  files: Readonly<Record<string, string>> = {},
): readonly Problem[] {
  const result = parse(environment, files);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.warnings;
}

/** A push to `main` of `octocat/hello`. */
export const buildOf = (build: Partial<BuildInputs> = {}): BuildInputs => ({
  action: '',
  branch: 'main',
  cron: '',
  event: 'push',
  instance: 'drone.example.com',
  ref: 'refs/heads/main',
  repo: 'octocat/hello',
  target: '',
  ...build,
});
