/**
 * The Drone server over HTTP. A call that may be sent again is, for as long as the server is not
 * there: a result must not be lost because Drone is down for an hour. Each attempt has a limit.
 */
import { systemClock, type Clock } from '../kube/clock.ts';
import { decodeDetails, decodeStage, decodeStep, decodeWritten } from './decode.ts';
import { DroneError } from './errors.ts';
import { DroneHttp, type DroneHttpOptions, type HttpCall } from './http.ts';
import type { DroneServer } from './rpc.ts';

export interface DroneClientOptions extends Omit<DroneHttpOptions, 'clock' | 'random'> {
  /** Limits and pauses are measured with it: it must really wait. */
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface DroneClient extends DroneServer {
  /** Breaks all connections; what is under way fails. */
  close(): Promise<void>;
}

/** Milliseconds for one attempt. A poll: twice what the server waits. */
const POLL_LIMIT = 60_000;
const LIMIT = 30_000;
/** The server asks the source code host meanwhile. */
const DETAILS_LIMIT = 60_000;
/** Some megabytes. */
const UPLOAD_LIMIT = 120_000;
/** The lines come again with the final log. */
const BATCH_LIMIT = 5_000;
/** Milliseconds: what says at once that there is nothing to do is not asked in a tight loop. */
const SHORTEST_POLL = 1_000;

/**
 * Throws `drone-address` for an address that cannot be one; connects when it is first asked.
 * `watch` and `batch` are sent once only: their callers must know about gaps, or do not care.
 */
export function createDroneClient(options: DroneClientOptions): DroneClient {
  const clock = options.clock ?? systemClock;
  const http = new DroneHttp({ ...options, clock, random: options.random ?? Math.random });

  const poll = async <T>(call: Poll<T>, signal: AbortSignal): Promise<T> => {
    const began = clock.now();
    let isEmpty = false;
    const result = await http.send<T>(
      {
        ...call,
        method: 'POST',
        limit: POLL_LIMIT,
        poll: true,
        read: (status, json) => {
          isEmpty = status === 204;
          return call.read(status, json);
        },
      },
      signal,
    );
    const rest = SHORTEST_POLL - (clock.now() - began);
    if (isEmpty && rest > 0) await clock.sleep(rest, signal);
    return result;
  };

  return {
    ping: async (signal) =>
      http.send(
        { call: 'ping', method: 'POST', path: 'ping', ...CALL, empty: true, read: nothing },
        signal,
      ),

    request: async (filter, signal) =>
      poll(
        {
          call: 'request',
          path: 'stage',
          body: filter,
          repeat: true,
          read: (status, json) => (status === 204 ? undefined : decodeStage(json())),
        },
        signal,
      ),

    accept: async (stage, machine, signal) =>
      http.send(
        {
          call: 'accept',
          method: 'POST',
          path: `stage/${stage}`,
          query: `?machine=${encodeURIComponent(machine)}`,
          ...CALL,
          read: (_status, json) => decodeStage(json()),
        },
        signal,
      ),

    details: async (stage, signal) =>
      http.send(
        {
          call: 'details',
          method: 'GET',
          path: `stage/${stage}`,
          ...CALL,
          limit: DETAILS_LIMIT,
          read: (_status, json) => decodeDetails(json()),
        },
        signal,
      ),

    putStage: async (stage, steps, signal) =>
      http.send(
        {
          call: 'putStage',
          method: 'PUT',
          path: `stage/${stage.id}`,
          body: { ...stage, steps },
          ...CALL,
          read: (_status, json) => decodeWritten(json()),
        },
        signal,
      ),

    putStep: async (step, signal) =>
      http.send(
        {
          call: 'putStep',
          method: 'PUT',
          path: `step/${step.id}`,
          body: step,
          ...CALL,
          read: (_status, json) => decodeStep(json()),
        },
        signal,
      ),

    watch: async (build, signal) =>
      poll(
        {
          call: 'watch',
          path: `build/${build}/watch`,
          repeat: false,
          empty: true,
          read: (status) => status !== 204,
        },
        signal,
      ),

    batch: async (step, lines, signal) =>
      http.send(
        {
          call: 'batch',
          method: 'POST',
          path: `step/${step}/logs/batch`,
          body: lines,
          limit: BATCH_LIMIT,
          repeat: false,
          empty: true,
          read: nothing,
        },
        signal,
      ),

    upload: async (step, lines, signal) =>
      http.send(
        {
          call: 'upload',
          method: 'POST',
          path: `step/${step}/logs/upload`,
          body: lines,
          ...CALL,
          limit: UPLOAD_LIMIT,
          empty: true,
          read: nothing,
        },
        signal,
      ),

    card: async (step, card, signal) => {
      try {
        const path = `step/${step}/card`;
        await http.send(
          { call: 'card', method: 'POST', path, body: card, ...CALL, empty: true, read: nothing },
          signal,
        );
      } catch (error) {
        if (!(error instanceof DroneError) || error.code !== 'drone-not-found') throw error;
        throw error.but('this Drone server takes no cards; use version 2 or later for them', {});
      }
    },

    close: async () => http.close(),
  };
}

type Poll<T> = Pick<HttpCall<T>, 'call' | 'path' | 'body' | 'repeat' | 'empty' | 'read'>;

const CALL = { limit: LIMIT, repeat: true } as const;

const nothing = (): void => undefined;
