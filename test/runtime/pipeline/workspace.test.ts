import { expect, test } from '@jest/globals';
import { workspacePath } from '../../../runtime/pipeline/workspace.ts';

test.each([
  ['', '/drone/src'],
  ['/go/src/example.com/octocat', '/go/src/example.com/octocat'],
  ['/drone/src/', '/drone/src'],
  ['go/src', '/go/src'],
  ['./go', '/go'],
  ['/go/./a/../b', '/go/b'],
  // Folders that only look like a restricted one.
  ['/etcetera', '/etcetera'],
  ['/etc/app', '/etc/app'],
  ['/var/lib/app', '/var/lib/app'],
  ['/binary', '/binary'],
  ['/usr/local', '/usr/local'],
])('"%s" is %s', (path, expected) => {
  expect(workspacePath(path)).toBe(expected);
});

test.each(
  `/ /etc /var /etc/docker /etc/docker/certs.d /var/run /var/run/secrets /proc /proc/1 /usr/local/bin /usr/local/sbin/x
   /usr/bin /bin /bin/x /mnt /mnt/data /mount /media/x /sys /sys/fs /dev
   /dev/shm /ETC /Proc/1 //etc// /go/../etc etc ../../dev /var/run/`.split(/\s+/),
)('"%s" is restricted', (path) => {
  expect(workspacePath(path)).toBe('/drone/src');
});
