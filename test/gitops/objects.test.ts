import { describe, expect, test } from '@jest/globals';
import { object, time } from './found.ts';
import { changed, written } from './objects.ts';

describe('between two looks', () => {
  const before = [object('a')];

  test('nothing was written where all is equal', () => {
    expect(written(before, [object('a')])).toEqual([]);
  });

  test('a write shows, whatever it wrote', () => {
    expect(written(before, [object('a', { resourceVersion: '11' })])).toEqual([
      'ConfigMap n/a is another',
    ]);
  });

  test('a status may be written, and nothing beside it', () => {
    const status = { replicas: 1 };
    const metadata = { resourceVersion: '11' };
    expect(written(before, [{ ...object('a', metadata), status }])).toEqual([]);
    expect(
      written(before, [{ ...object('a', { ...metadata, labels: { b: 'c' } }), status }]),
    ).toEqual(['ConfigMap n/a is another']);
  });

  test('what came and what went shows', () => {
    expect(written(before, [object('b')])).toEqual([
      'ConfigMap n/a is gone',
      'ConfigMap n/b is new',
    ]);
  });

  test('one made again with the same content is not changed, only written', () => {
    const again = [object('a', { uid: '2', resourceVersion: '11', creationTimestamp: time(2) })];
    expect(changed(before, again)).toEqual([]);
    expect(written(before, again)).toEqual(['ConfigMap n/a is another']);
  });

  test('another label is a change', () => {
    expect(changed(before, [object('a', { labels: { b: 'c' } })])).toEqual([
      'ConfigMap n/a is another',
    ]);
  });
});
