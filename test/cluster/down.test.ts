import { expect, test } from '@jest/globals';
import { mountsBelow } from './down.ts';

const line = (path: string) => `30 25 0:26 / ${path} rw,relatime - tmpfs tmpfs rw`;

test('mountsBelow finds what is below a folder, the innermost first', () => {
  const mountinfo = [
    line('/'),
    line('/state'),
    line('/state/pods/a'),
    line('/state/pods/a/volume\\040with\\040spaces'),
    line('/state-of-another/pods'),
    line('/elsewhere/state/pods'),
  ].join('\n');
  expect(mountsBelow(mountinfo, '/state')).toEqual([
    '/state/pods/a/volume with spaces',
    '/state/pods/a',
  ]);
});
