import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { logOf, openWorld, pipelineOf, rows, type World } from './drone.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld('steps');
}, 60_000);
afterAll(async () => {
  await world.clean();
  await world.close();
}, 60_000);

describe('kinds of steps', () => {
  test('commands, in the order of the file, in the workspace', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: first
    image: busybox
    commands:
      - echo "one" > file
      - pwd
  - name: second
    image: drone-kube/dash
    commands: ["cat file given.txt"]
`),
      [],
      { 'given.txt': 'from the working tree\n' },
    );
    expect(rows(ran.out)).toEqual({
      workspace: 'success 0',
      first: 'success 0',
      second: 'success 0',
    });
    expect(logOf(ran.out, 'first')).toEqual(['+ echo "one" > file', '+ pwd', '/drone/src']);
    expect(logOf(ran.out, 'second')).toEqual([
      '+ cat file given.txt',
      'one',
      'from the working tree',
    ]);
    expect(ran.code).toBe(0);
  }, 60_000);

  test('entrypoint with arguments, on an image that holds one program and no shell', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: entrypoint
    image: drone-kube/scratch-hello
    entrypoint: ["/hello"]
    command: ["0"]
  - name: commands
    image: drone-kube/scratch-hello
    commands: ["/hello 0", "echo done by the shell that the Pod brings"]
`),
    );
    expect(rows(ran.out)).toMatchObject({ entrypoint: 'success 0', commands: 'success 0' });
    expect(logOf(ran.out, 'commands')).toContain('done by the shell that the Pod brings');
  }, 60_000);

  test('a service that a step reaches by name, and a detached step', async () => {
    const ran = await world.exec(
      pipelineOf(`
services:
  - name: web
    image: drone-kube/web
steps:
  - name: background
    image: busybox
    detach: true
    commands: ["touch started", "sleep 1000"]
  - name: client
    image: busybox
    commands:
      - until [ -e started ]; do sleep 0.1; done
      - until wget -q -O - http://web:8080/; do sleep 0.1; done
`),
    );
    expect(logOf(ran.out, 'client')).toContain('hello from the service');
    expect(rows(ran.out)).toMatchObject({
      web: 'success 0',
      background: 'success 0',
      client: 'success 0',
    });
    expect(ran.code).toBe(0);
  }, 60_000);

  test('a plugin: settings, a secret, and the status of the moment', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: break
    image: busybox
    commands: ["exit 7"]
  - name: notify
    image: plugins/echo
    settings:
      room: builds
      tags: [a, b]
      nested: {x: 1}
      token: {from_secret: token}
    when: {status: [failure]}
`),
      ['--secret-file', 'secrets'],
      { secrets: 'token=swordfish\n' },
    );
    const log = logOf(ran.out, 'notify').join('\n');
    expect(log).toContain('PLUGIN_ROOM=builds');
    expect(log).toContain('PLUGIN_TAGS=a,b');
    expect(log).toContain('PLUGIN_NESTED={"x":1}');
    expect(log).toContain('PLUGIN_TOKEN=******');
    expect(log).toContain('DRONE_BUILD_STATUS=failure');
    expect(ran.out + ran.err).not.toContain('swordfish');
    expect(rows(ran.out)).toMatchObject({ break: 'failure 7', notify: 'success 0' });
    expect(ran.code).toBe(1);
  }, 60_000);
});

describe('order and status', () => {
  test('parallel steps run at the same time, and what waits for them starts after both', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: a
    image: busybox
    commands: ["touch a", "until [ -e b ]; do sleep 0.1; done"]
    depends_on: []
  - name: b
    image: busybox
    commands: ["touch b", "until [ -e a ]; do sleep 0.1; done"]
    depends_on: []
  - name: c
    image: busybox
    commands: ["ls a b"]
    depends_on: [a, b]
`),
    );
    expect(rows(ran.out)).toMatchObject({ a: 'success 0', b: 'success 0', c: 'success 0' });
  }, 60_000);

  test('failures, what runs after them, and the variables that tell of them', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: ignored
    image: busybox
    failure: ignore
    commands: ["exit 3"]
  - name: before
    image: busybox
    commands: ['echo "$DRONE_STEP_NUMBER $DRONE_BUILD_STATUS [$DRONE_FAILED_STEPS]"']
  - name: breaks
    image: busybox
    commands: ["exit 2"]
  - name: never
    image: busybox
    commands: ["echo never"]
  - name: rescue
    image: busybox
    commands:
      - echo "$DRONE_STEP_NUMBER $DRONE_BUILD_STATUS $DRONE_STAGE_STATUS [$DRONE_FAILED_STEPS]"
      - cat /run/drone/env
    when: {status: [failure]}
  - name: always
    image: busybox
    commands: ["true"]
    when: {status: [success, failure]}
`),
    );
    expect(rows(ran.out)).toEqual({
      workspace: 'success 0',
      ignored: 'failure 3',
      before: 'success 0',
      breaks: 'failure 2',
      never: 'skipped',
      rescue: 'success 0',
      always: 'success 0',
    });
    expect(logOf(ran.out, 'before')).toContain('2 success []');
    const rescue = logOf(ran.out, 'rescue');
    expect(rescue).toContain('5 failure failure [breaks]');
    expect(rescue).toContain('DRONE_BUILD_STATUS="failure"');
    expect(ran.code).toBe(1);
  }, 60_000);

  test('`failure: fast` kills what runs and skips the rest', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: slow
    image: busybox
    commands: ["sleep 1000"]
    depends_on: []
  - name: breaks
    image: busybox
    failure: fast
    commands: ["exit 4"]
    depends_on: []
  - name: after
    image: busybox
    commands: ["true"]
    depends_on: [breaks]
`),
    );
    expect(rows(ran.out)).toMatchObject({
      slow: 'killed 137',
      breaks: 'failure 4',
      after: 'skipped',
    });
    expect(ran.code).toBe(1);
  }, 60_000);

  test('exit code 78 ends the pipeline, green', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: enough
    image: busybox
    commands: ["exit 78"]
  - name: after
    image: busybox
    commands: ["exit 1"]
`),
    );
    expect(rows(ran.out)).toMatchObject({ enough: 'success 78', after: 'skipped' });
    expect(ran.code).toBe(0);
  }, 60_000);

  test('an answer that the kubelet contradicts is never green', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: liar
    image: busybox
    commands: ["echo 0 > /run/drone/exit", "exit 5"]
`),
    );
    expect(ran.code).toBe(1);
    expect(rows(ran.out)).toMatchObject({ liar: 'error 255' });
    expect(ran.out).toMatch(/error after .* it says .*exit code 0/);
  }, 60_000);
});
