import { describe, expect, test } from '@jest/globals';
import { CardFilter, type LogPiece } from '../../../runtime/drone/cards.ts';

const OPEN = '\u001B]1338;';
const CLOSE = '\u001B]0m';
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const CARD = { schema: 'https://example.com/card.json', data: { tests: 3, name: 'é' } };
const whole = `${OPEN}${base64(CARD)}${CLOSE}`;

/** What is shown of pieces, a newline after those that one ended. */
function filter(pieces: readonly (string | LogPiece)[]) {
  const cards = new CardFilter();
  const shown = pieces.flatMap((piece) =>
    cards.write(typeof piece === 'string' ? { text: piece, ended: true } : piece),
  );
  const all = [...shown, ...cards.end()];
  const text = all.map((piece) => `${piece.text}${piece.ended ? '\n' : ''}`).join('');
  return { text, card: cards.card, problem: cards.problem };
}

describe('a card', () => {
  test.each([
    { name: 'alone on its line', lines: ['a', whole, 'b'], shown: 'a\nb\n' },
    { name: 'before other text', lines: ['a', `${whole}b`], shown: 'a\nb\n' },
    {
      name: 'in pieces, cut in its end as well',
      lines: [
        { text: whole.slice(0, 30), ended: false },
        { text: whole.slice(30, -1), ended: false },
        { text: `${whole.slice(-1)}rest`, ended: true },
        'b',
      ],
      shown: 'rest\nb\n',
    },
    {
      name: 'the last one of several',
      lines: [`${OPEN}${base64({ schema: 's', data: 1 })}${CLOSE}`, whole],
      shown: '',
    },
  ])('$name is taken out of the log', ({ lines, shown }) => {
    expect(filter(lines)).toEqual({ text: shown, card: CARD, problem: '' });
  });

  test.each([
    { name: 'no JSON', inside: Buffer.from('hello').toString('base64'), problem: /not JSON/ },
    { name: 'a list', inside: base64([1]), problem: /card is not an object/ },
    { name: 'no schema', inside: base64({ data: {} }), problem: /card\.schema is not there/ },
    { name: 'no data', inside: base64({ schema: 's' }), problem: /card\.data is not there/ },
    { name: 'nothing', inside: '', problem: /not JSON/ },
  ])('with $name is taken out and told', ({ inside, problem }) => {
    const result = filter([`${OPEN}${inside}${CLOSE}`, 'b']);
    expect(result).toEqual({
      text: 'b\n',
      card: undefined,
      problem: expect.stringMatching(problem),
    });
  });
});

describe('what is no card is shown as it is', () => {
  test.each([
    { name: 'in the middle of a line', lines: [`a ${whole}`] },
    {
      name: 'another program’s image',
      lines: [`${OPEN}url='artifact://a.png';alt='a'\u0007`, 'b'],
    },
    { name: 'without an end', lines: [`${OPEN}${base64(CARD)}`, 'b'] },
    { name: 'another escape sequence', lines: ['\u001B[31mred\u001B[0m'] },
    { name: 'other bytes than base64', lines: [`${OPEN}a b${CLOSE}`] },
  ])('$name', ({ lines }) => {
    const text = lines.map((line) => `${line}\n`).join('');
    expect(filter(lines)).toEqual({ text, card: undefined, problem: '' });
  });

  test('in the second piece of a line', () => {
    const lines = [{ text: 'a', ended: false }, whole];
    expect(filter(lines).text).toBe(`a${whole}\n`);
  });

  test('what never ends, after 4 MiB', () => {
    const cards = new CardFilter();
    const piece = { text: 'a'.repeat(1_048_576), ended: false };
    const counts = [{ ...piece, text: OPEN }, piece, piece, piece, piece, piece].map(
      (one) => cards.write(one).length,
    );
    expect(counts).toEqual([0, 0, 0, 0, 5, 1]);
  });

  test('a log that ends in a card', () => {
    const pieces = [{ text: `${OPEN}abc`, ended: false }];
    expect(filter(pieces).text).toBe(`${OPEN}abc`);
  });
});
