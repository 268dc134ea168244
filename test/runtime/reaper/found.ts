/** Builders of what a reaper finds: a stage 7 whose replica was killed an hour ago, but for what a test says. */
import { serverKey, type StageRecord } from '../../../runtime/runner/record.ts';
import type {
  Found,
  FoundLease,
  FoundObject,
  FoundRecord,
  Kind,
  Thing,
} from '../../../runtime/reaper/types.ts';

export const SERVER = 'https://drone.example.com';
export const NOW = Date.parse('2030-01-01T12:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const LIMITS = { graceMs: 10 * MINUTE, now: NOW };

/** The name that all objects of an attempt share. */
export const groupOf = (stage: number, attempt = 1): string =>
  `drone-${serverKey(SERVER)}-${stage}-${attempt}`;

export const ago = (milliseconds: number): number => NOW - milliseconds;

export const thingOf = <K extends Kind>(kind: K, name: string, namespace: string) => ({
  kind,
  name,
  namespace,
  uid: `uid-of-${name}`,
  resourceVersion: '1',
  created: ago(2 * HOUR),
});

export function recordOf(
  record: Partial<FoundRecord> & {
    readonly state?: 'claimed' | 'prepared' | 'made';
    readonly ownNamespace?: boolean;
  } = {},
): FoundRecord {
  const { state = 'made', ownNamespace = false, stage = 7, owner = 'gone', ...rest } = record;
  const spec = {
    namespace: ownNamespace ? groupOf(stage) : 'builds',
    name: groupOf(stage),
    plan: { steps: [], skipped: [] },
    containers: new Map(),
    ephemerals: new Map(),
    hasSecret: true,
  };
  const prepared = { spec, steps: [], timeout: HOUR, ownNamespace, retries: 0 };
  const content: StageRecord = {
    server: SERVER,
    stage,
    build: 3,
    machine: 'runner.0badcafe',
    owner,
    attempt: 1,
    progress: state === 'claimed' ? { state } : { state, ...prepared },
  };
  return {
    ...thingOf('Record', `drone-stage-${serverKey(SERVER)}-${stage}`, 'system'),
    stage,
    owner,
    content,
    unownedSince: undefined,
    ...rest,
  };
}

/** Killed an hour ago, and seen to be silent. */
export const leaseOf = (lease: Partial<FoundLease> = {}): FoundLease => ({
  ...thingOf('Lease', 'gone', 'system'),
  renewed: new Date(ago(HOUR)).toISOString(),
  durationMs: 15_000,
  isQuiet: true,
  ...lease,
});

export const ALIVE = leaseOf({
  name: 'alive',
  renewed: new Date(ago(2_000)).toISOString(),
  isQuiet: false,
});

export const objectOf = (
  kind: FoundObject['kind'],
  object: Partial<FoundObject> = {},
): FoundObject => ({
  ...thingOf(kind, object.group ?? groupOf(7), 'builds'),
  group: groupOf(7),
  origin: 'daemon',
  // Two hours are allowed, and one is over.
  pod: kind === 'Pod' ? { started: ago(HOUR), allowedMs: 2 * HOUR } : undefined,
  ...object,
});

export const namespaceOf = (stage: number, namespace: Partial<Thing> = {}): Thing => ({
  ...thingOf('Namespace', groupOf(stage), ''),
  ...namespace,
});

export const foundOf = (found: Partial<Found>): Found => ({
  records: [],
  leases: [],
  objects: [],
  namespaces: [],
  unseen: new Set(),
  leaving: [],
  ...found,
});
