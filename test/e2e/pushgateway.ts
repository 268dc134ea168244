/** A Pushgateway of Prometheus, where the Pods of the tests reach it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Address } from '../cluster/addresses.ts';
import { buildModule, type GoModule } from '../cluster/go-module.ts';
import { freePorts } from '../cluster/ports.ts';
import { waitFor } from './drone.ts';

const PUSHGATEWAY: GoModule = {
  name: 'pushgateway',
  module: 'github.com/prometheus/pushgateway',
  version: 'v1.11.3',
  sum: 'h1:aQqFNNz4wD95VfZ4tYRb5sK83FOu5xahPs3266+FZRE=',
  packages: ['.'],
  flags: [],
};

export interface Pushgateway extends Address {
  /** What was pushed, in the text format of Prometheus. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** Builds it where `cache` has none: half a minute. `host`: to listen at. */
export async function openPushgateway(host: string, cache: string): Promise<Pushgateway> {
  const folder = await buildModule(cache, PUSHGATEWAY);
  const [port = 0] = await freePorts(1);
  const url = `http://${host}:${port}`;
  const child = spawn(join(folder, 'pushgateway'), [`--web.listen-address=${host}:${port}`], {
    stdio: 'ignore',
  });
  const closed = once(child, 'close');
  const close = async (): Promise<void> => {
    child.kill();
    await closed;
  };
  const isReady = async (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await waitFor('the Pushgateway', isReady);
  } catch (error) {
    await close();
    throw error;
  }
  return { host, port, metrics: async () => (await fetch(`${url}/metrics`)).text(), close };
}
