import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LogCursor } from '../../../runtime/kube/log-cursor.ts';
import { LogLineSplitter, toSinceTime, type LogLine } from '../../../runtime/kube/log-lines.ts';

const STAMP = '2026-11-24T10:00:00.000000001Z';

function split(bytes: Buffer, size: number): LogLine[] {
  const splitter = new LogLineSplitter();
  const lines: LogLine[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    lines.push(...splitter.push(bytes.subarray(at, at + size)));
  }
  return [...lines, ...splitter.end()];
}

describe('lines', () => {
  test.each([
    ['2026-11-24T10:00:00.000000001Z a', 1_795_514_400_000_000_001n, 'a'],
    ['2026-11-24T12:00:00.5+02:00 a', 1_795_514_400_500_000_000n, 'a'],
    ['2026-11-24T10:00:00Z  two spaces', 1_795_514_400_000_000_000n, ' two spaces'],
    [`${STAMP} `, 1_795_514_400_000_000_001n, ''],
    [`${STAMP} progress\r100%\r`, 1_795_514_400_000_000_001n, 'progress\r100%\r'],
    [`${STAMP} \u{feff}bom ü 🙂`, 1_795_514_400_000_000_001n, '\u{feff}bom ü 🙂'],
  ])('%j', (line, time, text) => {
    const expected = [{ time, text, continues: false }];
    expect(split(Buffer.from(`${line}\n`), 7)).toEqual(expected);
    expect(split(Buffer.from(line), 1_000)).toEqual(expected);
  });

  test('bytes that are not UTF-8 are replaced', () => {
    const bytes = Buffer.concat([Buffer.from(`${STAMP} a`), Buffer.from([0xff, 0x0a])]);
    expect(split(bytes, 1_000)[0]?.text).toBe('a\u{fffd}');
  });

  test.each(['no stamp at all', 'unable to retrieve container logs for containerd://0', ''])(
    'the kubelet complains inside the log: %j',
    (text) => {
      expect(() => split(Buffer.from(`${text}\n`), 1_000)).toThrow('without a time stamp');
    },
  );

  test('a line of 3 MB comes in pieces of at most 1 MiB, cut between characters', () => {
    const text = 'ü'.repeat(1_500_000);
    const lines = split(Buffer.from(`${STAMP} ${text}\n${STAMP} next\n`), 65_536);
    expect(lines.map((line) => line.continues)).toEqual([true, true, false, false]);
    const joined = lines.slice(0, 3).map((line) => line.text);
    expect(joined.join('')).toBe(text);
    expect(lines[3]?.text).toBe('next');
    expect(new Set(lines.map((line) => line.time)).size).toBe(1);
  });

  test('the same bytes give the same lines however they arrive', () => {
    const texts = fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')));
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 50 }), (all, size) => {
        const bytes = Buffer.from(all.map((text) => `${STAMP} ${text}\n`).join(''));
        expect(split(bytes, size)).toEqual(split(bytes, 1_000_000));
      }),
    );
  });
});

describe('reading again', () => {
  // Few different stamps and texts, so that equal neighbours and equal stamps are common.
  const entry = fc.record({
    step: fc.integer({ min: 0, max: 2 }),
    text: fc.constantFrom('a', 'b'),
  });

  test('every line is delivered once, in order, wherever the connection breaks', () => {
    const breaks = fc.array(fc.nat({ max: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), breaks, (entries, cuts) => {
        let time = 5_000_000_000n;
        const file = entries.map(({ step, text }) => {
          time += BigInt(step) * 400_000_000n;
          return { time, text, continues: false };
        });
        const cursor = new LogCursor();
        const delivered: LogLine[] = [];
        for (const cut of [...cuts, file.length]) {
          const since = cursor.time === undefined ? '' : toSinceTime(cursor.time);
          const from = since === '' ? 0n : BigInt(Date.parse(since)) * 1_000_000n;
          cursor.rewind();
          const answer = file.filter((line) => line.time >= from);
          const end = cut === file.length ? answer.length : cut;
          delivered.push(...answer.slice(0, end).filter((line) => cursor.isNew(line)));
        }
        expect(delivered).toEqual(file);
      }),
    );
  });

  test('what comes after a rotation is new, though the last line is gone', () => {
    const cursor = new LogCursor();
    const line = (time: bigint): LogLine => ({ time, text: 'x', continues: false });
    expect([1n, 2n].map((time) => cursor.isNew(line(time)))).toEqual([true, true]);
    cursor.rewind();
    expect([3n, 4n].map((time) => cursor.isNew(line(time)))).toEqual([true, true]);
  });
});
