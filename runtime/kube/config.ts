/** Where the cluster is and who we are: a kubeconfig as kubectl reads it, or the Pod's own account. */
import type { KubeConfig, RequestContext } from '@kubernetes/client-node';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeError, systemCode } from './errors.ts';

export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** `Authorization` and `Impersonate-User`, as far as the user has them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
}

export interface KubeAccess {
  /** Base URL without a slash at the end. */
  readonly server: string;
  /** The namespace of the context; `default` where it names none. */
  readonly namespace: string;
  /**
   * Asked for before each request, so that tokens and certificates that expire are replaced:
   * token files are read again after a minute, credential plugins run again when their
   * credential has expired.
   */
  credentials(): Promise<Credentials>;
}

export interface LoadConfigOptions {
  /** A path; instead of `KUBECONFIG` and `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** Instead of `current-context`. */
  readonly context?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly serviceAccountDirectory?: string;
}

/**
 * Looks, like kubectl, at the given file, the files of `KUBECONFIG` (the first to define a name
 * wins, missing files are skipped), `~/.kube/config`, and last at the Pod's service account.
 * Loads the client library only now, because it costs half a second and 40 MB.
 *
 * Throws a KubeError: `kube-config-missing`, `-invalid`, `-context` or `-proxy`.
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<KubeAccess> {
  const environment = options.environment ?? process.env;
  const files = kubeconfigFiles(options.kubeconfig, environment);
  const library = await import('./library.ts');
  const newRequest = (server: string): RequestContext =>
    new library.RequestContext(server, library.HttpMethod.GET);
  if (files.length > 0) {
    const config = mergeFiles(files, () => new library.KubeConfig());
    return accessFrom(config, options.context ?? config.currentContext, newRequest);
  }
  const config = new library.KubeConfig();
  const directory =
    options.serviceAccountDirectory ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  loadServiceAccount(config, environment, directory);
  return accessFrom(config, config.currentContext, newRequest);
}

function kubeconfigFiles(
  explicit: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (explicit !== undefined) return [explicit];
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    const present = listed.filter((file) => existsSync(file));
    if (present.length > 0) return present;
    throw new KubeError(
      'kube-config-missing',
      `KUBECONFIG names ${listed.join(', ')}, which does not exist; correct or unset it`,
    );
  }
  const standard = join(environment['HOME'] ?? homedir(), '.kube', 'config');
  return existsSync(standard) ? [standard] : [];
}

function mergeFiles(files: readonly string[], create: () => KubeConfig): KubeConfig {
  const parts = files.map((file) => {
    const part = create();
    try {
      part.loadFromFile(file);
    } catch (error) {
      throw unreadable(file, error);
    }
    return part;
  });
  const merged = create();
  merged.loadFromOptions({
    clusters: firstByName(parts.flatMap((part) => part.clusters)),
    users: firstByName(parts.flatMap((part) => part.users)),
    contexts: firstByName(parts.flatMap((part) => part.contexts)),
    currentContext: parts.map((part) => part.currentContext).find((name) => Boolean(name)) ?? '',
  });
  return merged;
}

function unreadable(file: string, error: unknown): KubeError {
  const code = systemCode(error);
  if (code === 'ENOENT') {
    const message = `the kubeconfig ${file} does not exist; check the path`;
    return new KubeError('kube-config-missing', message);
  }
  // The parser's message quotes the file, which holds keys and tokens.
  const why = code ?? 'it is not a valid kubeconfig';
  return new KubeError('kube-config-invalid', `cannot read the kubeconfig ${file}: ${why}`);
}

function firstByName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const item of items) if (!byName.has(item.name)) byName.set(item.name, item);
  return [...byName.values()];
}

function loadServiceAccount(
  config: KubeConfig,
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): void {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  const tokenFile = join(directory, 'token');
  if (host === undefined || !existsSync(tokenFile)) {
    throw new KubeError(
      'kube-config-missing',
      'no cluster to talk to: set KUBECONFIG, make ~/.kube/config or name a file with --kubeconfig',
    );
  }
  const namespaceFile = join(directory, 'namespace');
  const name = 'in-cluster';
  config.loadFromOptions({
    clusters: [
      {
        name,
        server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
        caFile: join(directory, 'ca.crt'),
        skipTLSVerify: false,
      },
    ],
    users: [{ name, authProvider: { name: 'tokenFile', config: { tokenFile } } }],
    contexts: [
      {
        name,
        cluster: name,
        user: name,
        namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '',
      },
    ],
    currentContext: name,
  });
}

function accessFrom(
  config: KubeConfig,
  contextName: string,
  newRequest: (server: string) => RequestContext,
): KubeAccess {
  const names = config.contexts.map((context) => context.name).join(', ') || 'none';
  const context = config.getContextObject(contextName);
  if (context === null) {
    const wrong = contextName ? `there is no context ${contextName}` : 'no context is chosen';
    throw new KubeError(
      'kube-config-context',
      `${wrong}; choose one with --context or \`kubectl config use-context\` (known: ${names})`,
    );
  }
  config.setCurrentContext(contextName);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const message = `context ${contextName} names cluster ${context.cluster}, which is not defined`;
    throw new KubeError('kube-config-context', `${message}; add it under clusters`);
  }
  if (cluster.proxyUrl) {
    const message = `cluster ${cluster.name} sets proxy-url, which is not supported`;
    throw new KubeError('kube-config-proxy', `${message}; remove it and route to the server`);
  }
  if (context.user && config.getCurrentUser() === null) {
    const message = `context ${contextName} names user ${context.user}, which is not defined`;
    throw new KubeError('kube-config-context', `${message}; add it under users`);
  }
  if (!context.user) {
    // The library forgets the cluster's CA where a context has no user.
    config.users.push({ name: context.user });
  }
  const server = cluster.server.replace(/\/+$/, '');
  return {
    server,
    namespace: context.namespace || 'default',
    credentials: credentialSource(config, () => newRequest(server)),
  };
}

function credentialSource(
  config: KubeConfig,
  newRequest: () => RequestContext,
): () => Promise<Credentials> {
  let tls: TlsOptions = {};
  // The library would build a new dispatcher, and with it a new connection, for each request.
  config.createDispatcherOptions = (_cluster, options) => {
    const present = Object.entries(options).filter(([, value]) => value !== undefined);
    tls = Object.fromEntries(present);
    return { type: 'none' };
  };
  const read = async (): Promise<Credentials> => {
    const request = newRequest();
    try {
      await config.applySecurityAuthentication(request);
    } catch (error) {
      throw credentialError(error);
    }
    // A token file may end in a newline, which no header may hold.
    const headers = Object.entries(request.getHeaders()).map(([key, value]) => [key, value.trim()]);
    return { headers: Object.fromEntries(headers), tls };
  };
  // Requests that start together share one run of a credential plugin.
  let pending: Promise<Credentials> | undefined;
  return () => {
    pending ??= read().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

function credentialError(error: unknown): KubeError {
  const code = systemCode(error);
  const detail = code === undefined ? '' : ` (${code})`;
  return new KubeError(
    'kube-credentials',
    `cannot get the credentials of the kubeconfig's user${detail}; try \`kubectl auth whoami\``,
  );
}
