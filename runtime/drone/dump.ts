/** The traffic with the server as text (DRONE_RPC_DUMP_HTTP), without the values of secrets. */

export interface Dump {
  readonly write: (text: string) => void;
  /** With bodies (DRONE_RPC_DUMP_HTTP_BODY). */
  readonly body: boolean;
}

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly body: string | undefined;
}

const HIDDEN = '******';

export function dumpRequest(dump: Dump, { method, url, body }: Exchange): void {
  const { host, pathname, search } = new URL(url);
  const head = `${method} ${pathname}${search} HTTP/1.1\nHost: ${host}\nX-Drone-Token: ${HIDDEN}`;
  dump.write(withBody(dump, head, body ?? ''));
}

export function dumpAnswer(dump: Dump, status: number, type: string, body: string): void {
  dump.write(withBody(dump, `HTTP/1.1 ${status}\nContent-Type: ${type}`, body));
}

const withBody = (dump: Dump, head: string, body: string): string =>
  dump.body && body !== '' ? `${head}\n\n${hideSecrets(body)}\n` : `${head}\n`;

/** The details of a stage hold secrets (`data`), the netrc (`password`) and a key (`secret`). */
const hideSecrets = (body: string): string =>
  body.replace(
    /("(?:data|password|secret)"\s*:\s*)"(?:[^"\\]|\\.)+"/g,
    (_all, key: string) => `${key}"${HIDDEN}"`,
  );
