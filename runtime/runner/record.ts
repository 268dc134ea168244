/**
 * What is written down of a stage, so that any replica can go on with it: who has it, how far it
 * is, and what has to be known of it. No secret is in it. Pure.
 */
import { createHash } from 'node:crypto';
import { LABEL_OWNER, LABEL_ROLE, LABEL_SERVER } from '../contract.ts';
import type { ServerStep } from '../drone/rpc.ts';
import type { ObjectLike } from '../kube/types.ts';
import { loadedSpec, storedSpec, type StageSpec, type StoredSpec } from '../stage/spec.ts';

/** How far a stage is. */
export type Progress =
  /** It may have been accepted; nothing of it is in the cluster. */
  | { readonly state: 'claimed' }
  /** The server knows its steps; its objects may have been made, in part or all. */
  | ({ readonly state: 'prepared' } & Prepared)
  /** Its Pod was made: steps may have run, so without it nobody knows whether any has. */
  | ({ readonly state: 'made' } & Prepared);

export interface Prepared {
  readonly spec: StageSpec;
  /** As the server stored them first. */
  readonly steps: readonly ServerStep[];
  /** Milliseconds for the steps, from the start of the first one. */
  readonly timeout: number;
  /** Was the namespace made for this stage alone? */
  readonly ownNamespace: boolean;
  /** How often it may be begun again though steps have started. */
  readonly retries: number;
}

export interface StageRecord {
  /** Address of the Drone server. */
  readonly server: string;
  readonly stage: number;
  readonly build: number;
  /** Under which the stage was accepted: unlike any other, so that a lost answer can be recognised. */
  readonly machine: string;
  /** The Lease of the replica that has the stage. */
  readonly owner: string;
  /** How often the stage was begun, from 1: names of objects end in it. */
  readonly attempt: number;
  readonly progress: Progress;
}

/** Ten characters that stand for a Drone server in names and labels. */
export const serverKey = (server: string): string =>
  createHash('sha256').update(server).digest('hex').slice(0, 10);

export const recordName = (server: string, stage: number): string =>
  `drone-stage-${serverKey(server)}-${stage}`;

/** Of the Pod and everything else of one attempt. */
export const stageObjectName = (
  record: Pick<StageRecord, 'server' | 'stage' | 'attempt'>,
): string => `drone-${serverKey(record.server)}-${record.stage}-${record.attempt}`;

export interface RecordObject extends ObjectLike {
  readonly data?: Readonly<Record<string, string>>;
}

const KEY = 'record';
const VERSION = 1;

/** As the ConfigMap that is stored. */
export function recordObject(record: StageRecord, namespace: string) {
  const { progress } = record;
  const stored =
    progress.state === 'claimed' ? progress : { ...progress, spec: storedSpec(progress.spec) };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: recordName(record.server, record.stage),
      namespace,
      labels: {
        [LABEL_ROLE]: 'record',
        [LABEL_SERVER]: serverKey(record.server),
        [LABEL_OWNER]: record.owner,
      },
    },
    data: { [KEY]: JSON.stringify({ version: VERSION, ...record, progress: stored }) },
  };
}

type StoredRecord = Omit<StageRecord, 'progress'> & {
  readonly version: number;
  readonly progress:
    | { readonly state: 'claimed' }
    | (Omit<Prepared, 'spec'> & {
        readonly state: 'prepared' | 'made';
        readonly spec: StoredSpec;
      });
};

/** undefined for what this program did not write, or a later version of it. */
export function parseRecord(object: RecordObject): StageRecord | undefined {
  try {
    const { version, progress, ...rest }: StoredRecord = JSON.parse(object.data?.[KEY] ?? '');
    if (version !== VERSION) return undefined;
    return {
      server: rest.server,
      stage: rest.stage,
      build: rest.build,
      machine: rest.machine,
      owner: rest.owner,
      attempt: rest.attempt,
      progress:
        progress.state === 'claimed' ? progress : { ...progress, spec: loadedSpec(progress.spec) },
    };
  } catch {
    return undefined;
  }
}
