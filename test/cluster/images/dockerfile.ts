/** How the image of the runner starts it, read from its Dockerfile, so that tests start it no other way. */
import { readFileSync } from 'node:fs';

export interface ImageStart {
  /** The program of Node comes first, then its flags, then the command. */
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export function imageStart(): ImageStart {
  const text = readFileSync(new URL('../../../runtime/Dockerfile', import.meta.url), 'utf8');
  const entrypoint: unknown = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1] ?? '[]');
  if (!Array.isArray(entrypoint))
    throw new Error('the Dockerfile has no ENTRYPOINT that is a list');
  const environment = [...text.matchAll(/^ENV (\w+)=(\S*)$/gm)];
  return {
    entrypoint: entrypoint.map(String),
    environment: Object.fromEntries(environment.map(([, name = '', value = '']) => [name, value])),
  };
}
