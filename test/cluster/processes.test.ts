import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseRecord, parseStat, running, start, stop } from './processes.ts';
import { becomesTrue } from './wait.ts';

describe('parseRecord', () => {
  test('reads pid, start time and key', () => {
    expect(parseRecord('12 3456 abc\n')).toEqual({ pid: 12, startTicks: '3456', key: 'abc' });
  });

  test.each([
    ['an empty file', ''],
    ['a file cut short', '12 34'],
    ['a last field cut short', '12 3456 abc'],
    ['something else', 'hello world x\n'],
  ])('takes %s for no record', (_, text) => {
    expect(parseRecord(text)).toBeUndefined();
  });
});

describe('parseStat', () => {
  const rest = 'S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200';

  test.each([
    ['a plain name', `7 (sleep) ${rest}`],
    ['a name with spaces', `7 (tmux: server) ${rest}`],
    ['a name with parentheses', `7 (a) b (c) ${rest}`],
  ])('finds the start time after %s', (_, text) => {
    expect(parseStat(text)).toEqual({ state: 'S', startTicks: '98765' });
  });
});

describe('a started process', () => {
  let folder = '';
  const files = () => ({ record: join(folder, 'run/sleep'), log: join(folder, 'logs/sleep.log') });

  const logged = () => readFileSync(files().log, 'utf8');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'processes-'));
  });

  afterEach(async () => {
    await stop(files().record, 0);
    rmSync(folder, { recursive: true, force: true });
  });

  test('is recorded, logged and stopped', async () => {
    await start(['/bin/sh', '-c', 'echo "$GREETING"; exec sleep 60'], files(), 'k1', {
      PATH: '/usr/bin:/bin',
      GREETING: 'hello',
    });
    const found = running(files().record);
    expect(found?.key).toBe('k1');
    await becomesTrue(() => logged() === 'hello\n', 10_000);
    expect(logged()).toBe('hello\n');
    await stop(files().record, 5000);
    expect(commandOf(found?.pid)).toBe('');
    expect(existsSync(files().record)).toBe(false);
  });

  test('that ignores a polite signal is ended by force', async () => {
    await start(['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 60; done'], files(), 'k', {
      PATH: '/usr/bin:/bin',
    });
    const found = running(files().record);
    await stop(files().record, 100);
    expect(commandOf(found?.pid)).toBe('');
  });

  test('whose pid belongs to another process now is neither running nor ended', async () => {
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(other, 'spawn');
    await start(['sleep', '60'], files(), 'k', { PATH: '/usr/bin:/bin' });
    await stop(files().record, 0);
    writeFileSync(files().record, `${other.pid} 1 k\n`);
    expect(running(files().record)).toBeUndefined();
    await stop(files().record, 1000);
    expect(commandOf(other.pid)).toContain('sleep');
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  test('keeps the log of the run before', async () => {
    for (const word of ['first', 'second']) {
      await start(['/bin/sh', '-c', `echo ${word}; exec sleep 60`], files(), 'k', {
        PATH: '/usr/bin:/bin',
      });
      await becomesTrue(() => logged() === `${word}\n`, 10_000);
      await stop(files().record, 5000);
    }
    expect(logged()).toBe('second\n');
    expect(readFileSync(`${files().log}.1`, 'utf8')).toBe('first\n');
  });
});

/** Empty for a process that ended, reaped or not. */
function commandOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
