/** The configuration of this process: its environment, its files. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../kube/errors.ts';
import {
  parseConfig,
  parseEnvFile,
  unreadable,
  type ConfigResult,
  type FileContent,
} from './parse.ts';
import type { Problem } from './problem.ts';
import type { Environment } from './reader.ts';
import { SERVER } from './variables.ts';

/**
 * Reads the variables of `environment` and, below them, those of the file `envFile` (`NAME=VALUE`
 * lines), then every file that a variable names. See {@link parseConfig} for the result.
 */
export function loadConfig(environment: Environment, envFile?: string): ConfigResult {
  const machine = { hostname: hostname(), readFile };
  if (envFile === undefined) return parseConfig(environment, machine);
  const content = readFile(envFile);
  if ('reason' in content) {
    return { problems: [unreadable('the command line', envFile, content.reason)] };
  }
  const parsed = parseEnvFile(content.text, envFile, 'the command line');
  if ('problem' in parsed) return { problems: [parsed.problem] };
  const { variables } = parsed;
  const result = parseConfig({ ...Object.fromEntries(variables), ...environment }, machine);
  const name = SERVER.caFile.name;
  if (!variables.has(name) || environment[name] !== undefined || 'problems' in result) {
    return result;
  }
  return { ...result, warnings: [...result.warnings, tooLate(name, envFile)] };
}

/** Node.js has read it before the first line of the program runs. */
const tooLate = (name: string, envFile: string): Problem => ({
  code: 'config-no-effect',
  variable: name,
  message: `is set in ${envFile} and has no effect there`,
  fix: 'set it in the environment of the process',
});

function readFile(path: string): FileContent {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = systemCode(error) ?? 'unknown';
    return { reason: REASONS.get(code) ?? code };
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'permission denied'],
]);
