import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, parseJson } from './json.ts';
import { accepts, get, type Credentials } from './http.ts';
import type { Health } from './components.ts';
import { BRIDGE, NAME, PORTS } from './settings.ts';

/** Whether a component answers; a component that hangs does not. */
export async function isHealthy(state: string, health: Health): Promise<boolean> {
  return 'socket' in health
    ? accepts(health.socket)
    : (await get(health.url, authority(state)))?.status === 200;
}

/** Whether the node is Ready and new Pods in the default namespace would be accepted and placed. */
export async function takesPods(state: string): Promise<boolean> {
  const [node, account] = await Promise.all([
    getObject(state, `/api/v1/nodes/${NAME}`),
    getObject(state, '/api/v1/namespaces/default/serviceaccounts/default'),
  ]);
  return account !== undefined && isNodeReady(node);
}

/** Ready and free of taints: a node that just became Ready keeps a taint for a moment. */
export function isNodeReady(node: unknown): boolean {
  const conditions = at(node, 'status', 'conditions');
  const taints = at(node, 'spec', 'taints');
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (each: unknown) => at(each, 'type') === 'Ready' && at(each, 'status') === 'True',
    ) &&
    (!Array.isArray(taints) || taints.length === 0)
  );
}

/** An object of the API by its path; undefined when it is not there or nobody answers. */
async function getObject(state: string, path: string): Promise<unknown> {
  const url = `https://${BRIDGE.address}:${PORTS.apiServer}${path}`;
  const answer = await get(url, { ...authority(state), ...admin(state) });
  return answer?.status === 200 ? parseJson(answer.body) : undefined;
}

function authority(state: string): Credentials {
  const file = join(state, 'pki/ca.crt');
  return existsSync(file) ? { ca: readFileSync(file) } : {};
}

function admin(state: string): Credentials {
  const file = (end: string) => join(state, `pki/admin.${end}`);
  return existsSync(file('key'))
    ? { cert: readFileSync(file('crt')), key: readFileSync(file('key')) }
    : {};
}
