import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { posixScript, scriptCommands } from '../../../runtime/compile/script.ts';

test.each([
  ['nothing', { commands: [], entrypoint: [], command: [] }, []],
  [
    'commands',
    { commands: ['make', 'make test'], entrypoint: [], command: [] },
    ['make', 'make test'],
  ],
  ['entrypoint', { commands: [], entrypoint: ['/bin/app'], command: [] }, ['/bin/app']],
  [
    'a lone line of shell',
    { commands: [], entrypoint: ['a "$X" | b'], command: [] },
    ['a "$X" | b'],
  ],
  [
    'several words',
    { commands: [], entrypoint: ['/bin/app', '-v'], command: ['a b', "it's", '$X', '', 'k=v'] },
    ["/bin/app -v a b it's $X  k=v"],
  ],
  [
    'a shell with a script of its own',
    { commands: [], entrypoint: ['/bin/sh', '-ec'], command: ['echo "$X"; exit 3', "it's"] },
    [String.raw`/bin/sh -ec 'echo "$X"; exit 3' 'it'\''s'`],
  ],
  ['entrypoint before commands', { commands: ['make'], entrypoint: ['app'], command: [] }, ['app']],
  ['command alone is no script', { commands: [], entrypoint: [], command: ['serve'] }, []],
])('scriptCommands: %s', (_, step, expected) => {
  expect(scriptCommands(step)).toEqual(expected);
});

const SPECIAL = [...String.raw`'"\$%{}()!*#&;|<>~ nc0-`.split(''), '`', '\n', 'é'];

const NETRC = {
  DRONE_NETRC_MACHINE: 'git.example.com',
  DRONE_NETRC_USERNAME: 'octocat',
  DRONE_NETRC_PASSWORD: 'hunter2',
  DRONE_NETRC_FILE: String.raw`machine git.example.com login octocat password hunter2\n$x`,
};

describe.each([
  ['dash', '/bin/dash', []],
  ['busybox', '/bin/busybox', ['sh']],
  ['bash', '/bin/bash', ['--posix']],
])('posixScript under %s', (_, shell, shellArguments) => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'script-'));
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  function run(commands: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const file = join(home, 'script');
    writeFileSync(file, posixScript(commands));
    const result = spawnSync(shell, [...shellArguments, file], {
      cwd: home,
      env: { HOME: home, PATH: '/usr/bin:/bin', ...environment },
      input: 'from stdin\n',
      encoding: 'utf8',
    });
    return { code: result.status, out: result.stdout, errors: result.stderr };
  }

  test('shows each command and runs it', () => {
    expect(run(['echo one', 'echo two'])).toEqual({
      code: 0,
      out: '+ echo one\none\n+ echo two\ntwo\n',
      errors: '',
    });
  });

  test.each([
    String.raw`: a\nb\tc\\d\c\0101`,
    ': "$TOKEN" ${TOKEN:-none} $(echo no) `echo no`',
    `: "it's" 'x'`,
    ': 100%s %d %%',
    ': -n -e',
    ':   two  spaces   ',
    ': grüße 😀',
    ': # comment',
    'if true; then\n  : "in\\n"\n\n  : $TOKEN\nfi',
    '',
  ])('shows exactly %j', (command) => {
    expect(run([command], { TOKEN: 'hunter2' })).toEqual({
      code: 0,
      out: `+ ${command}\n`,
      errors: '',
    });
  });

  test('shows exactly whatever is in a command', () => {
    const text = fc.string({
      unit: fc.constantFrom(...SPECIAL),
    });
    const commands = fc.sample(text, 300).map((word) => `: '${word.replaceAll("'", `'"'"'`)}'`);
    const { code, out } = run(commands);
    expect(out).toBe(commands.map((command) => `+ ${command}\n`).join(''));
    expect(code).toBe(0);
  });

  test('stops at the first command that fails, with its exit code', () => {
    expect(run(['echo one', '(exit 7)', 'echo never'])).toEqual({
      code: 7,
      out: '+ echo one\none\n+ (exit 7)\n',
      errors: '',
    });
  });

  test('one shell runs all commands', () => {
    expect(run(['cd /', 'x=1', 'echo "$PWD$x"']).out).toContain('\n/1\n');
  });

  test('a command that reads its input does not eat the script', () => {
    expect(run(['cat', 'echo after']).out).toBe('+ cat\nfrom stdin\n+ echo after\nafter\n');
  });

  test('a script of more than 128 KiB', () => {
    const command = `x='${'y'.repeat(200_000)}'`;
    expect(run([command, 'echo "${#x}"']).out).toMatch(/\n200000\n$/);
  });

  test('writes ~/.netrc for its user alone and forgets the credentials', () => {
    const { code, out, errors } = run(['env'], NETRC);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(out).not.toContain('NETRC');
    expect(out).not.toContain('hunter2');
    expect(readFileSync(join(home, '.netrc'), 'utf8')).toBe(`${NETRC.DRONE_NETRC_FILE}\n`);
    expect(statSync(join(home, '.netrc')).mode & 0o777).toBe(0o600);
  });

  test('closes a ~/.netrc that others could read', () => {
    writeFileSync(join(home, '.netrc'), 'old', { mode: 0o644 });
    run([], NETRC);
    expect(readFileSync(join(home, '.netrc'), 'utf8')).toBe(`${NETRC.DRONE_NETRC_FILE}\n`);
    expect(statSync(join(home, '.netrc')).mode & 0o777).toBe(0o600);
  });

  test('needs no program of the image', () => {
    const { code, out, errors } = run(['echo ok'], { ...NETRC, PATH: '/nonexistent' });
    expect({ code, out, errors }).toEqual({ code: 0, out: '+ echo ok\nok\n', errors: '' });
    expect(statSync(join(home, '.netrc')).mode & 0o777).toBe(0o600);
  });

  test('a home that cannot be written is said, not fatal, and says no secret', () => {
    const { code, out, errors } = run(['echo ok'], { ...NETRC, HOME: '/nonexistent' });
    expect({ code, out }).toEqual({ code: 0, out: '+ echo ok\nok\n' });
    expect(errors).toBe(
      'drone-kube: cannot write /nonexistent/.netrc, git will have no credentials\n',
    );
  });

  test('without credentials there is no ~/.netrc', () => {
    run(['true']);
    expect(existsSync(join(home, '.netrc'))).toBe(false);
  });
});
