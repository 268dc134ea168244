/** Paths, queries and names of requests. Pure. */

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** The full URL; undefined values are left out, lists become repeated parameters. */
export function requestUrl(server: string, path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    const values = typeof value === 'object' ? value : [String(value)];
    for (const one of values) parameters.append(name, one);
  }
  const text = parameters.toString();
  return `${server}${path}${text === '' ? '' : `?${text}`}`;
}

/**
 * Verb and resource, for counters and messages: `POST pods`, `LIST pods`, `WATCH pods`,
 * `GET pods/log`. Never a name: the values must stay few.
 */
export function describeRequest(method: string, path: string, query: Query): string {
  const parts = path.split('/').filter((part) => part !== '');
  const inGroup = parts.slice(parts[0] === 'api' ? 2 : 3);
  const isNamespaced = inGroup[0] === 'namespaces' && inGroup.length > 2;
  const [resource = path, name, subresource] = isNamespaced ? inGroup.slice(2) : inGroup;
  const kind = subresource === undefined ? resource : `${resource}/${subresource}`;
  if (method !== 'GET') return `${method} ${kind}`;
  if (query['watch'] === true) return `WATCH ${kind}`;
  return `${name === undefined ? 'LIST' : 'GET'} ${kind}`;
}

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export const PODS: Resource = { group: '', version: 'v1', plural: 'pods' };
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };
export const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps' };
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
};
export const RESOURCE_QUOTAS: Resource = { group: '', version: 'v1', plural: 'resourcequotas' };
export const EVENTS: Resource = { group: '', version: 'v1', plural: 'events' };

/** The path of a collection, of an object in it, or of an object's subresource. */
export function objectPath(
  resource: Resource,
  namespace: string,
  name?: string,
  subresource?: string,
): string {
  const group = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const collection = `${group}/${resource.version}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
  const object = name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
  return subresource === undefined ? object : `${object}/${subresource}`;
}
