/** `drone-kube reap`: removes what belongs to no runner any more, and ends its builds on the server. */
import { randomBytes } from 'node:crypto';
import { loadConfig } from '../config/load.ts';
import { TEMPORARY_NAMESPACE } from '../config/kubernetes-names.ts';
import { renderProblems } from '../config/problem.ts';
import type { DaemonConfig } from '../config/types.ts';
import { pushgatewayUrl } from '../contract.ts';
import { createDroneClient } from '../drone/client.ts';
import { createDispatcher, proxyEnvironment } from '../drone/dispatcher.ts';
import { readSteps } from '../drone/step-ids.ts';
import { systemClock } from '../kube/clock.ts';
import { loadConfig as loadKubeConfig } from '../kube/config.ts';
import { Transport } from '../kube/transport.ts';
import { metricsText } from '../reaper/metrics.ts';
import { push, type Push } from '../reaper/push.ts';
import { reap as run } from '../reaper/reap.ts';
import { hasFailed, jsonReport, textReport, type ReapReport } from '../reaper/report.ts';
import { flag, helpText, list, one, parseOptions, time, type Option } from './options.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';

const OPTIONS: readonly Option[] = [
  { name: 'dry-run', help: 'tell what would be removed; nothing is written anywhere' },
  { name: 'json', help: 'print the result as one line of JSON' },
  {
    name: 'grace',
    value: 'TIME',
    help: 'nothing younger is touched, and no runner counts as dead before (10m)',
  },
  {
    name: 'keep',
    value: 'TIME',
    help: 'how long objects wait for a Drone server that cannot be told (48h)',
  },
  {
    name: 'namespace',
    value: 'NAME',
    many: true,
    help: 'look here as well; for namespaces that only pipelines name',
  },
  {
    name: 'pushgateway',
    value: 'URL',
    help: 'tell the metrics of the run to this Pushgateway of Prometheus',
  },
];

const HELP = helpText(
  'drone-kube reap [options] [env-file]',
  'Removes what is left of stages that no runner has any more, and ends their builds on the Drone\nserver. Configured by the variables of the daemon. Ends with 0 when all is done, with 1 when\nsomething could not be removed, or the Drone server could not be told.',
  OPTIONS,
);

const GRACE_MS = 600_000;
/**
 * A Drone server left to itself cancels a running build after 24 to 48.5 hours: what waited so long
 * for a server has nothing to tell it any more.
 */
const KEEP_MS = 48 * 3_600_000;

/** A Job that is past its deadline gets the first. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export async function reap(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(HELP);
    return EXIT.success;
  }
  if (positionals.length > 1) {
    throw new UsageError('more than one file was named', 'name one file of variables');
  }
  const gateway = gatewayOf(one(values, 'pushgateway'));
  const loaded = loadConfig(process.env, positionals[0]);
  if ('problems' in loaded) {
    terminal.err(renderProblems(loaded.problems));
    return EXIT.invalid;
  }
  const { config } = loaded;
  const access = await loadKubeConfig(
    config.kube.kubeconfig === undefined ? {} : { kubeconfig: config.kube.kubeconfig },
  );
  const { burst, qps } = config.kube;
  const transport = new Transport(access, { qps, burst });
  const drone = droneOf(config);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  // Once: whoever asks again does not want to wait.
  for (const name of SIGNALS) process.once(name, end);
  try {
    const namespaces = namespacesOf(config);
    const namespace = config.kube.namespace ?? access.namespace;
    const report = await run({
      transport,
      clock: { ...systemClock, wall: () => Date.now() },
      drone,
      server: config.rpc.server,
      namespace,
      stageNamespaces: [
        ...namespaces.filter((name) => name !== TEMPORARY_NAMESPACE),
        ...list(values, 'namespace'),
      ],
      makesNamespaces: namespaces.includes(TEMPORARY_NAMESPACE),
      name: `drone-kube-reaper-${randomBytes(5).toString('hex')}`,
      graceMs: time(values, 'grace', GRACE_MS),
      keepMs: time(values, 'keep', KEEP_MS),
      dryRun: flag(values, 'dry-run'),
      signal: stop.signal,
    });
    terminal.out(flag(values, 'json') ? `${jsonReport(report)}\n` : textReport(report));
    if (gateway !== undefined && !report.dryRun) {
      const wrong = await tell(report, { url: gateway, namespace }, config);
      // What is to be done is done: no reason to call the run failed.
      if (wrong !== undefined)
        terminal.err(`drone-kube: the metrics were not pushed: ${wrong} [reap-pushgateway]\n`);
    }
    return hasFailed(report) ? EXIT.failure : EXIT.success;
  } finally {
    for (const name of SIGNALS) process.off(name, end);
    await Promise.all([transport.close(), drone.server.close(), drone.dispatcher.destroy()]);
  }
}

function gatewayOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = pushgatewayUrl(text);
  if (url !== undefined) return url;
  throw new UsageError(
    '--pushgateway is no http or https address, or has more than host, port and path in it',
    'write it as in http://pushgateway.monitoring:9091',
  );
}

async function tell(
  report: ReapReport,
  target: Pick<Push, 'url' | 'namespace'>,
  { proxy }: DaemonConfig,
): Promise<string | undefined> {
  const dispatcher = createDispatcher(
    target.url,
    { skipVerify: false },
    proxyEnvironment(proxy),
    1,
  );
  try {
    return await push(await metricsText(report, Date.now()), { ...target, dispatcher });
  } finally {
    await dispatcher.destroy();
  }
}

function droneOf({ proxy, rpc }: DaemonConfig) {
  const environment = proxyEnvironment(proxy);
  const tls = { skipVerify: rpc.skipVerify };
  const dispatcher = createDispatcher(new URL(rpc.server), tls, environment, 2);
  const user = { url: rpc.server, token: rpc.userToken, dispatcher };
  return {
    dispatcher,
    server: createDroneClient({ url: rpc.server, secret: rpc.secret, tls, environment }),
    readSteps: async (details: Parameters<typeof readSteps>[1]) => readSteps(user, details),
  };
}

/** All that the configuration names, `drone-` among them. */
const namespacesOf = ({ namespaces, policies }: DaemonConfig): readonly string[] =>
  [
    namespaces.default,
    // One that no repository may use has no stages, and perhaps no Role for the reaper.
    ...[...namespaces.rules].flatMap(([name, globs]) => (globs.length > 0 ? [name] : [])),
    ...policies.map(({ namespace }) => namespace),
  ].filter((name) => name !== '');
