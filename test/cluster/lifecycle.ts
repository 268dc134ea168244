import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHealthy } from './api.ts';
import { components, type Component, type ComponentName } from './components.ts';
import { ClusterError } from './errors.ts';
import { contentKey } from './keys.ts';
import { running, stop, type ProcessRecord } from './processes.ts';
import type { Tell } from './progress.ts';
import { ensureService, GRACE_MS } from './service.ts';
import type { Layout } from './settings.ts';

export const recordFile = (state: string, name: ComponentName) => join(state, 'run', name);
export const logFile = (state: string, name: ComponentName) => join(state, 'logs', `${name}.log`);

/** What is known of a component at this moment. */
export interface Condition {
  readonly component: Component;
  /** Undefined when it does not run. */
  readonly process: ProcessRecord | undefined;
  readonly answers: boolean;
}

export function conditions(layout: Layout): Promise<readonly Condition[]> {
  const { state } = layout;
  return Promise.all(
    ownComponents(state).map(async (component) => ({
      component,
      process: running(recordFile(state, component.name)),
      answers: await isHealthy(state, component.health),
    })),
  );
}

/** Whether all components run with the present settings and answer. */
export async function allAreRight(layout: Layout, binary: string): Promise<boolean> {
  return (await conditions(layout)).every(
    ({ component, process: found, answers }) =>
      answers && found?.key === componentKey(component, binary),
  );
}

/**
 * Starts every component as soon as those that it needs answer, as many at once as possible.
 * @returns when each of them answers
 */
export function startAll(
  layout: Layout,
  binary: string,
  tell: Tell,
): ReadonlyMap<ComponentName, Promise<void>> {
  const started = new Map<ComponentName, Promise<void>>();
  const all = new Map(ownComponents(layout.state).map((each) => [each.name, each]));
  const begin = (component: Component): Promise<void> => {
    const known = started.get(component.name);
    if (known !== undefined) {
      return known;
    }
    const needed = component.after.flatMap((name) => all.get(name) ?? []).map(begin);
    const own = Promise.all(needed).then(() => ensure(layout, component, binary, tell));
    // Whoever awaits it sees the failure; until then it must not count as unhandled.
    own.catch(() => undefined);
    started.set(component.name, own);
    return own;
  };
  [...all.values()].forEach((component) => void begin(component));
  return started;
}

/**
 * Stops one component in good order and starts it again.
 * @throws ClusterError NO_SUCH_COMPONENT, COMPONENT_FAILED
 */
export async function restartComponent(
  layout: Layout,
  name: string,
  binary: string,
  tell: Tell,
): Promise<void> {
  const all = ownComponents(layout.state);
  const component = all.find((each) => each.name === name || each.name === `kube-${name}`);
  if (component === undefined) {
    throw new ClusterError(
      'NO_SUCH_COMPONENT',
      `no component is named ${JSON.stringify(name)}; write one of ${all.map((each) => each.name).join(', ')}.`,
    );
  }
  await stop(recordFile(layout.state, component.name), GRACE_MS);
  await ensure(layout, component, binary, tell);
}

/** Leaves a healthy component alone; starts one that is missing, hangs or has new settings. */
async function ensure(
  { state }: Layout,
  component: Component,
  binary: string,
  tell: Tell,
): Promise<void> {
  const { name, argv, files, health } = component;
  await ensureService(
    {
      name,
      argv,
      environment: { HOME: state },
      files,
      record: recordFile(state, name),
      log: logFile(state, name),
      key: componentKey(component, binary),
      isHealthy: async () => isHealthy(state, health),
      patienceMs: 5000,
    },
    tell,
  );
}

function componentKey(component: Component, binary: string): string {
  return contentKey([binary, ...component.argv, ...Object.entries(component.files).flat()]);
}

function ownComponents(state: string): readonly Component[] {
  // Where systemd resolves names, /etc/resolv.conf names a loopback address.
  const resolvConf = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'].find((file) =>
    existsSync(file),
  );
  return components(state, resolvConf === undefined ? '' : readFileSync(resolvConf, 'utf8'));
}
