import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, parseJson } from './json.ts';
import { ownLayout } from './settings.ts';

/** How the cluster came to be: built from source, by kind in Docker, or it was there already. */
export type Way = (typeof WAYS)[number];

const WAYS = ['source', 'kind', 'given'] as const;

/** What a test needs to use the cluster. */
export interface Cluster {
  readonly way: Way;
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Path or name of a kubectl that fits the cluster. */
  readonly kubectl: string;
  /**
   * `host:port` of a plain HTTP registry that this machine may push to; the cluster pulls from it
   * what it pulls from docker.io (`docker.io/a/b:c` is `a/b:c` there). None with a given cluster.
   */
  readonly registry?: string;
  /** The address at which Pods reach servers on this machine; unknown with a given cluster. */
  readonly host?: string;
}

interface Recorded extends Cluster {
  readonly ready: boolean;
}

/**
 * The cluster that tests should use: the one in DRONE_KUBE_TEST_KUBECONFIG (with
 * DRONE_KUBE_TEST_REGISTRY and DRONE_KUBE_TEST_HOST if set), else the one that
 * `npm run cluster -- up` made. Undefined when there is none.
 */
export function readCluster(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Cluster | undefined {
  const given = environment['DRONE_KUBE_TEST_KUBECONFIG'];
  if (given !== undefined && given !== '') {
    const registry = environment['DRONE_KUBE_TEST_REGISTRY'];
    const host = environment['DRONE_KUBE_TEST_HOST'];
    return {
      way: 'given',
      kubeconfig: given,
      kubectl: 'kubectl',
      ...(registry === undefined ? {} : { registry }),
      ...(host === undefined ? {} : { host }),
    };
  }
  const recorded = readRecorded(ownLayout().state);
  if (recorded?.ready !== true) {
    return undefined;
  }
  const { ready: _, ...cluster } = recorded;
  return cluster;
}

/** What was recorded by a finished or half-done `up`. */
export function readRecorded(state: string): Recorded | undefined {
  const file = join(state, 'cluster.json');
  const value = existsSync(file) ? parseJson(readFileSync(file, 'utf8')) : undefined;
  return isRecorded(value) ? value : undefined;
}

function isRecorded(value: unknown): value is Recorded {
  return (
    WAYS.some((way) => way === at(value, 'way')) &&
    typeof at(value, 'kubeconfig') === 'string' &&
    typeof at(value, 'kubectl') === 'string'
  );
}

/** Replaces the record in one step, so that no reader sees half of it. */
export function record(state: string, cluster: Cluster, ready: boolean): void {
  const file = join(state, 'cluster.json');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...cluster, ready }, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** What DRONE_KUBE_REGISTRY_MIRRORS has to say, so that the runner asks the registry that nodes pull from. */
export const mirrorsOf = ({ registry }: Pick<Cluster, 'registry'>): string =>
  registry === undefined ? '' : `docker.io=http://${registry}`;
