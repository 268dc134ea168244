/** The plug-ins of the runner's configuration, as functions that ask them. */
import type { DaemonConfig, Extension as Endpoint } from '../config/types.ts';
import type { Environment } from '../drone/dispatcher.ts';
import {
  Extension,
  ExtensionError,
  findSecret,
  listRegistries,
  listVariables,
  type ExtensionKind,
  type ExtensionSubject,
  type ExtensionVariable,
  type RegistryCredentials,
} from '../drone/extensions.ts';
import type { ServerSecret } from '../drone/rpc.ts';

/** Each is undefined where no such plug-in is configured, and rejects with an ExtensionError. */
export interface Extensions {
  readonly secret:
    | ((
        wanted: ExtensionSubject & { readonly path: string; readonly name: string },
      ) => Promise<ServerSecret | undefined>)
    | undefined;
  readonly registries:
    ((subject: ExtensionSubject) => Promise<readonly RegistryCredentials[]>) | undefined;
  readonly variables:
    ((subject: ExtensionSubject) => Promise<readonly ExtensionVariable[]>) | undefined;
}

export interface OpenExtensions extends Extensions {
  close(): Promise<void>;
}

/**
 * Opens what is configured; `environment` is where the proxies are looked up. Once the signal is
 * aborted all calls reject with its reason.
 */
export function openExtensions(
  config: DaemonConfig['extensions'],
  environment: Environment,
  signal: AbortSignal,
): OpenExtensions {
  const opened: Extension[] = [];
  const open = (kind: ExtensionKind, endpoint: Endpoint | undefined): Extension | undefined => {
    if (endpoint === undefined) return undefined;
    const { token, skipVerify } = endpoint;
    const options = { endpoint: endpoint.endpoint, token, tls: { skipVerify }, environment };
    const extension = new Extension(kind, options);
    opened.push(extension);
    return extension;
  };
  const secret = open('secret', config.secret);
  const registry = open('registry', config.registry);
  const env = open('env', config.env);
  return {
    secret: secret && (async (wanted) => findSecret(secret, wanted, signal)),
    registries: registry && (async (subject) => listRegistries(registry, subject, signal)),
    variables: env && (async (subject) => listVariables(env, subject, signal)),
    close: async () => {
      await Promise.all(opened.map(async (extension) => extension.close()));
    },
  };
}

/** What a plug-in lists. Where it does not answer the stage goes on without, and is told so. */
export async function listOrWarn<T>(
  list: ((subject: ExtensionSubject) => Promise<readonly T[]>) | undefined,
  subject: ExtensionSubject,
  without: string,
): Promise<{ readonly items: readonly T[]; readonly warnings: readonly string[] }> {
  if (list === undefined) return { items: [], warnings: [] };
  try {
    return { items: await list(subject), warnings: [] };
  } catch (error) {
    if (!(error instanceof ExtensionError)) throw error;
    return { items: [], warnings: [`${error.message}; the stage runs without ${without}`] };
  }
}
