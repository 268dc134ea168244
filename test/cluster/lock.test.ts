import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { withLock } from './lock.ts';

const unique = () => `lock-test-${process.pid}-${Math.random()}`;

test('the second to ask waits until the first is done', async () => {
  const name = unique();
  const events: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const first = withLock(
    name,
    async () => {
      events.push('first begins');
      await released;
      events.push('first ends');
    },
    () => events.push('first waits'),
  );
  const second = withLock(
    name,
    async () => void events.push('second works'),
    () => {
      events.push('second waits');
      release();
    },
  );
  await Promise.all([first, second]);
  expect(events).toEqual(['first begins', 'second waits', 'first ends', 'second works']);
});

test('a failure gives the lock back', async () => {
  const name = unique();
  const failing = withLock(
    name,
    () => Promise.reject(new Error('no')),
    () => undefined,
  );
  await expect(failing).rejects.toThrow('no');
  await expect(
    withLock(
      name,
      async () => 'done',
      () => undefined,
    ),
  ).resolves.toBe('done');
});

test('a holder that is killed gives the lock back', async () => {
  const name = unique();
  const program = `
    import { withLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    await withLock(${JSON.stringify(name)}, () => {
      console.log('held');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    }, () => undefined);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const waited = withLock(
    name,
    async () => 'mine',
    () => holder.kill('SIGKILL'),
  );
  await expect(waited).resolves.toBe('mine');
});
