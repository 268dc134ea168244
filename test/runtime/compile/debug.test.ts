import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { DEBUG_SCRIPT, type TmateSettings } from '../../../runtime/compile/debug.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import { posixScript } from '../../../runtime/compile/script.ts';
import { contextOf, inputOf, pipelineOf, serviceOf, stepOf } from '../support.ts';
import { restrictedViolations } from './restricted.ts';

const TMATE: TmateSettings = {
  image: 'drone/drone-runner-docker:1',
  host: undefined,
  port: undefined,
  fingerprintRsa: undefined,
  fingerprintEd25519: undefined,
};
const PIPELINE = pipelineOf({
  services: [serviceOf({ name: 'db', image: 'postgres' })],
  steps: [
    stepOf({ name: 'test' }),
    stepOf({ name: 'app', image: 'example/app', entrypoint: ['/app'], commands: [] }),
    stepOf({
      name: 'own',
      volumes: [{ name: 'v', path: '/usr/drone/bin', subPath: '', position: AT() }],
    }),
    stepOf({ name: 'notify', image: 'plugins/slack', commands: [] }),
  ],
  volumes: [{ name: 'v', source: { kind: 'temp', medium: '', sizeLimit: 0 }, position: AT() }],
});

function AT() {
  return { line: 1, column: 1, length: 1 };
}

const compile = (
  debug: boolean,
  tmate: TmateSettings | undefined,
  options: Parameters<typeof inputOf>[0]['options'] = {},
): CompiledStage =>
  compileStage(
    inputOf({
      pipeline: PIPELINE,
      context: contextOf({ build: { debug } }),
      runner: { tmate },
      options,
    }),
  );

describe('the Pod', () => {
  test.each([
    ['no debug mode', false, TMATE],
    ['tmate is not enabled', true, undefined],
  ])('nothing is added: %s', (_, debug, tmate) => {
    const text = JSON.stringify([compile(debug, tmate).pod, compile(debug, tmate).files]);
    expect(text).not.toMatch(/tmate|addons|initContainers/);
  });

  test('a first container copies tmate to where every script finds it', () => {
    const { pod, files, ephemerals } = compile(true, TMATE);
    const [copy, ...others] = pod.spec.initContainers ?? [];
    expect(others).toEqual([]);
    expect(copy).toMatchObject({
      image: 'docker.io/drone/drone-runner-docker:1',
      command: ['/bin/drone-runner-docker', 'copy'],
      volumeMounts: [{ name: 'drone-kube-addons', mountPath: '/usr/drone/bin' }],
      resources: { requests: { cpu: '0', memory: '0' } },
    });
    expect(pod.spec.volumes).toContainEqual({ name: 'drone-kube-addons', emptyDir: {} });
    const mounting = [...pod.spec.containers, ...ephemerals.values()].filter(({ volumeMounts }) =>
      volumeMounts.some(({ name }) => name === 'drone-kube-addons'),
    );
    // Not the step that has a volume of its own there.
    expect(mounting.map(({ name }) => name)).toEqual(['3-test', '4-app']);
    expect(Object.entries(files.data).filter(([, text]) => text.includes('tmate -F'))).toHaveLength(
      0,
    );
    const scripts = Object.values(files.data).filter((text) => text.includes('trap _debug EXIT'));
    expect(scripts).toHaveLength(3);
  });

  test('Pod Security `restricted` holds', () => {
    const { pod, ephemerals } = compile(true, TMATE, { security: 'restricted' });
    expect(restrictedViolations(pod, [...ephemerals.values()])).toEqual([]);
  });

  test('the limits of the runner hold for the copy as well', () => {
    const input = inputOf({
      pipeline: PIPELINE,
      context: contextOf({ build: { debug: true } }),
      runner: { tmate: TMATE },
    });
    const resources = { ...input.runner.settings.resources, limit: { cpu: 500, memory: 1024 } };
    const settings = { ...input.runner.settings, resources };
    const { pod } = compileStage({ ...input, runner: { ...input.runner, settings } });
    expect(pod.spec.initContainers?.[0]?.resources.limits).toEqual({ cpu: '500m', memory: '1024' });
  });

  test.each<[string, Partial<TmateSettings>, Record<string, string>]>([
    ['the public server', {}, {}],
    ['no server, and so nothing of one', { port: 22, fingerprintRsa: 'SHA256:a' }, {}],
    ['a server', { host: 'tmate.example.com' }, { DRONE_TMATE_HOST: 'tmate.example.com' }],
    [
      'all of it',
      { host: 'h', port: 2200, fingerprintRsa: 'SHA256:a', fingerprintEd25519: 'SHA256:b' },
      {
        DRONE_TMATE_HOST: 'h',
        DRONE_TMATE_PORT: '2200',
        DRONE_TMATE_FINGERPRINT_RSA: 'SHA256:a',
        DRONE_TMATE_FINGERPRINT_ED25519: 'SHA256:b',
      },
    ],
  ])('variables: %s', (_, settings, expected) => {
    const variables = (debug: boolean) =>
      Object.fromEntries(
        Object.entries(compile(debug, { ...TMATE, ...settings }).environment.data).filter(
          ([name]) => name.startsWith('DRONE_TMATE_'),
        ),
      );
    expect(variables(true)).toEqual(expected);
    expect(variables(false)).toEqual({});
  });
});

describe.each([
  ['dash', '/bin/dash', []],
  ['busybox', '/bin/busybox', ['sh']],
  ['bash', '/bin/bash', ['--posix']],
])('the script under %s', (_, shell, shellArguments) => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'debug-'));
    writeFileSync(
      join(home, 'tmate'),
      '#!/bin/sh\necho "session $*"\n[ -z "$2" ] || cat "$2"\nexit 99\n',
      { mode: 0o755 },
    );
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  function run(commands: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const file = join(home, 'script');
    const script = posixScript(commands, DEBUG_SCRIPT)
      .replace(' /tmp ', ` ${home}/elsewhere `)
      .replaceAll('/usr/drone/bin', home);
    writeFileSync(file, script);
    const { status, stdout, stderr } = spawnSync(shell, [...shellArguments, file], {
      cwd: home,
      env: { HOME: home, PATH: '/usr/bin:/bin', DRONE_WORKSPACE: home, ...environment },
      encoding: 'utf8',
    });
    return { code: status, out: stdout, errors: stderr };
  }
  const told = (code: number): string =>
    `drone-kube: debug mode: exit code ${code}; log in as tmate says below, and end its session to end the step\n`;

  test.each([
    ['success', 'true', 0],
    ['exit 0', 'exit 0', 0],
    ['the end of a pipeline', 'exit 78', 78],
  ])('no session: %s', (__, command, code) => {
    const ran = run([command]);
    expect(ran).toEqual({ code, out: `+ ${command}\n`, errors: '' });
  });

  test.each([
    ['a command fails', 'sh -c "exit 7"', 7],
    ['the script exits', 'exit 3', 3],
    ['a subshell fails', '(exit 4)', 4],
    ['with `set -u`', 'set -u; false', 1],
    ['a command is not there', 'nosuchcommand 2>/dev/null', 127],
  ])('a session once, and then the exit code of the command: %s', (__, command, code) => {
    const ran = run([command, 'echo never']);
    expect(ran).toEqual({ code, out: `+ ${command}\n${told(code)}session -F\n`, errors: '' });
  });

  test('a server of its own', () => {
    writeFileSync(join(home, '.tmate.conf'), 'set -g history-limit 9\n');
    const { out, errors } = run(['false'], {
      DRONE_TMATE_HOST: 'tmate.example.com',
      DRONE_TMATE_PORT: '2200',
      DRONE_TMATE_FINGERPRINT_RSA: 'SHA256:a',
      DRONE_TMATE_FINGERPRINT_ED25519: 'SHA256:b',
    });
    expect(errors).toBe('');
    expect(out.split('\n').slice(2)).toEqual([
      `session -f ${home}/.tmate.conf -F`,
      'set -g history-limit 9',
      'set -g tmate-server-host "tmate.example.com"',
      'set -g tmate-server-port 2200',
      'set -g tmate-server-rsa-fingerprint "SHA256:a"',
      'set -g tmate-server-ed25519-fingerprint "SHA256:b"',
      '',
    ]);
  });

  test('a home that cannot be written does no harm', () => {
    mkdirSync(join(home, 'elsewhere'));
    const { code, out, errors } = run(['exit 5'], {
      DRONE_TMATE_HOST: 'tmate.example.com',
      HOME: '/nonexistent',
    });
    expect({ code, errors }).toEqual({ code: 5, errors: '' });
    expect(out).toContain(`session -f ${home}/elsewhere/.tmate.conf -F\n`);
  });

  test('without tmate the step just fails', () => {
    chmodSync(join(home, 'tmate'), 0o644);
    expect(run(['exit 5'])).toEqual({
      code: 5,
      out: '+ exit 5\n',
      errors: `drone-kube: debug mode: there is no ${home}/tmate, so nobody can log in\n`,
    });
    expect(existsSync(join(home, '.tmate.conf'))).toBe(false);
  });
});
