/** What an affinity lacks; Kubernetes would refuse the Pod. */
import { error } from './codes.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { AffinitySchema } from './kubernetes-schema.ts';
import type { Decoded, Infer } from './schema.ts';

/** A decoded object, whatever its keys are. */
type Part = Pick<Decoded, 'places' | 'position' | 'failed'> & { readonly fields: object };

/** Walks through all parts: each kind of part has rules of its own. */
export const lintAffinity = (affinity: Infer<AffinitySchema>): readonly Diagnostic[] =>
  lintPart(affinity, '', '');

/** `key`: under which it stands; `parent`: under which that stands. */
function lintPart(part: Part, key: string, parent: string): readonly Diagnostic[] {
  const fields = new Map<string, unknown>(Object.entries(part.fields));
  const found = lintKeys(part, `${parent}.${key}`, fields);
  for (const [name, value] of fields) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (isPart(each)) found.push(...lintPart(each, name, key));
    }
  }
  return found;
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

function lintKeys(part: Part, path: string, fields: ReadonlyMap<string, unknown>): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (position: Position, message: string, fix: string): void => {
    found.push(error('kubernetes-affinity', position, message, fix));
  };
  const need = (key: string, fix: string): void => {
    // One that was refused has been told of.
    if (part.failed.has(key) || !isEmpty(fields.get(key))) return;
    report(part.position, `the affinity has a part without \`${key}\``, fix);
  };
  if (path.endsWith('.matchExpressions') || path.endsWith('.matchFields')) {
    need('key', 'add `key:` with the key of a label');
    need('operator', 'add `operator:`, such as `In`');
    lintValues(part, fields, report);
  }
  const isOfNodes = path.startsWith('nodeAffinity.');
  if (path.endsWith(`.${PREFERRED}`)) {
    need(isOfNodes ? 'preference' : 'podAffinityTerm', 'write under it what is preferred');
    const weight = fields.get('weight') ?? 0;
    if (!part.failed.has('weight') && !(Number(weight) >= 1 && Number(weight) <= 100)) {
      const at = part.places.get('weight') ?? part.position;
      report(at, 'a preference of the affinity has no weight from 1 to 100', 'write `weight: 1`');
    }
  }
  if (path.endsWith(`.${REQUIRED}`)) {
    if (isOfNodes) need('nodeSelectorTerms', 'add it with a list of terms');
    else need('topologyKey', TOPOLOGY);
  }
  if (path.endsWith('.podAffinityTerm')) need('topologyKey', TOPOLOGY);
  return found;
}

const TOPOLOGY = 'add `topologyKey:`, such as `kubernetes.io/hostname`';

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

function lintValues(
  part: Part,
  fields: ReadonlyMap<string, unknown>,
  report: (position: Position, message: string, fix: string) => void,
): void {
  const operator = fields.get('operator');
  if (typeof operator !== 'string' || part.failed.has('values')) return;
  const values = fields.get('values');
  const count = Array.isArray(values) ? values.length : 0;
  const at = part.places.get('values') ?? part.position;
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (count > 0) report(at, `\`${operator}\` of the affinity takes no values`, 'remove `values`');
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (count !== 1) {
      report(at, `\`${operator}\` of the affinity takes one value`, 'write `values: ["1"]`');
    }
  } else if (count === 0) {
    report(at, `\`${operator}\` of the affinity has no values`, 'add `values:` with a list');
  }
}

const isPart = (value: unknown): value is Part =>
  typeof value === 'object' && value !== null && 'fields' in value && 'places' in value;
