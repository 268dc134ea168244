/** The variables that all containers of a stage share. */
import {
  buildEnvironment,
  LATE_VARIABLES,
  mergeEnvironment,
  proxyEnvironment,
  type Environment,
} from './environment.ts';
import { VOLUMES } from './container.ts';
import { debugEnvironment } from './debug.ts';
import type { CompileInput } from './types.ts';
import { workspaceEnvironment } from './workspace.ts';

export interface SharedEnvironment {
  readonly open: Environment;
  /** Of these no log may show the value; no name is in `open` as well. */
  readonly secret: Environment;
}

/**
 * Everything but what only holds at the moment a step starts. Layers, the lowest first: the
 * runner's variables, its secret ones, parameters of the build, the pipeline, the proxies, the
 * build, the workspace.
 */
export function sharedEnvironment(input: CompileInput, workspace: string): SharedEnvironment {
  const { pipeline, context, now, runner } = input;
  const variables = mergeEnvironment(
    input.globalEnvironment,
    runner.secretEnvironment,
    new Map(Object.entries(context.build.params)),
    pipeline.environment,
    buildEnvironment(context, {
      now,
      proxy: runner.proxy,
      gitTrace: pipeline.clone.trace,
      skipVerify: pipeline.clone.skipVerify,
    }),
    workspaceEnvironment(workspace, VOLUMES.workspace),
    debugEnvironment(input),
  );
  for (const name of LATE_VARIABLES) variables.delete(name);
  const proxies = proxyEnvironment(runner.proxy);
  const open = new Map<string, string>();
  const secret = new Map<string, string>();
  for (const [name, value] of variables) {
    const isSecret =
      runner.secretEnvironment.get(name) === value || (proxies.has(name) && hasPassword(value));
    // Parameters of a build may have any name; what Kubernetes does not take is left out.
    if (isSecret) {
      if (VARIABLE.test(name)) secret.set(name, value);
    } else if (KEY.test(name)) open.set(name, value);
  }
  return { open, secret };
}

/** A key of a ConfigMap. */
const KEY = /^(?!\.$|\.\.)[A-Za-z0-9._-]{1,253}$/;
/** The name of a variable that stands in the Pod itself. */
const VARIABLE = /^(?!\.$|\.\.)[A-Za-z._-][A-Za-z0-9._-]*$/;

/** `http://user:password@proxy:3128`, with or without the scheme. */
const hasPassword = (address: string): boolean => /^(?:[a-z0-9]+:\/\/)?[^/]*@/i.test(address);
