/** Settings of the room for stages that are still to come. */
import type { Nodes } from './settings-builds.ts';

/** One of three. */
export type Capacity = NoCapacity | BalloonCapacity | BufferCapacity;

export interface NoCapacity {
  readonly kind: 'none';
}

/** Pods that do nothing, which the scheduler throws out as soon as a stage needs their place. */
export interface BalloonCapacity {
  readonly kind: 'balloon';
  /** Stages that there is always room for; may be 0. */
  readonly stages: number;
  /**
   * More room at certain times.
   * @default none
   */
  readonly windows?: readonly BalloonWindow[];
  /** @default `registry.k8s.io/pause:3.10` */
  readonly pauseImage?: string;
}

export interface BalloonWindow {
  /** A DNS label. */
  readonly name: string;
  /** When it begins, as a CronJob has it: `0 7 * * 1-5`. */
  readonly schedule: string;
  /** @default `Etc/UTC` */
  readonly timeZone?: string;
  readonly hours: number;
  /** Stages that there is room for, beside those that there always is. */
  readonly stages: number;
}

/** A CapacityBuffer: the autoscaler keeps the room free without any Pods. */
export interface BufferCapacity {
  readonly kind: 'buffer';
  readonly stages: number;
}

/** Pulls images onto every node before a stage needs them. */
export interface WarmUp {
  readonly images: readonly string[];
  /**
   * Secrets of the system namespace with credentials of registries.
   * @default none
   */
  readonly pullSecrets?: readonly string[];
  /** @default any node */
  readonly nodes?: Nodes;
}

export interface Disruption {
  /** @default none */
  readonly autoscaler?: Autoscaler;
  /**
   * Whether the descheduler runs.
   * @default `false`
   */
  readonly descheduler?: boolean;
}

export interface Autoscaler {
  readonly kind: 'cluster-autoscaler' | 'karpenter';
  /** `1.36`: later ones can let a stage finish; earlier ones would not understand that. */
  readonly version: string;
}

export interface Kueue {
  /** Name of the LocalQueue, which has to be in each namespace of builds. */
  readonly queue: string;
}
