import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { loadConfig } from '../../../runtime/kube/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const kubeconfig = (name: string, user: string, current = name): string => `
apiVersion: v1
kind: Config
current-context: ${current}
clusters: [{ name: ${name}, cluster: { server: 'https://${name}:6443/', tls-server-name: sn } }]
contexts: [{ name: ${name}, context: { cluster: ${name}, user: ${name}, namespace: ns-${name} } }]
users: [{ name: ${name}, user: ${user} }]
`;
const nowhere = { HOME: join(folder, 'nobody') };

describe('a kubeconfig', () => {
  test('gives the server, the namespace and the credentials', async () => {
    const file = write('one', kubeconfig('one', '{ token: abc, as: someone }'));
    const access = await loadConfig({ kubeconfig: file });
    expect(access).toMatchObject({ server: 'https://one:6443', namespace: 'ns-one' });
    await expect(access.credentials()).resolves.toEqual({
      headers: { Authorization: 'Bearer abc', 'Impersonate-User': 'someone' },
      tls: { servername: 'sn' },
    });
  });

  test('certificates are decoded', async () => {
    const encoded = Buffer.from('PEM').toString('base64');
    const user = `{ client-certificate-data: ${encoded}, client-key-data: ${encoded} }`;
    const access = await loadConfig({ kubeconfig: write('cert', kubeconfig('c', user)) });
    const { tls } = await access.credentials();
    expect(tls).toMatchObject({ cert: Buffer.from('PEM'), key: Buffer.from('PEM') });
  });

  test('a credential plugin runs once for requests that start together', async () => {
    const log = join(folder, 'runs');
    const script = `echo run >> ${log}; echo '{"status":{"token":"fresh"}}'`;
    const user = JSON.stringify({ exec: { command: 'sh', args: ['-c', script] } });
    const access = await loadConfig({ kubeconfig: write('exec', kubeconfig('e', user)) });
    const all = await Promise.all([access.credentials(), access.credentials()]);
    expect(all.map(({ headers }) => headers['Authorization'])).toEqual([
      'Bearer fresh',
      'Bearer fresh',
    ]);
    expect(readFileSync(log, 'utf8')).toBe('run\n');
  });

  test('a credential plugin that fails does not spill what it said', async () => {
    const user = JSON.stringify({
      exec: { command: 'sh', args: ['-c', 'echo hunter2 >&2; exit 1'] },
    });
    const access = await loadConfig({ kubeconfig: write('bad', kubeconfig('b', user)) });
    const error: unknown = await access.credentials().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'kube-credentials' });
    expect(String(error)).not.toContain('hunter2');
  });

  test('a plain http server and a context without a user are fine', async () => {
    const text = `
current-context: p
clusters: [{ name: p, cluster: { server: 'http://127.0.0.1:8001', certificate-authority-data: UEVN } }]
contexts: [{ name: p, context: { cluster: p } }]
`;
    const access = await loadConfig({ kubeconfig: write('plain', text) });
    expect(access).toMatchObject({ server: 'http://127.0.0.1:8001', namespace: 'default' });
    const credentials = await access.credentials();
    expect(credentials).toEqual({ headers: {}, tls: { ca: Buffer.from('PEM') } });
  });

  test('KUBECONFIG may name several files: the first wins, missing ones are skipped', async () => {
    const one = write('first', kubeconfig('a', '{ token: first }'));
    const two = write('second', kubeconfig('a', '{ token: second }'));
    const three = write('third', kubeconfig('b', '{ token: third }'));
    const KUBECONFIG = [join(folder, 'missing'), one, two, three].join(delimiter);
    const first = await loadConfig({ environment: { KUBECONFIG } });
    expect((await first.credentials()).headers).toEqual({ Authorization: 'Bearer first' });
    const chosen = await loadConfig({ environment: { KUBECONFIG }, context: 'b' });
    expect((await chosen.credentials()).headers).toEqual({ Authorization: 'Bearer third' });
  });

  test.each([
    ['no file anywhere', { environment: nowhere }, 'kube-config-missing', 'set KUBECONFIG'],
    [
      'a file that is not there',
      { kubeconfig: join(folder, 'x') },
      'kube-config-missing',
      'check the path',
    ],
    [
      'KUBECONFIG names no file that is there',
      { environment: { KUBECONFIG: '/x/y' } },
      'kube-config-missing',
      '/x/y',
    ],
    ['not YAML', { kubeconfig: write('junk', '{ token: hunter2') }, 'kube-config-invalid', 'junk'],
    [
      'an unknown context',
      { kubeconfig: write('ctx', kubeconfig('one', '{}')), context: 'two' },
      'kube-config-context',
      'known: one',
    ],
    [
      'no context chosen',
      { kubeconfig: write('none', kubeconfig('one', '{}', '""')) },
      'kube-config-context',
      'no context is chosen',
    ],
  ])('%s', async (_name, options, code, text) => {
    const error: unknown = await loadConfig(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(String(error)).not.toContain('hunter2');
  });
});

test('inside a Pod: the service account', async () => {
  write('token', 'pod-token\n');
  write('ca.crt', 'CA');
  write('namespace', 'drone\n');
  const environment = {
    ...nowhere,
    KUBERNETES_SERVICE_HOST: 'fd00::1',
    KUBERNETES_SERVICE_PORT: '443',
  };
  const access = await loadConfig({ environment, serviceAccountDirectory: folder });
  expect(access).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'drone' });
  await expect(access.credentials()).resolves.toEqual({
    headers: { Authorization: 'Bearer pod-token' },
    tls: { ca: Buffer.from('CA') },
  });
});
