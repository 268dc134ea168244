/** The scripts that run inside a Pod, as files of the stage's ConfigMap. */
import { readFileSync } from 'node:fs';

export const POD_SCRIPTS = ['coordinator.sh', 'step.sh', 'latch.sh'] as const;

/** Read once a stage; in the bundle they lie beside it. */
export function scripts(): Record<string, string> {
  return Object.fromEntries(
    POD_SCRIPTS.map((name) => [name, readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')]),
  );
}
