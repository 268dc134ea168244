import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { RESTRICTED_POD } from '../../infra/constructs/pods.ts';
import { copyLicenses, packagesOf } from '../licenses.ts';

describe('the image of the runner', () => {
  const lines = readFileSync(new URL('../../runtime/Dockerfile', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const of = (instruction: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${instruction} `));

  test('has a base that is pinned by its digest', () => {
    expect(of('ARG')[0]).toMatch(/^ARG BASE=\S+@sha256:[0-9a-f]{64}$/);
    expect(of('FROM')).toEqual(['FROM ${BASE}']);
  });

  test('runs as the user that its Pods run as', () => {
    const { runAsUser, runAsGroup } = RESTRICTED_POD;
    expect(of('USER')).toEqual([`USER ${runAsUser}:${runAsGroup}`]);
  });

  test('is made for another platform without running anything', () => {
    expect(of('RUN')).toEqual([]);
  });

  test('takes what is copied with modes that do not depend on who builds it', () => {
    expect(of('COPY')).toEqual([
      expect.stringMatching(/^COPY --chmod=755 .*\bbuild\b.*\bLICENSE\b.*\bpackage\.json\b/),
    ]);
  });
});

describe('the licenses of what is bundled', () => {
  test('are of the packages that files come from, also of one inside of another', () => {
    expect(
      packagesOf([
        'runtime/main.ts',
        'node_modules/undici/index.js',
        'node_modules/undici/lib/core/connect.js',
        'node_modules/@kubernetes/client-node/dist/index.js',
        'node_modules/socks/node_modules/ip-address/dist/ip.js',
        'required:node:http',
      ]),
    ).toEqual([
      'node_modules/@kubernetes/client-node',
      'node_modules/socks/node_modules/ip-address',
      'node_modules/undici',
    ]);
  });

  test('lie beside the package.json that scanners look for', async () => {
    const root = new URL('../../', import.meta.url).pathname;
    const out = mkdtempSync(join(tmpdir(), 'drone-kube-licenses-'));
    try {
      const packages = ['node_modules/@kubernetes/client-node', 'node_modules/undici'];
      const copied = await copyLicenses(packages, root, out);
      expect(copied).toEqual([
        expect.stringMatching(/^@kubernetes\/client-node@\d+\.\d+\.\d+$/),
        expect.stringMatching(/^undici@\d+\.\d+\.\d+$/),
      ]);
      for (const folder of copied) {
        expect(readdirSync(join(out, folder)).sort()).toEqual(['LICENSE', 'package.json']);
      }
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});
