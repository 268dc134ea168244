import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logOf, openWorld, pipelineOf, rows, type World } from './drone.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld('restricted', {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  });
}, 60_000);
afterAll(async () => {
  await world.clean();
  await world.close();
}, 60_000);

test('every kind of image runs where Pod Security `restricted` is enforced', async () => {
  const ran = await world.exec(
    pipelineOf(`
services:
  - name: web
    image: drone-kube/web
steps:
  - name: root-image
    image: busybox
    commands: ["id -u", "echo written > file", "cat given.txt"]
  - name: own-user
    image: drone-kube/nonroot
    user: 1234
    group: 1234
    commands: ["id -u", "cat file"]
  - name: dash
    image: drone-kube/dash
    commands: ["cat file; rm file"]
  - name: bash
    image: drone-kube/bash
    commands: ["echo $((1 + 1))"]
  - name: scratch
    image: drone-kube/scratch-hello
    entrypoint: ["/hello"]
  - name: client
    image: busybox
    commands: ["until wget -q -O - http://web:8080/; do sleep 0.1; done"]
  - name: plugin
    image: plugins/echo
    settings: {room: builds}
`),
    [],
    { 'given.txt': 'from the working tree\n' },
  );
  expect(rows(ran.out)).toEqual({
    workspace: 'success 0',
    web: 'success 0',
    'root-image': 'success 0',
    'own-user': 'success 0',
    dash: 'success 0',
    bash: 'success 0',
    scratch: 'success 0',
    client: 'success 0',
    plugin: 'success 0',
  });
  expect(logOf(ran.out, 'root-image')).toContain('1000');
  expect(logOf(ran.out, 'root-image')).toContain('from the working tree');
  expect(logOf(ran.out, 'own-user')).toContain('1234');
  expect(logOf(ran.out, 'plugin').join('\n')).toContain('PLUGIN_ROOM=builds');
  expect(ran.code).toBe(0);
}, 90_000);

test('a privileged step is refused with the words of the API server', async () => {
  const ran = await world.exec(
    pipelineOf(`
steps:
  - name: privileged
    image: busybox
    privileged: true
    volumes: [{name: host, path: /host}]
    commands: ["true"]
volumes:
  - name: host
    host: {path: /}
`),
    ['--trusted'],
  );
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('violates PodSecurity "restricted');
  await world.clean();
}, 60_000);
