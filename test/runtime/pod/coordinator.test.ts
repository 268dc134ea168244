import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ends, SHELLS, startStage, type TestStep } from './stage-in-folders.ts';

interface Case {
  readonly title: string;
  readonly steps: Readonly<Record<number, TestStep>>;
  readonly ends: Readonly<Record<number, string>>;
  readonly done: 'success' | 'failure';
}

const CASES: readonly Case[] = [
  {
    title: 'steps run one after the other',
    steps: {
      1: { run: 'true' },
      2: { run: 'true', waitsFor: [1] },
      3: { run: 'true', waitsFor: [2] },
    },
    ends: { 1: 'exit 0', 2: 'exit 0', 3: 'exit 0' },
    done: 'success',
  },
  {
    title: 'a diamond waits for both arms',
    steps: {
      1: { run: 'true' },
      2: { run: 'sleep 0.2', waitsFor: [1] },
      3: { run: 'true', waitsFor: [1] },
      4: { run: 'true', waitsFor: [2, 3] },
    },
    ends: { 1: 'exit 0', 2: 'exit 0', 3: 'exit 0', 4: 'exit 0' },
    done: 'success',
  },
  {
    title: 'after a failure only steps for failures and for always run',
    steps: {
      1: { run: 'exit 3' },
      2: { run: 'true', waitsFor: [1] },
      3: { run: 'true', when: 'failure', waitsFor: [2] },
      4: { run: 'true', when: 'always', waitsFor: [3] },
    },
    ends: { 1: 'exit 3', 2: 'skip failure', 3: 'exit 0', 4: 'exit 0' },
    done: 'failure',
  },
  {
    title: 'a step for failures is skipped while nothing failed',
    steps: {
      1: { run: 'true' },
      2: { run: 'true', when: 'failure', waitsFor: [1] },
      3: { run: 'true', waitsFor: [2] },
    },
    ends: { 1: 'exit 0', 2: 'skip success', 3: 'exit 0' },
    done: 'success',
  },
  {
    title: 'an ignored failure changes nothing',
    steps: { 1: { run: 'exit 1', failure: 'ignore' }, 2: { run: 'true', waitsFor: [1] } },
    ends: { 1: 'exit 1', 2: 'exit 0' },
    done: 'success',
  },
  {
    title: 'fast ends the stage while others still run',
    steps: {
      1: { run: 'sleep 30' },
      2: { run: 'exit 9', failure: 'fast' },
      3: { run: 'true', when: 'always', waitsFor: [2] },
    },
    ends: { 1: 'running', 2: 'exit 9' },
    done: 'failure',
  },
  {
    title: 'fast ends a chain',
    steps: {
      1: { run: 'true' },
      2: { run: 'exit 9', failure: 'fast', waitsFor: [1] },
      3: { run: 'true', when: 'always', waitsFor: [2] },
    },
    ends: { 1: 'exit 0', 2: 'exit 9' },
    done: 'failure',
  },
  {
    title: 'exit code 78 ends the stage as a success, but for steps that always run',
    steps: {
      1: { run: 'exit 78' },
      2: { run: 'true', waitsFor: [1] },
      3: { run: 'true', when: 'failure', waitsFor: [2] },
      4: { run: 'true', when: 'always', waitsFor: [3] },
    },
    ends: { 1: 'exit 78', 2: 'skip halted', 3: 'skip halted', 4: 'exit 0' },
    done: 'success',
  },
  {
    title: 'nobody waits for a detached step',
    steps: { 1: { run: 'sleep 30', detached: true }, 2: { run: 'true', waitsFor: [1] } },
    ends: { 1: 'running', 2: 'exit 0' },
    done: 'success',
  },
  {
    title: 'the failure of a detached step does not count',
    steps: {
      1: { run: 'exit 1', detached: true },
      2: { run: 'sleep 0.3', waitsFor: [1] },
      3: { run: 'true', waitsFor: [2] },
    },
    ends: { 1: 'exit 1', 2: 'exit 0', 3: 'exit 0' },
    done: 'success',
  },
  {
    title: 'a service is never waited for',
    steps: { 1: { kind: 'service', detached: true }, 2: { run: 'true', waitsFor: [1] } },
    ends: { 1: 'running', 2: 'exit 0' },
    done: 'success',
  },
  {
    title: 'the upload of a working tree is a step like others',
    steps: {
      0: { kind: 'upload', when: 'always', run: 'true' },
      1: { run: 'true', waitsFor: [0] },
    },
    ends: { 0: 'exit 0', 1: 'exit 0' },
    done: 'success',
  },
  {
    title: 'an upload that fails stops the rest',
    steps: {
      0: { kind: 'upload', when: 'always', run: 'false' },
      1: { run: 'true', waitsFor: [0] },
    },
    ends: { 0: 'exit 1', 1: 'skip failure' },
    done: 'failure',
  },
  {
    title: 'an answer that is no exit code is a failure, and cannot answer for another step',
    steps: {
      1: { run: 'printf "0 0\\n2 0\\n" > $OWN/exit; sleep 30' },
      2: { run: 'true', waitsFor: [1] },
    },
    ends: { 1: 'exit 255 forged', 2: 'skip failure' },
    done: 'failure',
  },
  {
    title: 'a step of a chain that tells of a verdict gives none',
    steps: {
      1: {
        run: 'for _ in 1 2 3; do echo verdict; done > $OWN/exit; echo "1:0:image" > $OWN/exit; sleep 30',
      },
      2: { run: 'true', waitsFor: [1] },
    },
    ends: { 1: 'exit 255 forged', 2: 'skip failure' },
    done: 'failure',
  },
  {
    title: 'after it told of a verdict, the exit code of a step of a chain counts',
    steps: { 1: { run: 'echo verdict > $OWN/exit; exit 3', failure: 'ignore' } },
    ends: { 1: 'exit 3' },
    done: 'success',
  },
  {
    title: 'in a graph, nothing but an exit code is an answer',
    steps: {
      1: { run: 'true' },
      2: { run: 'echo verdict > $OWN/exit; sleep 30' },
    },
    ends: { 1: 'exit 0', 2: 'exit 255 forged' },
    done: 'failure',
  },
  {
    title: 'a service in a chain changes nothing',
    steps: {
      1: { run: 'true' },
      2: { kind: 'service', detached: true, waitsFor: [1] },
      3: { run: 'exit 4', waitsFor: [2] },
      4: { run: 'true', when: 'failure', waitsFor: [3] },
    },
    ends: { 1: 'exit 0', 2: 'running', 3: 'exit 4', 4: 'exit 0' },
    done: 'failure',
  },
  {
    title: 'a number beyond 255 is no exit code',
    steps: { 1: { run: 'echo 4000 > $OWN/exit; sleep 30' } },
    ends: { 1: 'exit 255 forged' },
    done: 'failure',
  },
  {
    title: 'a program that is not there is exit code 127',
    steps: { 1: { run: 'exec /no/such/program' } },
    ends: { 1: 'exit 127' },
    done: 'failure',
  },
];

describe.each(SHELLS)('the coordinator under %s', (_name, shell) => {
  test.each(CASES)('$title', async (row) => {
    const stage = await startStage(shell, row.steps);
    const { journal } = await stage.end();
    expect(ends(journal)).toEqual(row.ends);
    expect(journal.done).toBe(row.done);
  });

  test('every exit code from 0 to 255 arrives as it is', async () => {
    // 78 ends a stage, so it has a test of its own.
    const codes = Array.from({ length: 256 }, (_, code) => code).filter((code) => code !== 78);
    const steps = Object.fromEntries(
      codes.map((code, index) => [index + 1, { run: `exit ${code}`, failure: 'ignore' } as const]),
    );
    const stage = await startStage(shell, steps);
    const { journal, exitCodes } = await stage.end();
    expect(ends(journal)).toEqual(
      Object.fromEntries(codes.map((code, index) => [index + 1, `exit ${code}`])),
    );
    expect([...exitCodes.values()]).toEqual(codes);
  }, 60_000);

  test('a hundred steps in one chain', async () => {
    const steps: Record<number, TestStep> = {};
    for (let n = 1; n <= 100; n++) steps[n] = { run: ':', waitsFor: n === 1 ? [] : [n - 1] };
    const stage = await startStage(shell, steps);
    const { journal, lines } = await stage.end();
    expect(journal.done).toBe('success');
    expect(
      lines.filter((line) => line.startsWith('start')).map((line) => line.split(' ')[1]),
    ).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)));
  });

  test('a step learns number, status and failed steps at the moment it starts', async () => {
    const show =
      'echo "$DRONE_STEP_NUMBER $DRONE_BUILD_STATUS $DRONE_STAGE_STATUS $CI_BUILD_STATUS [$DRONE_FAILED_STEPS]"';
    const stage = await startStage(shell, {
      1: { run: show },
      2: { run: 'exit 1', waitsFor: [1], name: 'unit tests, slow' },
      3: { run: 'exit 1', waitsFor: [1], name: 'lint' },
      4: {
        run: `${show}; cat $OWN/env; echo "$DRONE_BUILD_FINISHED"`,
        when: 'failure',
        waitsFor: [2, 3],
      },
    });
    const { output } = await stage.end();
    expect(output.get(1)).toBe('1 success success success []\n');
    const [first, ...rest] = output.get(4)?.split('\n') ?? [];
    expect([
      '4 failure failure failure [unit tests, slow,lint]',
      '4 failure failure failure [lint,unit tests, slow]',
    ]).toContain(first);
    expect(rest.slice(0, 4)).toEqual([
      'DRONE_BUILD_STATUS="failure"',
      expect.stringMatching(/^DRONE_BUILD_FINISHED="\d{10}"$/),
      'DRONE_STAGE_STATUS="failure"',
      expect.stringMatching(/^DRONE_STAGE_FINISHED="\d{10}"$/),
    ]);
    expect(Math.abs(Number(rest[7]) - Date.now() / 1000)).toBeLessThan(60);
  });

  test('a command with arguments gets them as they are, and the status', async () => {
    const argv = ['/bin/sh', '-c', 'echo "$# $1 $2 $DRONE_BUILD_STATUS"', 'sh', 'a b', '$HOME'];
    const stage = await startStage(shell, { 1: { run: '', argv } });
    expect((await stage.end()).output.get(1)).toBe('2 a b $HOME success\n');
  });

  test('a command without a path is the program of the image', async () => {
    // What a busybox would run by that name is its own.
    const folder = await mkdtemp(join(tmpdir(), 'program-'));
    await writeFile(join(folder, 'env'), '#!/bin/sh\necho "the program of the image: $1"\n', {
      mode: 0o755,
    });
    const stage = await startStage(shell, {
      1: { run: '', argv: ['env', 'a b'], env: { PATH: `/nowhere:${folder}:/bin` } },
      2: { run: '', argv: ['no-such-program'], waitsFor: [1] },
    });
    const { journal, output } = await stage.end();
    await rm(folder, { recursive: true });
    expect(output.get(1)).toBe('the program of the image: a b\n');
    expect(ends(journal)).toEqual({ 1: 'exit 0', 2: 'exit 127' });
  });

  test('a command gets variables whose names no shell can use, and those of the moment', async () => {
    const environment = {
      'PLUGIN_MY-KEY': 'two\nlines = "quoted" $HOME \\ ',
      'PLUGIN_A.B': '',
      '1ST': 'first',
      PLUGIN_PLAIN: ' plain ',
    };
    const names = [...Object.keys(environment), 'DRONE_STEP_NUMBER'];
    const show = `const { ${names.map((name, i) => `${JSON.stringify(name)}: v${i}`).join()} } = process.env;
      console.log(JSON.stringify([${names.map((_, i) => `v${i}`).join()}, process.argv.slice(1)]))`;
    const argv = [process.execPath, '-e', show, 'an argument', 'A=B'];
    const stage = await startStage(shell, {
      1: { run: 'true' },
      2: { run: '', argv, env: environment, waitsFor: [1] },
    });
    const { output } = await stage.end();
    expect(JSON.parse(output.get(2) ?? '')).toEqual([
      ...Object.values(environment),
      '2',
      ['an argument', 'A=B'],
    ]);
  });

  test('the death of process 1 of a step is an answer', async () => {
    const stage = await startStage(shell, {
      1: { run: 'kill -9 $PPID; sleep 1' },
      2: { run: 'true', when: 'failure', waitsFor: [1] },
    });
    const { journal } = await stage.end();
    expect(ends(journal)).toEqual({ 1: 'exit 255 gone', 2: 'exit 0' });
  });

  test('what a step sets itself wins over the status of the moment', async () => {
    const stage = await startStage(shell, {
      1: {
        run: 'echo "$DRONE_BUILD_STATUS $DRONE_STAGE_STATUS"',
        env: { DRONE_BUILD_STATUS: 'mine' },
      },
    });
    expect((await stage.end()).output.get(1)).toBe('mine success\n');
  });

  test('a verdict ends a step that cannot answer, before or after its turn', async () => {
    const stage = await startStage(shell, {
      1: { kind: 'ephemeral' },
      2: { waitsFor: [1], failure: 'ignore' },
      3: { run: 'true', waitsFor: [2] },
    });
    await stage.seen('start 1');
    await stage.verdict('2:255:image');
    await stage.verdict('2:255:image 1:0:ephemeral');
    const { journal } = await stage.end();
    expect(ends(journal)).toEqual({ 1: 'exit 0 ephemeral', 2: 'exit 255 image', 3: 'exit 0' });
    expect(journal.done).toBe('success');
  });

  test('a verdict for a step that has answered comes too late', async () => {
    const stage = await startStage(shell, {
      1: { run: 'true' },
      2: { kind: 'ephemeral', waitsFor: [1] },
    });
    await stage.seen('start 2');
    await stage.verdict('1:137:oom 2:0:ephemeral');
    const { journal } = await stage.end();
    expect(ends(journal)).toEqual({ 1: 'exit 0', 2: 'exit 0 ephemeral' });
  });

  test('a skipped step leaves at once, so that its memory is free', async () => {
    const stage = await startStage(shell, {
      1: { run: 'true' },
      2: { run: 'echo never', when: 'failure', waitsFor: [1] },
      3: { run: 'sleep 0.3', waitsFor: [2] },
    });
    const { exitCodes, output } = await stage.end();
    expect(exitCodes.get(2)).toBe(0);
    expect(output.get(2)).toBe('');
  });

  // The coordinator hears the steps of a chain directly, those of a graph through other processes.
  describe.each([
    ['a chain', {}, {}],
    ['a graph', { 9: { run: 'true' } }, { 9: 'exit 0' }],
  ] as const)('in %s', (_plan, others, othersEnd) => {
    test('a verdict ends a step that runs, and one whose container has not come', async () => {
      const stage = await startStage(shell, {
        1: { run: 'sleep 30', failure: 'ignore' },
        2: { failure: 'ignore', waitsFor: [1] },
        3: { run: 'true', waitsFor: [2] },
        ...others,
      });
      await stage.seen('start 1');
      await stage.up(1);
      await stage.verdict('1:137:oom');
      await stage.seen('start 2');
      await stage.verdict('1:137:oom 2:255:config');
      const { journal } = await stage.end();
      expect(ends(journal)).toEqual({
        1: 'exit 137 oom',
        2: 'exit 255 config',
        3: 'exit 0',
        ...othersEnd,
      });
    });

    test('a verdict that comes while another step runs waits for its turn', async () => {
      const stage = await startStage(shell, {
        1: { run: 'sleep 30', failure: 'ignore' },
        2: { run: 'sleep 30', waitsFor: [1] },
        3: { run: 'true', when: 'failure', waitsFor: [2] },
        ...others,
      });
      await stage.seen('start 1');
      await Promise.all([stage.up(1), stage.up(2)]);
      await stage.verdict('2:137:killed 1:137:oom');
      const { journal } = await stage.end();
      expect(ends(journal)).toEqual({
        1: 'exit 137 oom',
        2: 'exit 137 killed',
        3: 'exit 0',
        ...othersEnd,
      });
    });

    test('a step that dies before its turn is gone when it comes', async () => {
      const stage = await startStage(shell, {
        1: { run: 'until [ -e $OWN/../../../go ]; do sleep 0.02; done' },
        2: { run: 'true', waitsFor: [1] },
        3: { run: 'true', when: 'failure', waitsFor: [2] },
        ...others,
      });
      await stage.up(2);
      await stage.kill(2);
      await writeFile(join(stage.folder, 'go'), '');
      const { journal } = await stage.end();
      expect(ends(journal)).toEqual({
        1: 'exit 0',
        2: 'exit 255 gone',
        3: 'exit 0',
        ...othersEnd,
      });
    });

    test('steps whose containers come late are started, or skipped, then', async () => {
      const stage = await startStage(shell, {
        1: { run: 'true' },
        2: { run: 'echo never', when: 'failure', waitsFor: [1], late: true },
        3: { run: 'echo "$DRONE_STEP_NUMBER"', waitsFor: [2], late: true },
        4: { run: 'sleep 0.3', waitsFor: [3] },
        ...others,
      });
      await stage.seen('start 3');
      stage.come(3);
      await stage.seen('start 4');
      stage.come(2);
      const { journal, output, exitCodes } = await stage.end();
      expect(ends(journal)).toEqual({
        1: 'exit 0',
        2: 'skip success',
        3: 'exit 0',
        4: 'exit 0',
        ...othersEnd,
      });
      expect([output.get(2), output.get(3)]).toEqual(['', '3\n']);
      expect([exitCodes.get(2), exitCodes.get(3)]).toEqual([0, 0]);
    });
  });

  test('SIGTERM is written down and ends it', async () => {
    const stage = await startStage(shell, { 1: { run: 'sleep 30' } });
    await stage.seen('start 1');
    stage.coordinator.kill('SIGTERM');
    const { journal } = await stage.end();
    expect(journal.terminated).toBe(true);
    expect(journal.done).toBeUndefined();
  });
});
