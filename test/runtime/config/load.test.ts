import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../runtime/config/load.ts';
import { MINIMUM } from './helpers.ts';

let folder = '';
const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the configuration of a process', () => {
  test('environment and files', async () => {
    const policies = await file('policy.yml', 'name: default\nmetadata:\n  namespace: builds\n');
    expect(loadConfig({ ...MINIMUM, DRONE_POLICY_FILE: policies })).toMatchObject({
      config: {
        runner: { name: hostname() },
        policies: [{ name: 'default', namespace: 'builds' }],
      },
      warnings: [],
    });
  });

  test('the environment goes over a file of variables, also with an empty value', async () => {
    const path = await file(
      'daemon.env',
      'DRONE_RPC_HOST=other\nDRONE_RPC_SECRET=abc\nDRONE_RUNNER_NAME=a\nDRONE_UI_REALM=b\n',
    );
    const environment = { DRONE_RPC_HOST: 'drone.example.com', DRONE_RUNNER_NAME: '' };
    expect(loadConfig(environment, path)).toMatchObject({
      config: {
        rpc: { server: 'http://drone.example.com', secret: 'abc' },
        runner: { name: hostname() },
        dashboard: { realm: 'b' },
      },
    });
  });

  test.each([
    ['none.env', undefined, 'there is no such file'],
    ['bad.env', 'DRONE_RPC_HOST=a\nwhat\n', 'bad.env:2: not a variable'],
  ])('%s', async (name, text, message) => {
    const path = text === undefined ? join(folder, name) : await file(name, text);
    expect(loadConfig(MINIMUM, path)).toEqual({
      problems: [
        expect.objectContaining({
          variable: 'the command line',
          message: expect.stringContaining(message),
        }),
      ],
    });
  });

  test('a folder is no file', () => {
    expect(loadConfig({ ...MINIMUM, DRONE_DOCKER_CONFIG: folder })).toMatchObject({
      problems: [{ message: expect.stringContaining('it is a folder') }],
    });
  });

  test('certificate authorities come too late in a file of variables', async () => {
    const authorities = await file('ca.pem', '');
    const path = await file('ca.env', `NODE_EXTRA_CA_CERTS=${authorities}\n`);
    expect(loadConfig(MINIMUM, path)).toMatchObject({
      warnings: [{ code: 'config-no-effect', variable: 'NODE_EXTRA_CA_CERTS' }],
    });
    expect(loadConfig({ ...MINIMUM, NODE_EXTRA_CA_CERTS: authorities }, path)).toMatchObject({
      warnings: [],
    });
  });
});
