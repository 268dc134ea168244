/** What is wrong with the openings of the network. */
import { CLOSED, closedForBuilds } from '../constructs/network.ts';
import { exceptions } from './cidr.ts';
import type { Deployment } from './defaults.ts';
import type { Opening } from './settings-network.ts';
import { at, isDnsLabel, LABEL_FIX, wrongCidr, wrongLabels, type Problem } from './values.ts';

export function* networkProblems({ name, network }: Deployment): Generator<Problem> {
  const path = `${name}.network`;
  if (network.apiServer.length === 0) {
    yield {
      code: 'settings-api-server',
      path: `${path}.apiServer`,
      message: 'the runner could not reach the API server, and stages could',
      fix: 'name its Service and its own addresses: kubectl get endpointslices,service kubernetes',
    };
  }
  yield* listProblems(network.apiServer, `${path}.apiServer`, () => CLOSED);
  if (network.drone.length === 0) {
    yield {
      code: 'settings-drone-closed',
      path: `${path}.drone`,
      message: 'the runner could not reach the Drone server',
      fix: "name its address or its Pods, as in {cidr: '192.0.2.7/32', ports: [443]}",
    };
  }
  for (const key of ['drone', 'git', 'registries', 'builds', 'dns'] as const) {
    yield* listProblems(network[key], `${path}.${key}`, (opening) =>
      closedForBuilds(network, opening),
    );
  }
  yield* listProblems(network.runner, `${path}.runner`, () => CLOSED);
  if (network.metricsFrom !== undefined && !isDnsLabel(network.metricsFrom)) {
    yield {
      code: 'settings-namespace-name',
      path: `${path}.metricsFrom`,
      message: `"${network.metricsFrom}" cannot be the name of a namespace`,
      fix: LABEL_FIX,
    };
  }
}

function* listProblems(
  openings: readonly Opening[],
  path: string,
  closed: (opening: Opening) => readonly string[],
): Generator<Problem> {
  for (const [index, opening] of openings.entries()) {
    yield* openingProblems(opening, `${path}[${index}]`, closed(opening));
  }
}

/** `closed`: what stays so, whatever the opening says. */
export function* openingProblems(
  opening: Opening,
  own: string,
  closed: readonly string[] = CLOSED,
): Generator<Problem> {
  for (const port of opening.ports ?? []) {
    if (Number.isInteger(port) && port > 0 && port < 65_536) continue;
    yield {
      code: 'settings-port',
      path: `${own}.ports`,
      message: `${port} is no port`,
      fix: 'write a number from 1 to 65535',
    };
  }
  if ('cidr' in opening) {
    const wrong = wrongCidr(opening.cidr);
    yield* at(`${own}.cidr`, wrong);
    if (wrong === undefined && exceptions(opening.cidr, closed) === undefined) {
      yield {
        code: 'settings-opening-closed',
        path: `${own}.cidr`,
        message: `${opening.cidr} stays closed: it is the API server or the metadata of the cloud`,
        fix: "remove it; for something else at the API server's address, name its ports",
      };
    }
  } else if (isDnsLabel(opening.namespace)) {
    yield* at(`${own}.labels`, wrongLabels(opening.labels ?? {}));
  } else {
    yield {
      code: 'settings-namespace-name',
      path: `${own}.namespace`,
      message: `"${opening.namespace}" cannot be the name of a namespace`,
      fix: LABEL_FIX,
    };
  }
}
