import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compile } from '../../../runtime/cli/compile.ts';
import { temporaryFolder, write } from './git.ts';
import { Recorder } from './terminal.ts';

const FILE = `kind: pipeline
type: kubernetes
name: default
steps:
  - name: build
    image: golang:1.25
    commands: [make]
    environment:
      TOKEN: {from_secret: token}
  - name: release
    image: plugins/release:1
    when: {event: tag}
---
kind: pipeline
type: kubernetes
name: other
steps:
  - name: something
    image: alpine:3
    commands: [make]
`;

describe('drone-kube compile --plan', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    write(folder, { '.drone.yml': FILE });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function plan(...args: readonly string[]): Promise<Recorder> {
    const terminal = new Recorder();
    const common = ['--plan', '--clone', '--repo', 'octocat/hello', '--branch', 'main'];
    expect(await compile([...common, ...args, join(folder, '.drone.yml')], terminal)).toBe(0);
    return terminal;
  }

  test('says of the build on the command line what runs; notes go elsewhere', async () => {
    const { stdout, stderr } = await plan();
    expect(stdout).toContain('default: push of octocat/hello, branch main, refs/heads/main\n');
    expect(stdout).toMatch(/^clone +clone .* runs: always$/m);
    expect(stdout).toMatch(/^release +plugin .* skipped: event is push, the step wants tag$/m);
    expect(stdout).not.toContain('apiVersion');
    expect(stderr).toContain('secret "token" is not defined');
  });

  test('of another event, and another pipeline', async () => {
    const { stdout } = await plan('--tag', 'v1');
    expect(stdout).toContain('default: tag of octocat/hello, branch main, refs/tags/v1\n');
    expect(stdout).toMatch(/^release +plugin .* runs: event is tag$/m);
    expect((await plan('--pipeline', 'other')).stdout).toMatch(/^something +step /m);
  });

  test('of some steps alone', async () => {
    const { stdout } = await plan('--exclude', 'build');
    expect(stdout).toMatch(/^build +step .* skipped: left out by --include or --exclude$/m);
  });
});
