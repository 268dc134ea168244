/** Pipeline files with a mistake in them that keeps them from running, whatever else they say. */
import { check } from '../../../runtime/cli/pipeline-file.ts';
import { lintAdvice } from '../../../runtime/pipeline/lint-advice.ts';
import { renderDiagnostics } from '../../../runtime/pipeline/render.ts';
import { generateData, pick, randomOf, writeData, type Data } from './generated.ts';

const word = (text: string): Data => ({ kind: 'scalar', text, plain: true });
const list = (...items: readonly Data[]): Data => ({ kind: 'list', items });
const map = (values: Readonly<Record<string, Data>>): Data => ({
  kind: 'map',
  pairs: Object.entries(values),
});
const step = (more: Readonly<Record<string, Data>> = {}): Data =>
  map({ name: word('a'), image: word('b'), ...more });

/** Values of keys of the pipeline that it cannot have. */
const WRONG: readonly (readonly [string, Data])[] = [
  ['steps', word('a')],
  ['steps', map({ a: word('b') })],
  ['steps', list(word('a'))],
  ['steps', list(map({ name: word('a') }))],
  ['steps', list(map({ image: word('a') }))],
  ['steps', list(step(), step())],
  ['steps', list(step({ depends_on: list(word('a')) }))],
  ['steps', list(step({ depends_on: list(word('nobody')) }))],
  ['steps', list(step({ depends_on: word('clone') }))],
  ['steps', list(step({ commands: word('make') }))],
  ['steps', list(step({ commands: list(map({ a: word('b') })) }))],
  ['steps', list(step({ environment: list(word('A=b')) }))],
  ['steps', list(step({ environment: map({ A: list(word('b')) }) }))],
  ['steps', list(step({ detach: word('maybe') }))],
  ['steps', list(step({ user: word('root') }))],
  ['steps', list(step({ privileged: word('true') }))],
  ['steps', list(step({ when: list(word('main')) }))],
  ['steps', list(step({ when: map({ branch: list(map({ a: word('b') })) }) }))],
  ['steps', list(step({ volumes: list(map({ name: word('_status'), path: word('/a') })) }))],
  ['volumes', list(map({ name: word('v'), host: map({ path: word('/') }) }))],
  ['volumes', list(map({ temp: map({}) }))],
  ['clone', map({ depth: word('deep') })],
  ['resources', map({ requests: map({ memory: word('lots') }) })],
  ['resources', map({ limits: map({ cpu: word('1') }) })],
  ['tolerations', map({ key: word('a') })],
  ['environment', word('a')],
];

/** What breaks a file at its end or at its beginning. */
const WOUNDS: readonly ((text: string) => string)[] = [
  'zzz: "never closed',
  "zzz: 'never closed",
  'zzz: [a, b',
  'zzz: {a: b',
  'zzz: @a',
  'zzz: `a`',
  'zzz: *nobody',
  'zzz: "\\q"',
  'zzz: a: b',
  'zzz',
  ']',
  '%a\nzzz: b',
  'zzz: \u0007',
]
  .map((wound) => (text: string) => `${text}${text.endsWith('\n') ? '' : '\n'}${wound}\n`)
  .concat([(text) => `a:b\n${text}`, (text) => `? [\n${text}`]);

/** The same for the same seed. */
export function brokenFile(seed: number): string {
  const random = randomOf(seed);
  const data = generateData(random);
  if (random() < 0.4) return pick(random, WOUNDS)(writeData(data, random));
  const [name, wrong] = pick(random, WRONG);
  const pairs = data.kind === 'map' ? data.pairs.filter(([key]) => key !== name) : [];
  return writeData({ kind: 'map', pairs: [...pairs, [name, wrong]] }, random);
}

/** What is not as it has to be with a broken file; '' where an error says what is wrong, at a place. */
export function faultOf(text: string): string {
  const started = performance.now();
  const { documents, diagnostics } = check(text, { trusted: false });
  const all = [...diagnostics, ...lintAdvice(documents)];
  renderDiagnostics(all, { file: 'f', text, color: false });
  const took = performance.now() - started;
  if (took > 1_000) return `it took ${Math.round(took)} ms`;
  if (!all.some(({ severity }) => severity === 'error')) return 'no error';
  const lines = text.split(/\r\n|\n|\r/);
  const astray = all.find(({ position: { line, column, length } }) => {
    const content = lines[line - 1];
    return content === undefined || column < 1 || column > content.length + 1 || length < 1;
  });
  return astray === undefined ? '' : `no such place: ${JSON.stringify(astray)}`;
}
