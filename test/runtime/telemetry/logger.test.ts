import { describe, expect, test } from '@jest/globals';
import { LogBook } from '../../../runtime/telemetry/log-book.ts';
import { createLogger, stageLogger, type Logger } from '../../../runtime/telemetry/logger.ts';

const NOW = Date.UTC(2030, 0, 2, 3, 4, 5, 678);

interface Written {
  readonly log: Logger;
  readonly book: LogBook;
  readonly lines: string[];
}

function open(options: { debug?: boolean; trace?: boolean; secrets?: string[] } = {}): Written {
  const lines: string[] = [];
  const book = new LogBook();
  const out = { write: (line: string) => void lines.push(line) };
  const { debug = false, trace = false, secrets = [] } = options;
  return { lines, book, log: createLogger({ debug, trace, secrets, book, now: () => NOW, out }) };
}

const IDS = {
  repo: 'octocat/hello',
  build: { id: 7, number: 42 },
  stage: { id: 3, number: 1, name: 'default' },
};

describe('the log', () => {
  test('is one line of JSON for each entry, and the dashboard has the same', () => {
    const { book, lines, log } = open();
    log.info('the runner is ready', { capacity: 100 });
    expect(lines).toEqual([
      '{"level":"info","time":"2030-01-02T03:04:05.678Z","capacity":100,"msg":"the runner is ready"}\n',
    ]);
    expect(book.recent()).toEqual([
      { level: 'info', time: NOW, message: 'the runner is ready', fields: { capacity: 100 } },
    ]);
  });

  test.each([
    ['neither', {}, ['info', 'warn', 'error']],
    ['DRONE_DEBUG', { debug: true }, ['debug', 'info', 'warn', 'error']],
    ['DRONE_TRACE', { trace: true }, ['trace', 'debug', 'info', 'warn', 'error']],
  ])('has the levels of %s, on stdout and for the dashboard', (_name, options, expected) => {
    const { book, lines, log } = open(options);
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) log[level](level);
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      expected.map((level) => expect.objectContaining({ level, msg: level })),
    );
    expect(book.recent().map(({ level }) => level)).toEqual(expected);
  });

  test('an error tells name, code, message and cause; its stack only with DRONE_DEBUG', () => {
    const error = Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'x-y' });
    const cause = { name: 'Error', message: 'why' };
    const told = { name: 'TypeError', code: 'x-y', message: 'no', cause };
    const quiet = open();
    quiet.log.error('failed', { error });
    expect(quiet.book.recent()[0]?.fields).toEqual({ error: told });
    const loud = open({ debug: true });
    loud.log.error('failed', { error });
    expect(loud.book.recent()[0]?.fields).toMatchObject({
      error: { stack: expect.stringContaining('logger.test') },
    });
  });

  test('lines about a stage name it, and are found by its id', () => {
    const { book, lines, log } = open();
    const stage = stageLogger(log, IDS, []);
    log.info('about nothing');
    stage.child({ step: 'build' }).warn('about a step');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      repo: 'octocat/hello',
      'build.id': 7,
      'build.number': 42,
      'stage.id': 3,
      'stage.number': 1,
      'stage.name': 'default',
      step: 'build',
      msg: 'about a step',
    });
    expect(book.ofStage(3).map(({ message }) => message)).toEqual(['about a step']);
    expect(book.ofStage(4)).toEqual([]);
  });
});

describe('no secret is logged', () => {
  const loop: Record<string, unknown> = { inner: 'hunter2' };
  loop['self'] = loop;

  test.each<[string, string, Record<string, unknown>]>([
    ['in the message', 'password hunter2 is wrong', {}],
    ['in a field', 'm', { text: 'say hunter2 twice: hunter2' }],
    ['deep in a field', 'm', { a: [{ b: new Map([['c', new Set(['hunter2'])]]) }] }],
    ['as a key', 'm', { a: { hunter2: 1 } }],
    ['in an error and its cause', 'm', { error: new Error('hunter2', { cause: 'hunter2' }) }],
    ['in what contains itself', 'm', { loop }],
    ['in base64, as in a Secret', 'm', { body: Buffer.from('hunter2').toString('base64') }],
    ['inside JSON', 'm', { body: JSON.stringify({ token: 'hunter2' }) }],
    ['under a telling name', 'm', { rpcSecret: 'hunter2', Authorization: ['hunter2'] }],
    ['in a long text that is cut', 'm', { text: `${'x'.repeat(1996)}hunter2` }],
    ['as bytes', 'm', { bytes: Buffer.from('hunter2') }],
  ])('%s', (_name, message, fields) => {
    const { book, lines, log } = open({ debug: true, secrets: ['hunter2'] });
    log.error(message, fields);
    const all = lines.join('') + JSON.stringify(book.recent());
    expect(all).not.toMatch(/hunt|aHVudGVyMg/);
    expect(lines).toHaveLength(1);
  });

  test.each<[string, Record<string, unknown>, unknown]>([
    [
      'a credential in a URL',
      { url: new URL('https://u:p@h.example/x') },
      'https://******@h.example/x',
    ],
    ['a bearer token', { header: 'Bearer abcdefgh.ijk' }, 'Bearer ******'],
    ['a Secret of Kubernetes', { stringData: { a: 'b' } }, '******'],
    ['the environment of a step', { environment: { A: 'b' } }, '******'],
    ['a netrc', { netrc: { machine: 'm', password: 'p' } }, '******'],
    ['an api key, whatever its type', { apiKey: 12_345 }, '******'],
  ])('%s that nobody named', (_name, fields, shown) => {
    const { book, log } = open();
    log.info('m', fields);
    expect(Object.values(book.recent()[0]?.fields ?? {})).toEqual([shown]);
  });

  test('whether there is a secret may be told', () => {
    const { book, log } = open();
    log.info('m', { hasToken: true, password: undefined, netrc: null });
    expect(book.recent()[0]?.fields).toEqual({ hasToken: true, password: undefined, netrc: null });
  });

  test('the secrets of a stage are hidden in its lines, beside those of the runner', () => {
    const { lines, log } = open({ secrets: ['hunter2'] });
    stageLogger(log, IDS, ['s3cr3t']).child({ step: 's3cr3t' }).info('s3cr3t and hunter2');
    expect(lines.join('')).not.toMatch(/s3cr3t|hunter2/);
  });
});

describe('what the dashboard keeps of the log', () => {
  const entry = (message: string) => ({ time: 0, level: 'info' as const, message, fields: {} });

  test('is the last 250 entries, and the last 100 of a stage', () => {
    const book = new LogBook();
    for (let i = 0; i < 300; i += 1) book.add(entry(String(i)), 1);
    expect(book.recent()).toHaveLength(250);
    expect(book.recent().at(0)?.message).toBe('50');
    expect(book.ofStage(1)).toHaveLength(100);
    expect(book.ofStage(1).at(-1)?.message).toBe('299');
  });

  test('forgets the stages that were silent for longest', () => {
    const book = new LogBook();
    for (let stage = 1; stage <= 60; stage += 1) {
      for (let i = 0; i < 100; i += 1) {
        book.add(entry('line'), stage);
        if (i === 50) book.add(entry('line'), 1);
      }
    }
    expect(book.ofStage(1)).toHaveLength(100);
    expect(book.ofStage(2)).toEqual([]);
    expect(book.ofStage(60)).toHaveLength(100);
  });

  test('holds no more of an entry than can be read', () => {
    const { book, log } = open();
    log.info('m', { text: 'x'.repeat(1e6), items: Array.from({ length: 1e4 }, () => 1) });
    expect(JSON.stringify(book.recent()).length).toBeLessThan(3000);
  });
});
