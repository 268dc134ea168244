/**
 * A replica as `drone-kube daemon` is one, with a seam: it kills itself at the call that it is told
 * to. Run as a process of its own:
 *
 *   CHAOS_STOP   a `Stop` as JSON, or nothing
 *   CHAOS_CLOCK  a `ClockJump` as JSON, or nothing
 */
import { writeSync } from 'node:fs';
import { serve, type Seam } from '../../runtime/cli/daemon.ts';
import { loadConfig } from '../../runtime/config/load.ts';
import { renderProblems } from '../../runtime/config/problem.ts';
import type { DroneServer } from '../../runtime/drone/rpc.ts';
import { describeRequest } from '../../runtime/kube/request.ts';
import type { Transport } from '../../runtime/kube/transport.ts';
import { stopText, type ClockJump, type Stop } from './plan.ts';

/** Milliseconds: time enough to write a request, and mostly not enough for its answer. */
const ON_ITS_WAY = 2;

function seamOf(stop: Stop): Seam {
  let count = 0;
  const at = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    if (call !== stop.call) return work();
    count += 1;
    if (count !== stop.nth) return work();
    if (stop.moment === 'before') die(stop);
    const result = work();
    if (stop.moment === 'during') setTimeout(() => die(stop), ON_ITS_WAY);
    const value = await result;
    if (stop.moment === 'after') die(stop);
    return value;
  };
  return {
    server: (server) => stoppingServer(server, at),
    transport: (transport) => stoppingTransport(transport, at),
  };
}

/** Does the work of a call, unless the process ends there. */
type At = <T>(call: string, work: () => Promise<T>) => Promise<T>;

function stoppingServer(server: DroneServer, at: At): DroneServer {
  return {
    ping: async (...args) => at('drone.ping', async () => server.ping(...args)),
    request: async (...args) => at('drone.request', async () => server.request(...args)),
    accept: async (...args) => at('drone.accept', async () => server.accept(...args)),
    details: async (...args) => at('drone.details', async () => server.details(...args)),
    putStage: async (...args) => at('drone.putStage', async () => server.putStage(...args)),
    putStep: async (...args) => at('drone.putStep', async () => server.putStep(...args)),
    watch: async (...args) => at('drone.watch', async () => server.watch(...args)),
    batch: async (...args) => at('drone.batch', async () => server.batch(...args)),
    upload: async (...args) => at('drone.upload', async () => server.upload(...args)),
    card: async (...args) => at('drone.card', async () => server.card(...args)),
  };
}

/** In place: the class has private fields, so no other object can stand for it. */
function stoppingTransport(transport: Transport, at: At): Transport {
  const request = transport.request.bind(transport);
  const stream = transport.stream.bind(transport);
  transport.request = async <T>(...args: Parameters<Transport['request']>): Promise<T> =>
    at(describeRequest(args[0], args[1], args[2]?.query ?? {}), async () => request<T>(...args));
  transport.stream = async (...args) =>
    at(describeRequest('GET', args[0], args[1].query ?? {}), async () => stream(...args));
  return transport;
}

function die(stop: Stop): void {
  writeSync(1, `${JSON.stringify({ level: 'info', msg: `killed ${stopText(stop)}` })}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function jump({ after, by }: ClockJump): void {
  const real = Date.now;
  setTimeout(() => {
    Date.now = () => real() + by;
  }, after).unref();
}

const given = (name: string): string => process.env[name] || 'null';

const stop: Stop | null = JSON.parse(given('CHAOS_STOP'));
const clock: ClockJump | null = JSON.parse(given('CHAOS_CLOCK'));
const loaded = loadConfig(process.env, undefined);
if ('problems' in loaded) {
  process.stderr.write(renderProblems(loaded.problems));
  process.exitCode = 2;
} else {
  if (clock !== null) jump(clock);
  await serve(loaded.config, loaded.warnings, stop === null ? undefined : seamOf(stop));
}
