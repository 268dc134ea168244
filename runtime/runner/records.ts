/** The records of stages in the cluster. Who may write one is decided by its resourceVersion. */
import { LABEL_ROLE, LABEL_SERVER } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import { insist } from '../kube/insist.ts';
import {
  createObject,
  deleteObject,
  getObject,
  listObjects,
  replaceObject,
} from '../kube/objects.ts';
import { CONFIG_MAPS, objectPath } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import {
  parseRecord,
  recordName,
  recordObject,
  serverKey,
  type RecordObject,
  type StageRecord,
} from './record.ts';

/** A record that this replica has, as it is stored. */
export interface HeldRecord {
  readonly record: StageRecord;
  readonly resourceVersion: string;
  readonly uid: string;
}

/** Another replica has taken the stage over: this one must not touch it any more. */
export class RecordLost extends Error {
  override readonly name = 'RecordLost';
  constructor() {
    super('another replica has taken the stage over');
  }
}

export interface RecordsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly namespace: string;
  readonly server: string;
  /** The name of the own Lease. */
  readonly owner: string;
}

export class Records {
  readonly #options: RecordsOptions;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** undefined where another replica has the stage already. Tries until the signal is aborted. */
  async create(record: StageRecord, signal: AbortSignal): Promise<HeldRecord | undefined> {
    const { transport, clock, namespace, owner } = this.#options;
    return insist(
      async () => {
        try {
          const object = recordObject(record, namespace);
          const made = await createObject<RecordObject>(transport, CONFIG_MAPS, namespace, object);
          return held(record, made);
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
          // The answer to an earlier try may have been lost.
          const found = await this.#get(record.stage);
          const isOwn = found?.record.owner === owner && found.record.machine === record.machine;
          return isOwn ? found : undefined;
        }
      },
      { clock, signal },
    );
  }

  /**
   * Writes down how the stage goes on. A record that somebody deleted is made again.
   * Rejects with RecordLost.
   */
  async update(before: HeldRecord, record: StageRecord): Promise<HeldRecord> {
    const { transport, clock, namespace } = this.#options;
    const name = recordName(record.server, record.stage);
    let { resourceVersion } = before;
    return insist(
      async () => {
        const object = recordObject(record, namespace);
        try {
          const stored = await replaceObject<RecordObject>(
            transport,
            { resource: CONFIG_MAPS, namespace, name },
            { ...object, metadata: { ...object.metadata, resourceVersion } },
            { lane: 'urgent' },
          );
          return held(record, stored);
        } catch (error) {
          if (isNotFound(error)) {
            return held(
              record,
              await createObject<RecordObject>(transport, CONFIG_MAPS, namespace, object),
            );
          }
          if (!isConflict(error)) throw error;
          // Somebody wrote it: another replica, a hand, or this call before its answer was lost.
          const found = await this.#get(record.stage);
          if (found !== undefined && found.record.owner !== before.record.owner) {
            throw new RecordLost();
          }
          ({ resourceVersion } = found ?? before);
          return this.update({ ...before, resourceVersion }, record);
        }
      },
      { clock },
    );
  }

  /**
   * Takes the record of a replica that is dead. undefined where another one was faster, or the
   * stage is over.
   */
  async takeOver(found: HeldRecord): Promise<HeldRecord | undefined> {
    const { transport, clock, namespace, owner } = this.#options;
    const record = { ...found.record, owner };
    const { resourceVersion, uid } = found;
    const name = recordName(record.server, record.stage);
    const object = recordObject(record, namespace);
    return insist(
      async () => {
        try {
          const stored = await replaceObject<RecordObject>(
            transport,
            { resource: CONFIG_MAPS, namespace, name },
            { ...object, metadata: { ...object.metadata, resourceVersion, uid } },
            { lane: 'urgent' },
          );
          return held(record, stored);
        } catch (error) {
          if (isNotFound(error)) return undefined;
          if (!isConflict(error)) throw error;
          // The answer to an earlier try may have been lost.
          const now = await this.#get(record.stage);
          return now?.record.owner === owner ? now : undefined;
        }
      },
      { clock },
    );
  }

  /**
   * The record as it is now, or as it was where somebody deleted it; undefined where another replica
   * has it.
   */
  async current(before: HeldRecord): Promise<HeldRecord | undefined> {
    const { clock, owner } = this.#options;
    const found = await insist(async () => this.#get(before.record.stage), { clock });
    if (found === undefined) return before;
    return found.record.owner === owner ? found : undefined;
  }

  /** Whether this replica still has the stage; true where the record is gone. */
  async isOwn(stage: number): Promise<boolean> {
    const { clock, owner } = this.#options;
    const found = await insist(async () => this.#get(stage), { clock });
    return found === undefined || found.record.owner === owner;
  }

  async remove({ record, uid }: HeldRecord): Promise<void> {
    const { transport, clock, namespace } = this.#options;
    const name = recordName(record.server, record.stage);
    const reference = { resource: CONFIG_MAPS, namespace, name };
    await insist(
      async () => {
        try {
          await deleteObject(transport, reference, { uid });
        } catch (error) {
          // Another one of the same name: not ours to delete.
          if (!isConflict(error)) throw error;
        }
      },
      { clock },
    );
  }

  /** All records of this Drone server, whoever has them. */
  async list(signal: AbortSignal): Promise<readonly HeldRecord[]> {
    const { transport, namespace, server } = this.#options;
    const labelSelector = `${LABEL_ROLE}=record,${LABEL_SERVER}=${serverKey(server)}`;
    const path = objectPath(CONFIG_MAPS, namespace);
    const { items } = await listObjects<RecordObject>(
      transport,
      path,
      { labelSelector },
      { signal },
    );
    return items.flatMap((object) => {
      const record = parseRecord(object);
      return record === undefined ? [] : [held(record, object)];
    });
  }

  async #get(stage: number): Promise<HeldRecord | undefined> {
    const { transport, namespace, server } = this.#options;
    const name = recordName(server, stage);
    try {
      const object = await getObject<RecordObject>(transport, {
        resource: CONFIG_MAPS,
        namespace,
        name,
      });
      const record = parseRecord(object);
      return record === undefined ? undefined : held(record, object);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

const held = (record: StageRecord, object: RecordObject): HeldRecord => ({
  record,
  resourceVersion: object.metadata.resourceVersion ?? '',
  uid: object.metadata.uid ?? '',
});
