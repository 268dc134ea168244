/**
 * What plugins run, asked of real registries: one without and one with authentication, each of this
 * test alone. The token flow of Docker Hub is tested with a double, in test/runtime/registry.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, parseJson } from '../cluster/json.ts';
import { REGISTRY } from '../cluster/settings.ts';
import { pushImage } from '../cluster/images/registry.ts';
import { openDaemons } from './daemon.ts';
import { pipeline, steps } from './daemon-repo.ts';
import { logOf, openWorld, pipelineOf, rows, waitFor, type Ran, type World } from './drone.ts';

/** bcrypt of `swordfish`. */
const HTPASSWD = 'robot:$2b$05$abcdefghijklmnopqrstuupWDwJQeCHYIBQy8WvkVB6ImhZ476YYy\n';

let world: World;
let folder: string;
let open: { readonly host: string; readonly child: ChildProcess };
let closed: typeof open;

beforeAll(async () => {
  world = await openWorld('registry');
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-registry-'));
  open = await startRegistry('open');
  const layers = [await busyboxLayer()];
  const plugin = { layers, entrypoint: ['env'], environment: { FROM_IMAGE: 'yes' } };
  await pushImage(open.host, ['e2e/env:1'], plugin);
  await pushImage(open.host, ['e2e/nonroot:1'], {
    layers,
    entrypoint: ['/bin/sh', '-c', 'id -u; echo "$0 $1 $PLUGIN_ROOM"; exit "${PLUGIN_EXIT:-0}"'],
    command: ['a b', '$HOME'],
    user: '1234:1234',
  });
  // The same images: it reads the same folder.
  closed = await startRegistry('closed', {
    htpasswd: { realm: 'e2e', path: join(folder, 'users') },
  });
}, 60_000);

afterAll(async () => {
  for (const { child } of [open, closed]) child.kill();
  await rm(folder, { recursive: true, force: true });
  await world.clean();
  await world.close();
}, 60_000);

const step = (name: string, image: string, settings: string): string => `
  - name: ${name}
    image: ${image}
    settings: ${settings}`;

const mirror = (host: string): string[] => ['--registry-mirror', `${host}=http://${host}`];

/** The kind of each step's container, by its name. */
const containersOf = async (run: () => Promise<Ran>): Promise<{ ran: Ran; pod: string }> => {
  const finding = podText();
  return { ran: await run(), pod: await finding };
};

describe('plugins whose registry says what they run', () => {
  test('start latched, with settings of any name, the image’s environment, user and command', async () => {
    const { host } = open;
    const file = pipelineOf(`steps:
  - {name: first, image: busybox, commands: ["sleep 2"]}${step('env', `${host}/e2e/env:1`, '{my-key: "a b", room: x}')}${step('nonroot', `${host}/e2e/nonroot:1`, '{room: builds}')}${step('breaks', `${host}/e2e/nonroot:1`, '{exit: 9}')}
`);
    const { ran, pod } = await containersOf(async () => world.exec(file, mirror(host)));
    const env = logOf(ran.out, 'env');
    expect(env).toEqual(
      expect.arrayContaining([
        'PLUGIN_MY-KEY=a b',
        'PLUGIN_ROOM=x',
        'FROM_IMAGE=yes',
        'DRONE_STEP_NUMBER=2',
        'DRONE_BUILD_STATUS=success',
      ]),
    );
    expect(logOf(ran.out, 'nonroot')).toEqual(['1234', 'a b $HOME builds']);
    expect(rows(ran.out)).toMatchObject({
      env: 'success 0',
      nonroot: 'success 0',
      breaks: 'failure 9',
    });
    expect(pod).toMatch(/e2e\/env:1@sha256:[0-9a-f]{64}/);
    expect(pod).not.toContain('"ephemeralContainers"');
  }, 60_000);

  test('start latched from a registry with a password', async () => {
    const { host } = closed;
    const auth = Buffer.from('robot:swordfish').toString('base64');
    const config = JSON.stringify({ auths: { [host]: { auth } } });
    const file = pipelineOf(`image_pull_secrets: [pull]
steps:
  - {name: first, image: busybox, commands: ["sleep 2"]}${step('env', `${host}/e2e/env:1`, '{room: x}')}
`);
    const { ran, pod } = await containersOf(async () =>
      world.exec(file, [...mirror(host), '--secret-file', 'secrets'], {
        secrets: `pull=${config}\n`,
      }),
    );
    expect(logOf(ran.out, 'env')).toContain('PLUGIN_ROOM=x');
    expect(rows(ran.out)).toMatchObject({ env: 'success 0' });
    expect(pod).toMatch(/e2e\/env:1@sha256:/);
    expect(ran.out + ran.err).not.toContain(auth);
  }, 60_000);

  test('become ephemeral containers where nobody may ask, and save seconds where one may', async () => {
    const { host } = open;
    const plugins = ['one', 'two', 'three'].map((name) => step(name, `${host}/e2e/env:1`, '{}'));
    const file = pipelineOf(`steps:
  - {name: first, image: busybox, commands: ["sleep 2"]}${plugins.join('')}
`);
    const results: Record<string, number> = {};
    for (const [kind, args] of [
      ['latched', mirror(host)],
      ['ephemeral', ['--no-image-lookup']],
    ] as const) {
      const { ran, pod } = await containersOf(async () => world.exec(file, [...args, '--stats']));
      expect(rows(ran.out)).toMatchObject({ one: 'success 0', three: 'success 0' });
      expect(pod.includes('@sha256:')).toBe(kind === 'latched');
      results[kind] = ran.ms;
    }
    const saved = (results['ephemeral'] ?? 0) - (results['latched'] ?? 0);
    process.stderr.write(`three plugins, ms: ${JSON.stringify({ ...results, saved })}\n`);
    expect(saved).toBeGreaterThan(2000);
  }, 120_000);
});

test('the runner of a Drone server asks as well', async () => {
  const daemons = await openDaemons('registry-daemon');
  try {
    const { host } = open;
    const image = `${host}/e2e/env:1`;
    await daemons.start({ environment: { DRONE_KUBE_REGISTRY_MIRRORS: `${host}=http://${host}` } });
    const { repo, build } = await daemons.build(
      pipeline(`
steps:
  - {name: env, image: "${image}", settings: {my-key: a, room: x}}
`),
    );
    expect(steps(build)).toEqual({ env: 'success 0' });
    await expect(repo.log(build, 'env')).resolves.toContain('PLUGIN_MY-KEY=a');
    await daemons.clean();
  } finally {
    await daemons.close();
  }
}, 90_000);

/** The Pod of the stage that is running next, once it is there. */
async function podText(): Promise<string> {
  let found = '';
  await waitFor('a Pod', async () => {
    const json = await world.kubectl('-n', world.namespace, 'get', 'pods', '-o', 'json');
    const items = at(parseJson(json), 'items');
    if (Array.isArray(items) && items.length > 0) found = json;
    return found !== '';
  });
  return found;
}

/** On a free port of the loopback, which containerd speaks plain HTTP to. */
async function startRegistry(name: string, auth?: object): Promise<typeof open> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const host = `127.0.0.1:${String(at(probe.address(), 'port'))}`;
  await new Promise((resolve) => probe.close(resolve));
  const file = join(folder, `${name}.json`);
  await writeFile(join(folder, 'users'), HTPASSWD);
  await writeFile(
    file,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'images') } },
      http: { addr: host },
      ...(auth === undefined ? {} : { auth }),
    }),
  );
  const child = spawn('docker-registry', ['serve', file], { stdio: 'ignore' });
  await waitFor(`the registry ${name}`, async () =>
    fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    ),
  );
  return { host, child };
}

async function busyboxLayer(): Promise<Buffer> {
  const base = `http://${REGISTRY}/v2/library/busybox`;
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await fetch(`${base}/manifests/musl`, { headers: { accept } });
  const digest = String(at(parseJson(await manifest.text()), 'layers', '0', 'digest'));
  return Buffer.from(await (await fetch(`${base}/blobs/${digest}`)).arrayBuffer());
}
