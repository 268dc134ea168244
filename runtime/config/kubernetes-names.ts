/** What Kubernetes takes for a name, a label and an annotation; told before the first Pod fails. */

const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** This as the namespace of a stage stands for one that is made for it and deleted with it. */
export const TEMPORARY_NAMESPACE = 'drone-';

/** The name of a namespace that can exist. */
export const isNamespace = (text: string): boolean => text.length <= 63 && DNS_LABEL.test(text);

/** The name of a service account, and of most other objects. */
export const isSubdomain = (text: string): boolean =>
  text.length <= 253 && DNS_SUBDOMAIN.test(text);

/** `nvidia.com/gpu`, or the key of a label. */
export const isResourceName = (text: string): boolean => wrongKey(text) === undefined;

/** The first entry that can be no label, as the end of a sentence; undefined where all can. */
export function wrongLabel(labels: ReadonlyMap<string, string>): string | undefined {
  for (const [key, value] of labels) {
    const wrong = wrongKey(key);
    if (wrong !== undefined) return wrong;
    if (value !== '' && (value.length > 63 || !NAME.test(value))) {
      return `has "${value}" as the value of "${key}", which no label can have`;
    }
  }
  return undefined;
}

/** The same for annotations, whose values are free. */
export function wrongAnnotation(annotations: ReadonlyMap<string, string>): string | undefined {
  for (const key of annotations.keys()) {
    const wrong = wrongKey(key);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** What to write instead, for either. */
export const LABEL_FIX =
  'write at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; a key may have a domain and `/` before that';

function wrongKey(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  const fits = name.length <= 63 && NAME.test(name);
  if (fits && (slash === -1 || isSubdomain(key.slice(0, slash)))) return undefined;
  return `has the key "${key}", which Kubernetes does not take`;
}
