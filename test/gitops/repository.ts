/** The Git repository with the manifests: private, by HTTPS, at the Gitea of the stack. */
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { run } from '../cluster/commands.ts';
import { jsonClient } from '../stack/json-client.ts';
import type { Stack } from '../stack/state.ts';
import { REPOSITORIES } from './world.ts';

/** Gitea speaks plain HTTP; settings refuse such an address, so TLS is put before it. */
export interface Front {
  readonly port: number;
  /** The certificate that whoever connects has to trust. */
  readonly certificate: string;
  close(): void;
}

/**
 * @param folder where its key and certificate may be
 * @param behind URL of the server
 */
export async function startFront(folder: string, behind: string): Promise<Front> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(folder, name);
  await run(
    'openssl',
    [
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'],
      ['-keyout', file('key.pem'), '-out', file('certificate.pem'), '-days', '2'],
      ['-subj', '/CN=git', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ].flat(),
  );
  const certificate = readFileSync(file('certificate.pem'), 'utf8');
  const { hostname, port } = new URL(behind);
  const server = createServer({ cert: certificate, key: readFileSync(file('key.pem')) }, (near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.unref();
    far.unref();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens at a port');
  return { port: address.port, certificate, close: () => server.close() };
}

export class ManifestRepository {
  /** The working copy. */
  readonly folder: string;
  readonly #stack: Stack;

  constructor(stack: Stack, folder: string) {
    this.#stack = stack;
    this.folder = folder;
  }

  get path(): string {
    return `${this.#stack.user}/${REPOSITORIES.manifests}.git`;
  }

  /** Where the manifests of each environment are. */
  get output(): string {
    return join(this.folder, 'dist');
  }

  async create(): Promise<void> {
    const gitea = jsonClient(`${this.#stack.gitea}/api/v1`, `token ${this.#stack.giteaToken}`);
    await gitea.call('POST', '/user/repos', { name: REPOSITORIES.manifests, private: true });
    mkdirSync(this.folder, { recursive: true });
    await this.#git('init', '--quiet', '--initial-branch=main');
    await this.#git('remote', 'add', 'origin', `${this.#stack.gitea}/${this.path}`);
  }

  /**
   * Commits and pushes what `write` puts into the empty folder.
   * @returns the commit
   */
  async push(message: string, write: (folder: string) => void): Promise<string> {
    rmSync(this.output, { recursive: true, force: true });
    write(this.output);
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', `--message=${message}`);
    await this.#git('push', '--quiet', 'origin', 'main');
    return (await this.#git('rev-parse', 'HEAD')).trim();
  }

  async #git(...args: readonly string[]): Promise<string> {
    const { user, giteaToken } = this.#stack;
    const basic = Buffer.from(`${user}:${giteaToken}`).toString('base64');
    const who = { NAME: user, EMAIL: `${user}@drone-kube.test` };
    return run('git', args, {
      directory: this.folder,
      environment: {
        // Nothing of the one who runs this; and the token is in no list of processes.
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'http.extraHeader',
        GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
        GIT_TERMINAL_PROMPT: '0',
        ...Object.fromEntries(
          ['AUTHOR', 'COMMITTER'].flatMap((role) =>
            Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
          ),
        ),
      },
    });
  }
}
