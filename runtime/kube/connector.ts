/** Opening connections to the API server, whose credentials change while the program runs. */
import { buildConnector } from 'undici';
import type { KubeAccess, TlsOptions } from './config.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Connects with the TLS options of the moment: a client certificate may have been replaced. */
export function connector(access: KubeAccess): buildConnector.connector {
  let current: { readonly tls: TlsOptions; readonly connect: buildConnector.connector } | undefined;
  const connectorFor = (tls: TlsOptions): buildConnector.connector => {
    if (current === undefined || !sameTls(current.tls, tls)) {
      const options = {
        ...tls,
        timeout: CONNECT_TIMEOUT_MS,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
        allowH2: false,
      };
      current = { tls, connect: buildConnector(options) };
    }
    return current.connect;
  };
  const open = async (
    options: buildConnector.Options,
    callback: buildConnector.Callback,
  ): Promise<void> => {
    let tls: TlsOptions;
    try {
      ({ tls } = await access.credentials());
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    // undici prefers the host's name to the one that the kubeconfig sets.
    const named =
      tls.servername === undefined ? options : { ...options, servername: tls.servername };
    connectorFor(tls)(named, callback);
  };
  return (options, callback) => void open(options, callback);
}

function sameTls(left: TlsOptions, right: TlsOptions): boolean {
  const text = (value: unknown): string =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
  const keys = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
  return keys.every((key) => text(left[key]) === text(right[key]));
}
