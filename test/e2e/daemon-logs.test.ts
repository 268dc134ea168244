/** Logs of steps as Drone has them, live and stored, and the reasons of waiting in them. */
import { describe, expect, test } from '@jest/globals';
import { pipeline, serial, steps } from './daemon-repo.ts';
import { oneReplica } from './one-replica.ts';

const daemons = oneReplica('daemon-logs', {
  environment: {
    DRONE_KUBE_UNSCHEDULABLE_TIMEOUT: '15',
    DRONE_ENGINE_CONTAINER_START_TIMEOUT: '20',
  },
});

const MEBIBYTE = 1_048_576;

// One block: those of one block run at the same time.
describe('logs', () => {
  test.concurrent(
    'a live log has a line about a second after it was written',
    async () => {
      const repo = await (await daemons()).repo();
      const number = await repo.push(
        pipeline(`
steps:
  - name: clock
    image: busybox
    commands: ['for i in 1 2 3 4 5 6 7 8 9 10; do echo line-$EPOCHREALTIME; sleep 0.5; done']
`),
      );
      await repo.stepRuns(number, 'clock');
      const late: number[] = [];
      const end = new AbortController();
      await repo.live(
        number,
        1,
        ({ out }) => {
          const stamp = /^line-(\d+\.\d+)/.exec(out)?.[1];
          if (stamp !== undefined) late.push(Date.now() - Number(stamp) * 1000);
        },
        end.signal,
      );
      expect(late.length).toBeGreaterThan(5);
      // The stream begins with what was written before somebody looked. One line may have waited for a
      // machine that is busy with other tests, most may not.
      const last = late.slice(-5).toSorted((a, b) => a - b);
      expect(last[2]).toBeLessThan(1_600);
      await expect(repo.ended(number)).resolves.toMatchObject({ status: 'success' });
    },
    60_000,
  );

  const commands = (text: string): string =>
    pipeline(`steps:\n  - name: s1\n    image: busybox\n    commands:\n      - ${text}\n`);

  test.concurrent.each([
    {
      what: 'a line of 100 000 characters',
      command: `'head -c 100000 /dev/zero | tr "\\0" x'`,
      expected: 'x'.repeat(100_000),
    },
    {
      what: 'carriage returns',
      command: `'printf "1%%\\r2%%\\r3%%\\nend\\n"'`,
      expected: '1%\r2%\r3%\nend',
    },
    {
      what: 'bytes that are no UTF-8',
      command: `'printf "a\\377b\\nc\\n"'`,
      expected: 'a\uFFFDb\nc',
    },
    {
      what: 'no newline at the end',
      command: `'printf "one\\ntwo"'`,
      expected: 'one\ntwo',
    },
  ])(
    'a stored log with $what',
    async ({ command, expected }) => {
      const { build, repo } = await (await daemons()).build(commands(command));
      expect(build.status).toBe('success');
      const log = await repo.log(build, 's1');
      // The first line repeats the command.
      expect(log.slice(log.indexOf('\n') + 1)).toBe(expected);
    },
    60_000,
  );

  test.concurrent(
    'a stored log of more than 5 MiB keeps its last 5 MiB',
    async () => {
      const { build, repo } = await (
        await daemons()
      ).build(commands(`'seq 1000001 1200000 | sed "s/$/ jumps over the lazy dog/"'`));
      expect(build.status).toBe('success');
      const lines = (await repo.log(build, 's1')).split('\n');
      const size = lines.join('\n').length;
      expect(size).toBeGreaterThan(4.9 * MEBIBYTE);
      expect(size).toBeLessThan(5.1 * MEBIBYTE);
      expect(lines[0]).toMatch(/lines are left out/);
      const numbers = lines.slice(1).map((line) => Number(line.slice(0, 7)));
      expect(numbers.at(-1)).toBe(1_200_000);
      expect(numbers.every((each, index) => each === (numbers[0] ?? 0) + index)).toBe(true);
    },
    60_000,
  );

  test.concurrent(
    'a stored log of 200 000 short lines has the last ones in order, none twice',
    async () => {
      const { build, repo } = await (await daemons()).build(commands(`'seq 1 200000'`));
      expect(build.status).toBe('success');
      const lines = (await repo.log(build, 's1')).split('\n');
      expect(lines.at(-1)).toBe('200000');
      const numbers = lines.map(Number).filter((each) => !Number.isNaN(each));
      expect(numbers.every((each, index) => each === (numbers[0] ?? 0) + index)).toBe(true);
      expect(numbers.length).toBeGreaterThan(190_000);
    },
    60_000,
  );

  test.concurrent(
    'what a stage waits for a node: the reason is in the log within seconds, and the end says what to do',
    async () => {
      const repo = await (await daemons()).repo();
      const number = await repo.push(
        pipeline(`node_selector: {drone-kube.test/no-such-node: "yes"}\n${serial(2, 'true')}`),
      );
      const began = performance.now();
      const live = await repo.liveUntil(number, 1, 'node(s)');
      expect(performance.now() - began).toBeLessThan(12_000);
      expect(live).toMatch(/no node can take the Pod: .*node affinity\/selector/);
      const build = await repo.ended(number);
      expect(build.status).toBe('error');
      expect(build.stages[0]?.error).toMatch(
        /gave up after \d+ s: no node can take the Pod: .*check `node_selector`/,
      );
      await expect(repo.log(build, 's1')).resolves.toMatch(/no node can take the Pod/);
    },
    60_000,
  );

  test.concurrent(
    'what a stage waits for an image that cannot be pulled: the reason is in the log of its step',
    async () => {
      const repo = await (await daemons()).repo();
      const number = await repo.push(
        pipeline(
          'steps:\n  - {name: s1, image: drone-kube/no-such-image:7, commands: ["true"]}\n  - {name: s2, image: busybox, commands: ["true"]}',
        ),
      );
      await repo.liveUntil(number, 1, 'no-such-image:7');
      const build = await repo.ended(number);
      expect(build.status).toBe('error');
      expect(steps(build)).toEqual({ s1: 'error 255', s2: 'skipped 0' });
      const [stage] = build.stages;
      expect(stage?.error).toMatch(/step "s1": its image cannot be pulled: .*check the name/);
      expect(stage?.steps?.[0]?.error).toMatch(/its image cannot be pulled: .*no-such-image:7/);
    },
    60_000,
  );
});
