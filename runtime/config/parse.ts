/** From variables to the configuration, or to everything that is wrong with them. */
import { hasErrors, type Diagnostic } from '../pipeline/diagnostics.ts';
import { parseVariables } from '../cli/dotenv.ts';
import { UsageError } from '../cli/usage.ts';
import { IDLE_VARIABLES } from './idle-variables.ts';
import { NAMESPACES, PODS, REGISTRIES, RESOURCES, SECRETS, TMATE } from './pod-variables.ts';
import { parsePolicies } from './policy-file.ts';
import { problemInFile, type Problem } from './problem.ts';
import { createReader, warnings, type Environment, type Reader } from './reader.ts';
import { parseRules } from './rules-file.ts';
import type { DaemonConfig, Extension } from './types.ts';
import type { Variable } from './variable.ts';
import {
  DASHBOARD,
  GROUPS,
  KUBERNETES,
  LIMITS,
  PROXY,
  RUNNER,
  SERVER,
  WAITING,
} from './variables.ts';

/** What the configuration needs to know of the machine. */
export interface Machine {
  readonly hostname: string;
  readonly readFile: (path: string) => FileContent;
}

/** `reason` is the end of a sentence: `there is no such file`. */
export type FileContent = { readonly text: string } | { readonly reason: string };

export type ConfigResult =
  | { readonly config: DaemonConfig; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] };

/**
 * Reads all variables and the files that they name. The result has either the configuration, and
 * what should be looked at all the same, or every problem there is: nothing else is to be done
 * then but to show them. Never throws.
 */
export function parseConfig(environment: Environment, machine: Machine): ConfigResult {
  const reader = createReader(environment);
  const files = new Files(reader, machine);
  const config = assemble(reader, files, machine);
  if (reader.problems.length > 0) return { problems: reader.problems };
  const variables = GROUPS.flatMap((group) => group.variables);
  return {
    config,
    warnings: [...warnings(environment, variables, IDLE_VARIABLES), ...files.warnings],
  };
}

function assemble(reader: Reader, files: Files, { hostname }: Machine): DaemonConfig {
  const { read } = reader;
  const debug = read(RUNNER.debug);
  const trace = read(RUNNER.trace);
  const dump = read(SERVER.dump);
  const dumpBody = read(SERVER.dumpBody);
  files.check(SERVER.caFile);
  return {
    logLevel: trace ? 'trace' : debug ? 'debug' : 'info',
    rpc: {
      server: `${read(SERVER.proto)}://${read(SERVER.host)}`,
      secret: read(SERVER.secret),
      skipVerify: read(SERVER.skipVerify),
      dump: dump ? (dumpBody ? 'bodies' : 'headers') : 'nothing',
      userToken: read(SERVER.token),
    },
    proxy: {
      http: read(PROXY.http),
      https: read(PROXY.https),
      none: read(PROXY.none),
      all: read(PROXY.all),
    },
    runner: {
      name: read(RUNNER.name) ?? hostname,
      capacity: read(RUNNER.capacity),
      namespaceCapacity: read(NAMESPACES.capacity),
      retryLimit: read(RUNNER.retryLimit),
      labels: read(RUNNER.labels),
      environment: new Map([...read(PODS.environment), ...files.variables(PODS.environmentFile)]),
      secrets: read(SECRETS.values),
      volumes: read(PODS.volumes),
      privilegedImages: read(PODS.privilegedImages),
      cards: read(RUNNER.cards),
      coordinatorImage: read(PODS.coordinatorImage),
    },
    limits: {
      repos: read(LIMITS.repos),
      events: read(LIMITS.events),
      trusted: read(LIMITS.trusted),
    },
    resources: {
      request: { cpu: read(RESOURCES.requestCpu), memory: read(RESOURCES.requestMemory) },
      minRequest: { cpu: read(RESOURCES.minRequestCpu), memory: read(RESOURCES.minRequestMemory) },
      limit: { cpu: read(RESOURCES.limitCpu), memory: read(RESOURCES.limitMemory) },
    },
    policies: files.yaml(NAMESPACES.policyFile, parsePolicies)?.policies ?? [],
    allow: read(NAMESPACES.allow),
    namespaces: {
      default: read(NAMESPACES.default),
      rules: new Map([
        ...(files.yaml(NAMESPACES.rulesFile, parseRules)?.rules ?? []),
        ...[...read(NAMESPACES.rules)].map(([name, glob]) => [name, [glob]] as const),
      ]),
    },
    extensions: {
      secret: extension(
        read(SECRETS.secretEndpoint),
        read(SECRETS.secretToken),
        read(SECRETS.secretSkipVerify),
      ),
      registry: extension(
        read(SECRETS.registryEndpoint),
        read(SECRETS.registryToken),
        read(SECRETS.registrySkipVerify),
      ),
      env: extension(
        read(SECRETS.envEndpoint),
        read(SECRETS.envToken),
        read(SECRETS.envSkipVerify),
      ),
    },
    dockerConfig: files.check(SECRETS.dockerConfig),
    registries: { lookUp: read(REGISTRIES.lookUp), mirrors: read(REGISTRIES.mirrors) },
    clone: { image: read(PODS.cloneImage), netrcOnly: read(PODS.netrcCloneOnly) },
    defaults: {
      labels: read(PODS.labels),
      annotations: read(PODS.annotations),
      nodeSelector: read(PODS.nodeSelector),
      serviceAccount: read(PODS.serviceAccount),
    },
    tmate: {
      enabled: read(TMATE.enabled),
      image: read(TMATE.image),
      host: read(TMATE.host),
      port: read(TMATE.port),
      fingerprintRsa: read(TMATE.fingerprintRsa),
      fingerprintEd25519: read(TMATE.fingerprintEd25519),
    },
    dashboard: {
      address: read(DASHBOARD.address),
      username: read(DASHBOARD.username),
      password: read(DASHBOARD.password),
      realm: read(DASHBOARD.realm),
    },
    kube: {
      kubeconfig: files.check(KUBERNETES.kubeconfig),
      qps: read(KUBERNETES.qps),
      burst: read(KUBERNETES.burst),
      namespace: read(KUBERNETES.namespace),
      pod: podOf(reader),
      leaseDurationSeconds: read(KUBERNETES.leaseDuration),
    },
    timeouts: {
      queued: read(WAITING.queued) * 1000,
      unschedulable: read(WAITING.unschedulable) * 1000,
      starting: read(WAITING.starting) * 1000,
    },
  };
}

const extension = (
  endpoint: string | undefined,
  token: string,
  skipVerify: boolean,
): Extension | undefined => (endpoint === undefined ? undefined : { endpoint, token, skipVerify });

/** An owner is told by both, name and uid. */
function podOf({ read, refuse }: Reader): DaemonConfig['kube']['pod'] {
  const name = read(KUBERNETES.podName);
  const uid = read(KUBERNETES.podUid);
  if (name !== undefined && uid !== undefined) return { name, uid };
  if (name === undefined && uid === undefined) return undefined;
  const [set, other] =
    name === undefined
      ? [KUBERNETES.podUid.name, KUBERNETES.podName.name]
      : [KUBERNETES.podName.name, KUBERNETES.podUid.name];
  refuse({
    code: 'config-required',
    variable: other,
    message: `is not set, and ${set} is`,
    fix: 'set both by the downward API (metadata.name, metadata.uid), or none',
  });
  return undefined;
}

/** Files that variables name. */
class Files {
  readonly warnings: Problem[] = [];
  readonly #reader: Reader;
  readonly #machine: Machine;

  constructor(reader: Reader, machine: Machine) {
    this.#reader = reader;
    this.#machine = machine;
  }

  /** The path; undefined where none is set. A file that cannot be read is a problem. */
  check(variable: Variable<string | undefined>): string | undefined {
    return this.#open(variable)?.path;
  }

  yaml<T extends { readonly diagnostics: readonly Diagnostic[] }>(
    variable: Variable<string | undefined>,
    parse: (text: string) => T,
  ): T | undefined {
    const file = this.#open(variable);
    if (file === undefined) return undefined;
    const parsed = parse(file.text);
    for (const diagnostic of parsed.diagnostics) {
      const problem = problemInFile(this.#reader.nameOf(variable), file.path, diagnostic);
      if (diagnostic.severity === 'error') this.#reader.refuse(problem);
      else this.warnings.push(problem);
    }
    return hasErrors(parsed.diagnostics) ? undefined : parsed;
  }

  variables(variable: Variable<string | undefined>): ReadonlyMap<string, string> {
    const file = this.#open(variable);
    if (file === undefined) return new Map();
    const parsed = parseEnvFile(file.text, file.path, this.#reader.nameOf(variable));
    if ('variables' in parsed) return parsed.variables;
    this.#reader.refuse(parsed.problem);
    return new Map();
  }

  #open(
    variable: Variable<string | undefined>,
  ): { readonly path: string; readonly text: string } | undefined {
    const path = this.#reader.read(variable);
    if (path === undefined) return undefined;
    const content = this.#machine.readFile(path);
    if ('text' in content) return { path, text: content.text };
    this.#reader.refuse(unreadable(this.#reader.nameOf(variable), path, content.reason));
    return undefined;
  }
}

export const unreadable = (variable: string, path: string, reason: string): Problem => ({
  code: 'config-file',
  variable,
  message: `names ${path}, which cannot be read: ${reason}`,
  fix: 'name a file that is there and that the runner may read; in a Pod, mount it',
});

/** `variable` is what names the file, for the problem. */
export function parseEnvFile(
  text: string,
  path: string,
  variable: string,
): { readonly variables: ReadonlyMap<string, string> } | { readonly problem: Problem } {
  try {
    return { variables: parseVariables(text, path) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { fix, message } = error;
    return { problem: { code: 'config-env-file', variable, message, fix } };
  }
}
