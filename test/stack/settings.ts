import { join } from 'node:path';
import { NAME, ownLayout, type Layout } from '../cluster/settings.ts';

/** Name of the lock; whatever carries it is the stack's. */
export const STACK_NAME = `${NAME}-stack`;

/** Beside the registry of the cluster. */
export const PORTS = { gitea: 15002, drone: 15003, runners: [15004, 15005] } as const;

/** The one account, an administrator of both servers. */
export const USER = 'drone';

/** Where things are; every path is absolute. */
export interface StackLayout {
  /** Removed by `down`. */
  readonly state: string;
  /** Kept by `down`: the built servers. */
  readonly cache: string;
}

/** The stack lives beside the cluster: it may be removed without it, and the other way round. */
export function stackLayout(cluster: Layout): StackLayout {
  return { state: `${cluster.state}-stack`, cache: join(cluster.cache, 'stack') };
}

/** The layout for the user who runs this process. */
export const ownStackLayout = (): StackLayout => stackLayout(ownLayout());
