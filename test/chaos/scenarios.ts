/** The pipelines of the stream, each with everything that is to come out of a build of it. */
import type { ExpectedBuild, ExpectedStep } from './expected.ts';
import type { Random } from './random.ts';

/** What is known where pipelines are written. */
export interface Place {
  /** `node` of all pipelines: no other runner takes them. */
  readonly label: string;
  /** `http://host:port` that Pods reach; a GET of `/REPO/BUILD/STEP` is counted. */
  readonly hits: string;
  /** The second namespace, of pipelines that name it. */
  readonly otherNamespace: string;
}

export interface Scenario {
  /** Also of its repository. */
  readonly name: string;
  readonly isPrivate?: boolean;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Path to text; the pipelines are in `.drone.yml`. */
  files(place: Place): Readonly<Record<string, string>>;
  draw(random: Random, place: Place): Draw;
}

/** One build. */
export interface Draw {
  readonly params: Readonly<Record<string, string>>;
  /** Milliseconds after which somebody cancels it. */
  readonly cancelAfter?: number;
  readonly expected: ExpectedBuild;
}

interface Step {
  readonly name: string;
  readonly image: string;
  readonly commands?: readonly string[];
  readonly [key: string]: unknown;
}

/** A pipeline as YAML, of which JSON is a part. */
const pipeline = (
  { label }: Place,
  body: { readonly steps: readonly Step[]; readonly [key: string]: unknown },
): string =>
  JSON.stringify({
    kind: 'pipeline',
    type: 'kubernetes',
    name: 'default',
    node: { chaos: label },
    clone: { disable: true },
    ...body,
  });

const file = (...documents: readonly string[]) => ({ '.drone.yml': documents.join('\n---\n') });

/** Says that the step runs, so that a second time is seen. */
const hit = ({ hits }: Place, step: string): string =>
  `wget -q -O /dev/null "${hits}/$DRONE_REPO_NAME/$DRONE_BUILD_NUMBER/${step}"`;

/** What commands write: each as it stands, then its output. */
const shown = (...lines: readonly (readonly [command: string, ...output: string[]])[]) =>
  lines.flatMap(([command, ...output]) => [`+ ${command}`, ...output]);

const ok = (log: ExpectedStep['log']): ExpectedStep => ({ status: 'success', exitCode: 0, log });
const SKIPPED: ExpectedStep = { status: 'skipped', exitCode: 0, log: 'none' };

const one = (
  status: string,
  steps: Readonly<Record<string, ExpectedStep>>,
  hits: readonly string[],
): ExpectedBuild => ({ status, stages: { default: { status, steps } }, hits });

const success: Scenario = {
  name: 'success',
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          { name: 'one', image: 'busybox', commands: [hit(place, 'one'), 'echo 1 > file'] },
          { name: 'two', image: 'busybox', commands: ['sleep 1', hit(place, 'two'), 'cat file'] },
          { name: 'three', image: 'drone-kube/dash', commands: [hit(place, 'three')] },
        ],
      }),
    ),
  draw: (_random, place) => ({
    params: {},
    expected: one(
      'success',
      {
        one: ok(shown([hit(place, 'one')], ['echo 1 > file'])),
        two: ok(shown(['sleep 1'], [hit(place, 'two')], ['cat file', '1'])),
        three: ok(shown([hit(place, 'three')])),
      },
      ['one', 'two', 'three'],
    ),
  }),
};

const exitCode: Scenario = {
  name: 'exit-code',
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          { name: 'ends', image: 'busybox', commands: [hit(place, 'ends'), 'exit $CODE'] },
          { name: 'after', image: 'busybox', commands: ['echo after'] },
          {
            name: 'on-failure',
            image: 'busybox',
            commands: ['echo "$DRONE_BUILD_STATUS $DRONE_FAILED_STEPS"'],
            when: { status: ['failure'] },
          },
        ],
      }),
    ),
  draw: (random, place) => {
    const code = random.next() < 0.4 ? random.pick([0, 2, 78, 255]) : random.whole(0, 255);
    const log = shown([hit(place, 'ends')], ['exit $CODE']);
    const failed = code !== 0 && code !== 78;
    return {
      params: { CODE: String(code) },
      expected: one(
        failed ? 'failure' : 'success',
        {
          ends: { status: failed ? 'failure' : 'success', exitCode: code, log },
          after: code === 0 ? ok(shown(['echo after', 'after'])) : SKIPPED,
          'on-failure': failed
            ? ok(shown(['echo "$DRONE_BUILD_STATUS $DRONE_FAILED_STEPS"', 'failure ends']))
            : SKIPPED,
        },
        ['ends'],
      ),
    };
  },
};

const parallel: Scenario = {
  name: 'parallel',
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          { name: 'left', image: 'busybox', commands: [hit(place, 'left'), 'sleep 2'] },
          { name: 'right', image: 'busybox', commands: ['sleep 1', 'exit 3'], failure: 'ignore' },
          {
            name: 'join',
            image: 'busybox',
            commands: [hit(place, 'join')],
            depends_on: ['left', 'right'],
          },
          { name: 'beside', image: 'busybox', commands: ['echo beside'], depends_on: ['left'] },
        ],
      }),
    ),
  draw: (_random, place) => ({
    params: {},
    expected: one(
      'success',
      {
        left: ok(shown([hit(place, 'left')], ['sleep 2'])),
        right: { status: 'failure', exitCode: 3, log: shown(['sleep 1'], ['exit 3']) },
        join: ok(shown([hit(place, 'join')])),
        beside: ok(shown(['echo beside', 'beside'])),
      },
      ['left', 'join'],
    ),
  }),
};

const plugin: Scenario = {
  name: 'plugin',
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          { name: 'before', image: 'busybox', commands: [hit(place, 'before')] },
          { name: 'plugin', image: 'plugins/echo', settings: { word: 'hello', exit: 5 } },
          {
            name: 'after',
            image: 'busybox',
            commands: [hit(place, 'after')],
            when: { status: ['failure'] },
          },
        ],
      }),
    ),
  draw: (_random, place) => ({
    params: {},
    expected: one(
      'failure',
      {
        before: ok(shown([hit(place, 'before')])),
        plugin: {
          status: 'failure',
          exitCode: 5,
          log: ['PLUGIN_EXIT=5', 'PLUGIN_WORD=hello', 'DRONE_BUILD_STATUS=success'],
        },
        after: ok(shown([hit(place, 'after')])),
      },
      ['before', 'after'],
    ),
  }),
};

const ASK = 'until wget -q -O - http://web:8080/; do sleep 0.1; done 2>/dev/null';

const service: Scenario = {
  name: 'service',
  files: (place) =>
    file(
      pipeline(place, {
        services: [{ name: 'web', image: 'drone-kube/web' }],
        steps: [
          { name: 'client', image: 'busybox', commands: [ASK] },
          { name: 'later', image: 'busybox', commands: ['sleep 2', ASK] },
        ],
      }),
    ),
  draw: () => ({
    params: {},
    expected: one(
      'success',
      {
        web: ok('some'),
        client: ok(shown([ASK, 'hello from the service'])),
        later: ok(shown(['sleep 2'], [ASK, 'hello from the service'])),
      },
      [],
    ),
  }),
};

const LINES = 20_000;
const PARTS = 8;
const LONG = `for part in $(seq 1 ${PARTS}); do seq $((part * ${LINES / PARTS} - ${LINES / PARTS - 1})) $((part * ${LINES / PARTS})) | sed 's/$/ of a long log, as builds write them/'; sleep 0.4; done`;
const LONG_LINES = Array.from(
  { length: LINES },
  (_, index) => `${index + 1} of a long log, as builds write them`,
);

const longLog: Scenario = {
  name: 'long-log',
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          { name: 'writes', image: 'busybox', commands: [hit(place, 'writes'), LONG] },
          { name: 'half', image: 'busybox', commands: ['printf "no newline"'] },
        ],
      }),
    ),
  draw: (_random, place) => ({
    params: {},
    expected: one(
      'success',
      {
        writes: ok(shown([hit(place, 'writes')], [LONG, ...LONG_LINES])),
        half: ok(shown(['printf "no newline"', 'no newline'])),
      },
      ['writes'],
    ),
  }),
};

const clone: Scenario = {
  name: 'clone',
  isPrivate: true,
  files: (place) => ({
    ...file(
      pipeline(place, {
        clone: {},
        steps: [
          { name: 'reads', image: 'busybox', commands: ['cat committed.txt'] },
          { name: 'works', image: 'busybox', commands: [hit(place, 'works'), 'test -d .git'] },
        ],
      }),
    ),
    'committed.txt': 'from the repository\n',
  }),
  draw: (_random, place) => ({
    params: {},
    expected: one(
      'success',
      {
        clone: ok('some'),
        reads: ok(shown(['cat committed.txt', 'from the repository'])),
        works: ok(shown([hit(place, 'works')], ['test -d .git'])),
      },
      ['works'],
    ),
  }),
};

const PASSWORD = 'correct-horse-battery-staple';
/** As the shell gets it. */
const IN_PARTS =
  'printf "%s" "${PASSWORD%-battery*}"; sleep 1; echo "-battery${PASSWORD#*-battery}"';

const secret: Scenario = {
  name: 'secret',
  secrets: { password: PASSWORD },
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          {
            name: 'tells',
            image: 'busybox',
            environment: { PASSWORD: { from_secret: 'password' } },
            commands: ['echo "it is $PASSWORD."', IN_PARTS.replaceAll('${', () => '$${')],
          },
          { name: 'other', image: 'busybox', commands: ['echo "${PASSWORD:-none}"'] },
        ],
      }),
    ),
  draw: () => ({
    params: {},
    expected: one(
      'success',
      {
        tells: ok(shown(['echo "it is $PASSWORD."', 'it is ******.'], [IN_PARTS, '******'])),
        other: ok(shown(['echo "none"', 'none'])),
      },
      [],
    ),
  }),
};

const MULTI_CODE = 'exit $CODE';

const several: Scenario = {
  name: 'several',
  files: (place) =>
    file(
      pipeline(place, {
        name: 'first',
        steps: [{ name: 'ends', image: 'busybox', commands: [hit(place, 'ends'), MULTI_CODE] }],
      }),
      pipeline(place, {
        name: 'beside',
        steps: [{ name: 'runs', image: 'busybox', commands: [hit(place, 'beside'), 'sleep 1'] }],
      }),
      pipeline(place, {
        name: 'good',
        steps: [{ name: 'runs', image: 'busybox', commands: [hit(place, 'good')] }],
        depends_on: ['first', 'beside'],
      }),
      pipeline(place, {
        name: 'bad',
        steps: [{ name: 'runs', image: 'busybox', commands: [hit(place, 'bad')] }],
        depends_on: ['first'],
        trigger: { status: ['failure'] },
      }),
    ),
  draw: (random, place) => {
    const code = random.pick([0, 7]);
    const first = code === 0 ? 'success' : 'failure';
    const runs = (step: string) => ({
      status: 'success',
      steps: { runs: ok(shown([hit(place, step)])) },
    });
    const never = { status: 'skipped', steps: {} };
    const log = shown([hit(place, 'ends')], [MULTI_CODE]);
    return {
      params: { CODE: String(code) },
      expected: {
        status: first,
        stages: {
          first: { status: first, steps: { ends: { status: first, exitCode: code, log } } },
          beside: {
            status: 'success',
            steps: { runs: ok(shown([hit(place, 'beside')], ['sleep 1'])) },
          },
          good: code === 0 ? runs('good') : never,
          bad: code === 0 ? never : runs('bad'),
        },
        hits: ['ends', 'beside', code === 0 ? 'good' : 'bad'],
      },
    };
  },
};

export const elsewhere: Scenario = {
  name: 'elsewhere',
  files: (place) =>
    file(
      pipeline(place, {
        metadata: { namespace: place.otherNamespace },
        steps: [
          { name: 'one', image: 'busybox', commands: [hit(place, 'one'), 'sleep 2'] },
          { name: 'two', image: 'busybox', commands: [hit(place, 'two')] },
        ],
      }),
    ),
  draw: (_random, place) => ({
    params: {},
    expected: one(
      'success',
      {
        one: ok(shown([hit(place, 'one')], ['sleep 2'])),
        two: ok(shown([hit(place, 'two')])),
      },
      ['one', 'two'],
    ),
  }),
};

/** At any moment: while it waits, starts, runs, or its log is uploaded. */
const cancelled: Scenario = {
  name: 'cancelled',
  files: (place) =>
    file(
      pipeline(place, {
        steps: [
          { name: 'writes', image: 'busybox', commands: [`seq 1 ${LINES}`, 'sleep 1'] },
          { name: 'sleeps', image: 'busybox', commands: ['sleep 2'] },
          { name: 'last', image: 'busybox', commands: ['echo last'] },
        ],
      }),
    ),
  draw: (random) => ({
    params: {},
    cancelAfter: random.next() < 0.3 ? random.whole(0, 300) : random.whole(0, 7_000),
    expected: one(
      'success',
      {
        writes: ok([
          `+ seq 1 ${LINES}`,
          ...Array.from({ length: LINES }, (_, index) => String(index + 1)),
          '+ sleep 1',
        ]),
        sleeps: ok(shown(['sleep 2'])),
        last: ok(shown(['echo last', 'last'])),
      },
      [],
    ),
  }),
};

export const SCENARIOS: readonly [Scenario, ...Scenario[]] = [
  success,
  exitCode,
  parallel,
  plugin,
  service,
  longLog,
  clone,
  secret,
  several,
  elsewhere,
  cancelled,
];

/** What no log may show. */
export const SECRETS: readonly string[] = [PASSWORD];
