/** Who reaches whom: connections that are tried from inside of Pods. */
import type { Address } from '../cluster/addresses.ts';

export type Targets = Readonly<Record<string, Address>>;

/** By target: whether a connection was made. */
export type Reached = Record<string, 'open' | 'closed'>;

/** Defines `reaches HOST PORT` for bash; what neither answers nor refuses within three seconds is closed. */
export const REACHES = `reaches() { timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }`;

/** Lines for bash that print `NAME open` or `NAME closed` for each target. */
export const tryEach = (targets: Targets): readonly string[] => [
  REACHES,
  ...Object.entries(targets).map(
    ([name, { host, port }]) =>
      `if reaches ${host} ${port}; then echo "${name} open"; else echo "${name} closed"; fi`,
  ),
];

/** The same for Node, as the argument of `--eval`. */
export const tryEachInNode = (targets: Targets): string => `
  for (const [name, { host, port }] of Object.entries(${JSON.stringify(targets)})) {
    const socket = require('node:net').connect(port, host).setTimeout(3000);
    let told = false;
    const is = (state) => () => {
      if (!told) console.log(name, state);
      told = true;
      socket.destroy();
    };
    socket.on('connect', is('open')).on('timeout', is('closed')).on('error', is('closed'));
  }`;

/** Reads what those printed. */
export function reached(text: string): Reached {
  const result: Reached = {};
  for (const [, name = '', state] of text.matchAll(/^(\S+) (open|closed)$/gm)) {
    result[name] = state === 'open' ? 'open' : 'closed';
  }
  return result;
}

/** What all of them should be. */
export const all = (targets: Targets, state: 'open' | 'closed'): Reached =>
  Object.fromEntries(Object.keys(targets).map((name) => [name, state]));
