/**
 * BuildKit, which `docker buildx` builds with, without Docker: made from its Go module and started for
 * one run.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, isInstalled, run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { buildModule, modulePath, type GoModule } from '../cluster/go-module.ts';
import { at, parseJson } from '../cluster/json.ts';
import { becomesTrue } from '../cluster/wait.ts';

const BUILDKIT: GoModule = {
  name: 'buildkit',
  module: 'github.com/moby/buildkit',
  version: 'v0.34.2',
  sum: 'h1:fXgOe79JW5zJNDumRtwTemOklLX66otQokObUXuiGJo=',
  packages: ['./cmd/buildctl', './cmd/buildkitd'],
  flags: ['-tags=osusergo,netgo,static_build'],
};

/**
 * Whether BuildKit can be made and started here.
 * @throws ClusterError NOT_ROOT, NO_RUNC, NO_GO
 */
export async function checkMachine(cache: string): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new ClusterError(
      'NOT_ROOT',
      'BuildKit is started as root, on Linux. Elsewhere build the image with Docker: docs/deployment.md.',
    );
  }
  if (!(await isInstalled('runc'))) {
    throw new ClusterError('NO_RUNC', 'BuildKit needs `runc` on PATH: apt-get install runc');
  }
  if (!existsSync(modulePath(cache, BUILDKIT)) && !(await isInstalled('go'))) {
    throw new ClusterError(
      'NO_GO',
      '`go` is not on PATH: BuildKit is built from source. Install Go (https://go.dev/dl).',
    );
  }
}

/**
 * The folder with `buildkitd` and `buildctl`; builds them, which takes minutes, unless the cache has
 * them. One at a time.
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export const makeBuildKit = async (cache: string): Promise<string> => buildModule(cache, BUILDKIT);

/** Runs `buildctl build` with these arguments; resolves with the digest of what it pushed. */
export type Build = (args: readonly string[]) => Promise<string>;

/**
 * Starts buildkitd, does the work, and ends it again.
 * @param folder from `makeBuildKit`
 * @param state a folder that is to be made, for what buildkitd keeps
 * @param registry `host:port`, spoken to in plain HTTP
 * @param ended ends buildkitd, and with it what is being built
 * @throws ClusterError NOT_READY, COMMAND_FAILED
 */
export async function withBuildKit<T>(
  folder: string,
  state: string,
  registry: string,
  ended: AbortSignal,
  work: (build: Build) => Promise<T>,
): Promise<T> {
  const address = `unix://${join(state, 'buildkitd.sock')}`;
  const config = join(state, 'buildkitd.toml');
  const log = join(state, 'buildkitd.log');
  await mkdir(state);
  await writeFile(config, configuration(state, address, registry));
  const output = openSync(log, 'w');
  const daemon = spawn(join(folder, 'buildkitd'), ['--config', config], {
    stdio: ['ignore', output, output],
    env: { ...process.env, TMPDIR: state },
    signal: ended,
  });
  closeSync(output);
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    daemon.once('close', () => {
      isOver = true;
      resolve();
    });
  });
  // Told of a program that cannot be run, and of `ended`: what is asked of buildkitd then fails.
  daemon.on('error', () => undefined);
  const buildctl = ['--addr', address];
  try {
    const answers = async (): Promise<boolean> =>
      isOver ||
      (await attempt(join(folder, 'buildctl'), [...buildctl, 'debug', 'workers'])).code === 0;
    if (!(await becomesTrue(answers, 20_000)) || isOver) {
      const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-15);
      throw new ClusterError('NOT_READY', `buildkitd does not run:\n  ${tail.join('\n  ')}`);
    }
    return await work(async (args) => {
      const metadata = join(state, 'metadata.json');
      const frontend = ['build', '--frontend', 'dockerfile.v0', '--metadata-file', metadata];
      await run(join(folder, 'buildctl'), [...buildctl, ...frontend, ...args]);
      return String(at(parseJson(await readFile(metadata, 'utf8')), 'containerimage.digest'));
    });
  } finally {
    daemon.kill();
    await over;
  }
}

/** With copies instead of mounts and no socket outside: nothing is left behind, however this ends. */
const configuration = (state: string, address: string, registry: string): string => `\
root = "${join(state, 'root')}"
[grpc]
  address = ["${address}"]
[otel]
  socketPath = "${join(state, 'otel.sock')}"
[worker.containerd]
  enabled = false
[worker.oci]
  enabled = true
  snapshotter = "native"
  networkMode = "host"
[registry."${registry}"]
  http = true
`;
