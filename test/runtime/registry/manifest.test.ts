import { describe, expect, test } from '@jest/globals';
import { DecodeError } from '../../../runtime/drone/decode.ts';
import { chooseImage, decodeConfig, decodeManifest } from '../../../runtime/registry/manifest.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const entry = (letter: string, os: string, arch: string, variant = ''): object => ({
  digest: digest(letter),
  platform: { os, architecture: arch, ...(variant === '' ? {} : { variant }) },
});

const INDEX = bytes({
  manifests: [
    entry('a', 'linux', 'amd64'),
    entry('b', 'linux', 'arm', 'v6'),
    entry('c', 'linux', 'arm', 'v7'),
    entry('d', 'unknown', 'unknown'),
    entry('e', 'windows', 'amd64'),
    { digest: digest('f') },
  ],
});

describe('an index', () => {
  test.each([
    ['linux', 'amd64', '', 'a'],
    ['linux', 'amd64', 'v3', 'a'],
    ['linux', 'arm', '', 'b'],
    ['linux', 'arm', 'v7', 'c'],
    ['windows', 'amd64', '', 'e'],
    ['linux', 's390x', '', undefined],
  ])('%s/%s %s', (os, arch, variant, letter) => {
    const index = decodeManifest(INDEX);
    const images = index.kind === 'index' ? index.images : [];
    const chosen = chooseImage(images, { os, arch, variant });
    expect(chosen).toBe(letter && digest(letter));
  });
});

test('the manifest of one image', () => {
  const manifest = bytes({ config: { digest: digest('a') }, layers: [] });
  expect(decodeManifest(manifest)).toEqual({ kind: 'image', config: digest('a') });
});

test.each([
  [{ os: 'linux', config: { Entrypoint: ['/a'], Cmd: ['b'] } }, 'linux', ['/a'], ['b']],
  [{ os: 'linux', config: { Entrypoint: null, Cmd: ['b'] } }, 'linux', [], ['b']],
  [{ config: {} }, '', [], []],
  [{}, '', [], []],
])('the config %j', (config, os, entrypoint, command) => {
  expect(decodeConfig(bytes(config))).toEqual({ os, entrypoint, command });
});

test.each([
  ['a manifest of the first version', bytes({ schemaVersion: 1, fsLayers: [] })],
  ['a digest that leads elsewhere', bytes({ config: { digest: '../../x' } })],
  ['no JSON', Buffer.from('<html>')],
  ['no object', bytes([])],
  ['manifests that are none', bytes({ manifests: [7] })],
])('%s is refused', (_, manifest) => {
  expect(() => decodeManifest(manifest)).toThrow(DecodeError);
});

test('words that are no texts are refused', () => {
  expect(() => decodeConfig(bytes({ config: { Entrypoint: [1] } }))).toThrow(DecodeError);
});
