/** `drone-kube daemon`: a replica of the runner, configured by environment variables. */
import { readFile } from 'node:fs/promises';
import { configurationText } from '../config/documentation.ts';
import { loadConfig } from '../config/load.ts';
import { renderProblems } from '../config/problem.ts';
import type { DaemonConfig } from '../config/types.ts';
import { createDroneClient, type DroneClient } from '../drone/client.ts';
import { createDispatcher, proxyEnvironment } from '../drone/dispatcher.ts';
import type { DroneServer } from '../drone/rpc.ts';
import { readSteps } from '../drone/step-ids.ts';
import { systemClock, type Clock } from '../kube/clock.ts';
import { loadConfig as loadKubeConfig } from '../kube/config.ts';
import { Transport } from '../kube/transport.ts';
import { openFetch } from '../registry/fetch.ts';
import { createLookUp } from '../registry/look-up.ts';
import { runDaemon } from '../runner/daemon.ts';
import { openExtensions } from '../runner/prepare-extensions.ts';
import { prepareStage } from '../runner/prepare.ts';
import { podSecurityLevel } from '../stage/namespace.ts';
import { History } from '../telemetry/history.ts';
import { startHttpServer } from '../telemetry/http.ts';
import { LogBook } from '../telemetry/log-book.ts';
import { createLogger, stdout } from '../telemetry/logger.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { processReadings, sampleLoopLag } from '../telemetry/process-metrics.ts';
import { VERSION } from '../version.ts';
import { flag, helpText, parseOptions } from './options.ts';
import { Pulses } from './pulses.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';

const HELP = helpText(
  'drone-kube daemon [env-file]',
  'Takes stages from a Drone server and runs each as a Pod. Configured by environment variables; a\nfile of NAME=VALUE lines adds those that are not set.',
  [],
);

/** Milliseconds for what is good manners at the end; others go on with the stages at once. */
const GOODBYE_MS = 700;

const API_SERVER = 'Kubernetes API server';
const DRONE_SERVER = 'Drone server';

export async function daemon(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, []);
  if (flag(values, 'help')) {
    terminal.out(`${HELP}\n${configurationText()}`);
    return EXIT.success;
  }
  if (positionals.length > 1) {
    throw new UsageError('more than one file was named', 'name one file of variables');
  }
  const loaded = loadConfig(process.env, positionals[0]);
  if ('problems' in loaded) {
    terminal.err(renderProblems(loaded.problems));
    return EXIT.invalid;
  }
  return serve(loaded.config, loaded.warnings);
}

/** Goes between the runner and its two servers: tests stop the process there, at any call. */
export interface Seam {
  readonly server: (server: DroneServer) => DroneServer;
  readonly transport: (transport: Transport) => Transport;
}

/** Ends the process itself; rejects where the replica cannot work. */
export async function serve(
  config: DaemonConfig,
  warnings: readonly { readonly message: string }[],
  seam?: Seam,
): Promise<number> {
  const stop = new AbortController();
  const clock = { ...systemClock, wall: () => Date.now() };
  const book = new LogBook();
  const history = new History();
  const metrics = new Metrics({ version: VERSION, process: processReadings });
  const log = createLogger({
    debug: config.logLevel !== 'info',
    trace: config.logLevel === 'trace',
    secrets: secretsOf(config),
    book,
    now: clock.wall,
    out: stdout(),
  });
  for (const { message } of warnings) log.warn(message);
  process.on('unhandledRejection', (error) => log.error('a defect of drone-kube', { error }));

  const pulses = new Pulses(clock.wall, {
    servers: [API_SERVER, DRONE_SERVER],
    loops: ['claims', 'lease'],
  });
  const access = await loadKubeConfig(
    config.kube.kubeconfig === undefined ? {} : { kubeconfig: config.kube.kubeconfig },
  );
  const transport = new Transport(access, {
    qps: config.kube.qps,
    burst: config.kube.burst,
    onAttempt: (what, status) => {
      metrics.kubeRequest(what, status);
      pulses.beat(API_SERVER, status !== undefined && status < 500);
    },
  });
  const environment = proxyEnvironment(config.proxy);
  const server: DroneClient = createDroneClient({
    url: config.rpc.server,
    secret: config.rpc.secret,
    tls: { skipVerify: config.rpc.skipVerify },
    environment,
    // Meant to be seen as it is: it bypasses the masks of the log, all but the one of the secret.
    ...(config.rpc.dump === 'nothing'
      ? {}
      : {
          dump: {
            write: (text: string) => void process.stdout.write(text),
            body: config.rpc.dump === 'bodies',
          },
        }),
    onCall: ({ call, error }) => {
      metrics.droneRequest(call, error === undefined ? 200 : error.status);
      pulses.beat(
        DRONE_SERVER,
        error === undefined || error.code === 'drone-conflict',
        error?.message,
      );
    },
  });
  const extensions = openExtensions(config.extensions, environment, stop.signal);
  const lookUp = config.registries.lookUp
    ? createLookUp(
        {
          mirrors: config.registries.mirrors,
          fetch: openFetch(environment).fetch,
          clock,
          onFailure: (image, error) =>
            log.debug('nobody can say what an image runs', { image, error }),
        },
        stop.signal,
      )
    : undefined;
  const security = remembered(clock, async (namespace) => podSecurityLevel(transport, namespace));
  const url = new URL(config.rpc.server);
  const dispatcher = createDispatcher(url, { skipVerify: config.rpc.skipVerify }, environment, 2);
  const http = await startHttpServer({
    address: config.dashboard.address,
    logger: log,
    dashboard:
      config.dashboard.password === undefined
        ? undefined
        : {
            username: config.dashboard.username,
            password: config.dashboard.password,
            realm: config.dashboard.realm,
          },
    runner: { name: config.runner.name, version: VERSION, capacity: config.runner.capacity },
    health: () => pulses.turns(),
    contacts: () => pulses.contacts(),
    metrics,
    history,
    log: book,
    now: clock.wall,
  });
  const lag = sampleLoopLag((seconds) => metrics.loopLag(seconds));
  const end = (): void => {
    // Whatever still wants to be done: the stages go on without this process.
    setTimeout(() => process.exit(EXIT.success), GOODBYE_MS).unref();
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  // The first long poll answers after half a minute, and readiness should not wait for it.
  server
    .ping(stop.signal)
    .catch((error: unknown) => log.warn('the Drone server refuses', { error }));
  try {
    await runDaemon(
      {
        config,
        clock,
        transport: seam?.transport(transport) ?? transport,
        namespace: config.kube.namespace ?? access.namespace,
        server: seam?.server(server) ?? server,
        prepare: async (details, name) =>
          prepareStage(details, {
            config,
            name,
            now: Math.floor(clock.wall() / 1000),
            temporaryNamespace: name,
            security,
            readDockerConfig: async () =>
              config.dockerConfig === undefined ? undefined : readFile(config.dockerConfig, 'utf8'),
            extensions,
            lookUp,
          }),
        readSteps: async (details) =>
          readSteps({ url: config.rpc.server, token: config.rpc.userToken, dispatcher }, details),
        log,
        metrics,
        tell: (event) => {
          history.apply(event);
          metrics.stages(history.counts());
        },
        onTurn: (loop) => pulses.turn(loop),
      },
      stop.signal,
    );
  } finally {
    lag.stop();
    await http.close();
  }
  process.exit(EXIT.success);
}

/** The label of a namespace hardly ever changes, and each stage asks for it. */
const REMEMBERED_MS = 60_000;

function remembered<T>(
  clock: Clock,
  ask: (key: string) => Promise<T>,
): (key: string) => Promise<T> {
  const known = new Map<string, { readonly value: T; readonly until: number }>();
  return async (key) => {
    const found = known.get(key);
    if (found !== undefined && clock.now() < found.until) return found.value;
    const value = await ask(key);
    known.set(key, { value, until: clock.now() + REMEMBERED_MS });
    return value;
  };
}

/** What no log of the runner may show. */
const secretsOf = ({ rpc, dashboard, extensions, runner }: DaemonConfig): string[] =>
  [
    rpc.secret,
    rpc.userToken,
    dashboard.password,
    ...Object.values(extensions).map((extension) => extension?.token),
    ...runner.secrets.values(),
  ].flatMap((secret) => (secret === undefined || secret === '' ? [] : [secret]));
