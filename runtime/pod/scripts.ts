/** The scripts that run inside a Pod, as files of the stage's ConfigMap. */
import { readFileSync } from 'node:fs';

/** Read once a stage; in the bundle they lie beside it. */
export function scripts(): Record<'coordinator.sh' | 'step.sh', string> {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
  return { 'coordinator.sh': read('./coordinator.sh'), 'step.sh': read('./step.sh') };
}
