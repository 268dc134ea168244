import { describe, expect, test } from '@jest/globals';
import {
  hostAddress,
  listenAddress,
  proxyUrl,
  url,
  mirrors,
  volumes,
} from '../../../runtime/config/address-types.ts';
import {
  boolean,
  choice,
  cpu,
  headerSecret,
  integer,
  list,
  map,
  objectName,
  positive,
  seconds,
  size,
  stageNamespace,
  type ValueType,
} from '../../../runtime/config/value-types.ts';

const MIB = 1024 * 1024;

describe('what is taken', () => {
  test.each<[string, ValueType, string, unknown]>([
    ...['1', 't', 'T', 'true', 'True', 'TRUE'].map((text): [string, ValueType, string, unknown] => [
      'boolean',
      boolean,
      text,
      true,
    ]),
    ...['0', 'f', 'F', 'false', 'False', 'FALSE'].map(
      (text): [string, ValueType, string, unknown] => ['boolean', boolean, text, false],
    ),
    ['integer', integer(0), '42', 42],
    ['integer', integer(0), '+42', 42],
    ['integer', integer(-5), '-5', -5],
    ['integer', integer(0), '0x10', 16],
    ['integer', integer(0), '010', 8],
    ['integer', integer(0), '0o10', 8],
    ['integer', integer(0), '0b101', 5],
    ['integer', integer(0), '0', 0],
    ['number', positive, '7.5', 7.5],
    ['millicores', cpu, '1500', 1500],
    ['millicores', cpu, '0', 0],
    ['size', size, '104857600', 100 * MIB],
    ['size', size, '100mb', 100 * MIB],
    ['size', size, '100MiB', 100 * MIB],
    ['size', size, '100Mi', 100 * MIB],
    ['size', size, '100 M', 100 * MIB],
    ['size', size, '1.5g', 1536 * MIB],
    ['size', size, '1kB', 1024],
    ['size', size, '12b', 12],
    ['seconds', seconds(1), '480', 480],
    ['seconds', seconds(1), '480s', 480],
    ['seconds', seconds(1), '8m', 480],
    ['seconds', seconds(1), '1h30m15s', 5415],
    ['choice', choice('http', 'https'), 'https', 'https'],
    ['list', list, 'a', ['a']],
    ['list', list, 'a, b,,c ', ['a', 'b', 'c']],
    [
      'map',
      map,
      'a:1,b:2',
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    ],
    ['map', map, 'PROXY:http://a:1', new Map([['PROXY', 'http://a:1']])],
    [
      'map',
      map,
      'a:, b: 2',
      new Map([
        ['a', ''],
        ['b', ' 2'],
      ]),
    ],
    ['map', map, 'a:1,a:2', new Map([['a', '2']])],
    ['namespace', stageNamespace, 'builds', 'builds'],
    ['namespace', stageNamespace, 'drone-', 'drone-'],
    ['name', objectName, 'a.b-c', 'a.b-c'],
    ['header', headerSecret, 'abc def', 'abc def'],
    ['host', hostAddress, 'drone', 'drone'],
    ['host', hostAddress, 'drone.example.com:80', 'drone.example.com:80'],
    ['host', hostAddress, '[::1]:8080', '[::1]:8080'],
    ['host', hostAddress, 'example.com/drone/', 'example.com/drone'],
    ['address', listenAddress, ':3000', { host: '', port: 3000 }],
    ['address', listenAddress, '3000', { host: '', port: 3000 }],
    ['address', listenAddress, '127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['address', listenAddress, '[::1]:80', { host: '::1', port: 80 }],
    ['URL', url, 'https://a.example.com:1/x', 'https://a.example.com:1/x'],
    ['proxy', proxyUrl, 'http://user:pw@proxy:3128', 'http://user:pw@proxy:3128'],
    ['proxy', proxyUrl, 'proxy:3128', 'http://proxy:3128'],
    ['proxy', proxyUrl, 'socks5://proxy:1080', 'socks5://proxy:1080'],
    [
      'mirrors',
      mirrors,
      'docker.io=https://m.example.com/v2/hub, h:5000=http://h:5000',
      new Map([
        ['docker.io', 'https://m.example.com/v2/hub'],
        ['h:5000', 'http://h:5000'],
      ]),
    ],
    [
      'volumes',
      volumes,
      '/a:/b,/c:/d:ro',
      [
        { source: '/a', target: '/b', readOnly: false },
        { source: '/c', target: '/d', readOnly: true },
      ],
    ],
  ])('%s', (_, type, text, value) => {
    expect(type.parse(text)).toEqual({ value });
  });
});

describe('what is refused', () => {
  test.each<[string, ValueType, string, string, string]>([
    ['boolean', boolean, 'yes', 'is "yes", not a boolean', 'write true or false'],
    ['boolean', boolean, ' true', 'is " true", not a boolean', 'write true or false'],
    ['integer', integer(1), '0', 'not a whole number of at least 1', 'at least 1'],
    ['integer', integer(1), '1.5', 'is "1.5"', 'whole number'],
    ['integer', integer(1), '09', 'is "09"', 'whole number'],
    ['integer', integer(1), '99999999999', 'is "99999999999"', 'whole number'],
    ['integer', integer(1, 9), '10', 'from 1 to 9', 'from 1 to 9'],
    ['number', positive, '0', 'is "0"', 'above 0'],
    ['number', positive, '-1', 'is "-1"', 'above 0'],
    ['millicores', cpu, '500m', 'is "500m"', 'write 500; 1000 is one core'],
    ['millicores', cpu, '0.25', 'is "0.25"', 'write 250; 1000 is one core'],
    ['millicores', cpu, '-1', 'is "-1"', 'write 500; 1000 is one core'],
    ['size', size, '100 megabytes', 'not a size', '512MiB'],
    ['size', size, '-1', 'not a size', '512MiB'],
    ['size', size, '9999999999p', 'not a size', '512MiB'],
    ['seconds', seconds(3), '2', 'of at least 3', 'at least 3'],
    ['seconds', seconds(1), '10d', 'is "10d"', 'such as 10m'],
    ['seconds', seconds(1), '1.5m', 'is "1.5m"', 'such as 10m'],
    ['seconds', seconds(1), 's', 'is "s"', 'such as 10m'],
    ['choice', choice('http', 'https'), 'HTTP', 'not http or https', 'write http or https'],
    ['list', list, ' , ', 'is a list without an entry', 'leave it out'],
    ['map', map, 'a:1,b', 'its entry 2 ("b") has no colon', 'name:value'],
    ['map', map, 'a:1,', 'its entry 2 ("") has no colon', 'name:value'],
    ['map', map, ':1', 'its entry 1 (":1") has no name before its colon', 'name:value'],
    ['namespace', stageNamespace, 'My_Builds', 'is "My_Builds"', 'lower-case letters'],
    ['namespace', stageNamespace, 'a'.repeat(64), 'not the name of a namespace', '63'],
    ['name', objectName, 'a/b', 'is "a/b"', 'lower-case letters'],
    ['header', headerSecret, 'abc\n', 'line break', '--from-file'],
    [
      'host',
      hostAddress,
      'https://d.example.com/',
      'begins with https://',
      'DRONE_RPC_PROTO=https',
    ],
    ['host', hostAddress, 'https://d:8080', 'begins with https://', 'DRONE_RPC_HOST=d:8080'],
    ['host', hostAddress, 'a b', 'is not the name of a host', 'drone.example.com'],
    ['host', hostAddress, 'd?x=1', 'is not the name of a host', 'drone.example.com'],
    ['address', listenAddress, ':http', 'is ":http"', ':3000'],
    ['address', listenAddress, ':70000', 'is ":70000"', ':3000'],
    ['URL', url, 'example.com', 'begins with http:// or https://', 'https://host.example.com'],
    ['URL', url, 'ftp://a', 'begins with http://', 'https://host.example.com'],
    ['mirrors', mirrors, 'docker.io', 'does not name a registry', 'docker.io='],
    ['mirrors', mirrors, 'https://mirror', 'does not name a registry', 'docker.io='],
    ['mirrors', mirrors, 'docker.io=mirror:5000', 'does not name', 'docker.io='],
    ['mirrors', mirrors, 'a=https://b,', 'does not name', 'docker.io='],
    ['mirrors', mirrors, 'a=ftp://b', 'does not name', 'docker.io='],
    ['mirrors', mirrors, 'a=https://me:swordfish@b', 'does not name', 'without user'],
    ['mirrors', mirrors, 'a=https://b?c', 'does not name', 'docker.io='],
    ['mirrors', mirrors, 'a/b=https://c', 'does not name', 'docker.io='],
    ['volumes', volumes, '/a', 'has the entry "/a"', ':ro'],
    ['volumes', volumes, 'a:/b', 'has the entry "a:/b"', ':ro'],
    ['volumes', volumes, '/a:/b:rx', 'has the entry "/a:/b:rx"', ':ro'],
    ['volumes', volumes, '/a:/b:ro:/c', 'has the entry', ':ro'],
  ])('%s %#', (_, type, text, wrong, fix) => {
    expect(type.parse(text)).toEqual({
      wrong: expect.stringContaining(wrong),
      fix: expect.stringContaining(fix),
    });
  });

  test('a long value is cut', () => {
    expect(boolean.parse('x'.repeat(500))).toMatchObject({
      wrong: `is "${'x'.repeat(60)}…", not a boolean`,
    });
  });

  test('nobody sees the password of an address', () => {
    for (const type of [url, proxyUrl, hostAddress]) {
      expect(JSON.stringify(type.parse('ftp://user:hunter2@host'))).not.toContain('hunter2');
      expect(JSON.stringify(type.parse('https://user:hunter2@ho st'))).not.toContain('hunter2');
    }
  });
});
