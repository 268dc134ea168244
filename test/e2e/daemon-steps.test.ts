/** What the steps of a pipeline come to on a real Drone server. */
import { describe, expect, test } from '@jest/globals';
import { pipeline, steps } from './daemon-repo.ts';
import { oneReplica } from './one-replica.ts';

const daemons = oneReplica('daemon-steps');

// One block: those of one block run at the same time.
/** A build of a pipeline without a clone, at its end. */
const built = async (body: string) => (await daemons()).build(pipeline(body));

describe('steps and pipelines', () => {
  test.concurrent.each([{ isPrivate: false }, { isPrivate: true }])(
    'a push is cloned and built, private: $isPrivate',
    async ({ isPrivate }) => {
      const repo = await (await daemons()).repo({ private: isPrivate });
      const number = await repo.push(
        pipeline(
          `
steps:
  - name: read
    image: busybox
    commands: [cat greeting, 'echo $DRONE_COMMIT_BRANCH $DRONE_BUILD_NUMBER']
`,
          { clone: true },
        ),
        { greeting: 'hello from the repository\n' },
      );
      const build = await repo.ended(number);
      expect(build.status).toBe('success');
      expect(steps(build)).toEqual({ clone: 'success 0', read: 'success 0' });
      const log = await repo.log(build, 'read');
      expect(log).toContain('hello from the repository');
      expect(log).toContain(`main ${number}`);
    },
    60_000,
  );

  test.concurrent(
    'an exit code 78 ends the pipeline as a success, and the rest is skipped',
    async () => {
      const { build } = await built(`
steps:
  - {name: enough, image: busybox, commands: ["exit 78"]}
  - {name: after, image: busybox, commands: ["true"]}
`);
      expect(steps(build)).toEqual({ enough: 'success 78', after: 'skipped 0' });
      expect(build.status).toBe('success');
    },
    60_000,
  );

  test.concurrent(
    'statuses a failure skips what follows, but not what asks for failures',
    async () => {
      const { build, repo } = await built(`
steps:
  - {name: allowed, image: busybox, commands: ["exit 3"], failure: ignore}
  - {name: bad, image: busybox, commands: ["exit 2"]}
  - {name: never, image: busybox, commands: ["true"]}
  - name: mourn
    image: busybox
    commands: ['echo the build is a $DRONE_BUILD_STATUS because of $DRONE_FAILED_STEPS']
    when: {status: [failure]}
`);
      expect(steps(build)).toEqual({
        allowed: 'failure 3',
        bad: 'failure 2',
        never: 'skipped 0',
        mourn: 'success 0',
      });
      expect(build.status).toBe('failure');
      expect(build.stages[0]?.steps?.[0]?.errignore).toBe(true);
      await expect(repo.log(build, 'mourn')).resolves.toContain(
        'the build is a failure because of bad',
      );
    },
    60_000,
  );

  test.concurrent(
    'statuses an ignored failure is none',
    async () => {
      const { build } = await built(`
steps:
  - {name: allowed, image: busybox, commands: ["exit 9"], failure: ignore}
  - {name: after, image: busybox, commands: ["true"]}
`);
      expect(steps(build)).toEqual({ allowed: 'failure 9', after: 'success 0' });
      expect(build.status).toBe('success');
    },
    60_000,
  );

  test.concurrent(
    'order steps without dependencies run at the same time, the others after theirs',
    async () => {
      const { build, repo } = await built(`
steps:
  - {name: a, image: busybox, commands: ["touch a", "until [ -e b ]; do sleep 0.1; done"]}
  - {name: b, image: busybox, commands: ["touch b", "until [ -e a ]; do sleep 0.1; done"], depends_on: []}
  - {name: c, image: busybox, commands: ["ls"], depends_on: [a, b]}
`);
      expect(build.status).toBe('success');
      await expect(repo.log(build, 'c')).resolves.toBe('+ ls\na\nb');
    },
    60_000,
  );

  test.concurrent(
    'order a service serves the steps and is over with them',
    async () => {
      const { build, repo } = await built(`
services:
  - {name: web, image: drone-kube/web}
steps:
  - name: ask
    image: busybox
    commands: ["until wget -qO- http://localhost:8080; do sleep 0.2; done"]
`);
      expect(build.status).toBe('success');
      expect(steps(build)).toMatchObject({ ask: 'success 0', web: 'success 0' });
      await expect(repo.log(build, 'ask')).resolves.not.toBe('');
    },
    60_000,
  );

  test.concurrent(
    'order a pipeline begins after the ones it depends on',
    async () => {
      const { build } = await (
        await daemons()
      ).build(
        [
          pipeline('steps:\n  - {name: one, image: busybox, commands: ["sleep 1"]}', {
            name: 'first',
          }),
          pipeline(
            'depends_on: [first]\nsteps:\n  - {name: two, image: busybox, commands: ["true"]}',
            { name: 'second' },
          ),
        ].join(''),
      );
      expect(build.status).toBe('success');
      const [first, second] = build.stages;
      expect([first?.name, second?.name]).toEqual(['first', 'second']);
      expect(second?.started).toBeGreaterThanOrEqual(first?.stopped ?? Infinity);
    },
    60_000,
  );

  test.concurrent(
    'a plugin gets its settings; the value of a secret is shown nowhere',
    async () => {
      const made = await daemons();
      const repo = await made.repo();
      await made.api.setSecret(repo.slug, 'token', 'correct-horse-battery');
      const build = await repo.run(
        pipeline(`
steps:
  - name: publish
    image: plugins/echo
    settings: {target: production, token: {from_secret: token}}
  - name: show
    image: busybox
    environment: {TOKEN: {from_secret: token}}
    commands: ['echo "it is <$TOKEN>"', 'echo $TOKEN | wc -c']
`),
      );
      expect(build.status).toBe('success');
      const published = await repo.log(build, 'publish');
      expect(published).toContain('PLUGIN_TARGET=production');
      const shown = await repo.log(build, 'show');
      expect(shown).toContain('it is <******>');
      // With the newline: the step itself had the whole of it.
      expect(shown).toContain('22');
      expect(published + shown).not.toContain('correct-horse-battery');
    },
    60_000,
  );

  test.concurrent.each([
    {
      what: 'a bad substitution',
      body: 'steps:\n  - name: a\n    image: busybox\n    commands: ["echo ${DRONE_BRANCH"]',
      text: /substitution|\$\{/i,
    },
    {
      what: 'a step without an image',
      body: 'steps:\n  - {name: a, commands: ["true"]}',
      text: /image/,
    },
    {
      what: 'two steps of one name',
      body: 'steps:\n  - {name: a, image: busybox, commands: ["true"]}\n  - {name: a, image: busybox, commands: ["true"]}',
      text: /name|"a"/,
    },
  ])(
    'a pipeline that cannot be is an error that says why: $what',
    async ({ body, text }) => {
      const { build } = await (await daemons()).build(pipeline(body));
      expect(build.status).toBe('error');
      expect(build.error ?? build.stages[0]?.error).toMatch(text);
    },
    60_000,
  );
});
