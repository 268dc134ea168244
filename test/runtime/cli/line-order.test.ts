import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LineOrder } from '../../../runtime/cli/line-order.ts';

let shown: string[] = [];
let order = new LineOrder(() => undefined);
beforeEach(() => {
  jest.useFakeTimers();
  shown = [];
  order = new LineOrder((text) => void shown.push(text));
});
afterEach(() => {
  jest.useRealTimers();
});

describe('lines of several logs', () => {
  test('that arrive together are shown as they were written', () => {
    order.add(2, 20, 'second step');
    order.add(1, 10, 'first step');
    order.add(1, 15, 'first step, more');
    expect(shown).toEqual([]);
    jest.advanceTimersByTime(100);
    expect(shown).toEqual(['first step', 'first step, more', 'second step']);
  });

  test('keep the order that each log has, and with equal stamps that of their arrival', () => {
    order.add(1, 10, 'a');
    order.add(1, 9.999, 'b');
    order.add(2, 10, 'c');
    order.add(1, 10, 'd');
    order.flush();
    expect(shown).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are held back for a moment only, however many follow', () => {
    for (let time = 0; time < 1_000; time += 50) {
      order.add(1, time, String(time));
      jest.advanceTimersByTime(50);
      expect(shown.length).toBeGreaterThanOrEqual(Math.floor(time / 100) * 2);
    }
  });

  test('wait for logs that begin one after the other', () => {
    order.add(2, 20, 'second step');
    jest.advanceTimersByTime(80);
    order.add(3, 30, 'third step');
    jest.advanceTimersByTime(80);
    order.add(1, 10, 'first step');
    expect(shown).toEqual([]);
    jest.advanceTimersByTime(100);
    expect(shown).toEqual(['first step', 'second step', 'third step']);
  });

  test('are held back for a second at the most, however many logs begin', () => {
    for (let stream = 0; stream < 40; stream += 1) {
      order.add(stream, stream, String(stream));
      jest.advanceTimersByTime(50);
    }
    expect(shown.length).toBeGreaterThanOrEqual(20);
  });

  test('are shown at once at the end, and none twice', () => {
    order.add(1, 1, 'last');
    order.flush();
    jest.advanceTimersByTime(1_000);
    expect(shown).toEqual(['last']);
  });
});
