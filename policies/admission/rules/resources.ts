/** How much a Pod may ask for. */
import { parseCpu, parseMemory } from '../../../runtime/compile/resources.ts';
import { celContainers, containersOf, findContainers } from '../cel.ts';
import { AMOUNTS, type Amounts } from '../parameters.ts';
import type { AdmissionRule, ResourcesLike } from '../types.ts';

type AmountName = (typeof AMOUNTS)[number];

const CEL_AMOUNTS = `[${AMOUNTS.map((name) => `'${name}'`).join(', ')}]`;

/** CPU in millicores, all else in bytes; a text that is no quantity is more than anything. */
const amount = (name: AmountName, text = '0'): number =>
  (name === 'cpu' ? parseCpu(text) : parseMemory(text)) ?? Number.POSITIVE_INFINITY;

/** The API server takes the limit for the request where there is none. */
const requestOf = (name: AmountName, resources: ResourcesLike | undefined): number =>
  amount(name, resources?.requests?.[name] ?? resources?.limits?.[name]);

const requests: AdmissionRule = {
  id: 'requests',
  title: 'A Pod requests no more than a stage may have.',
  trust: 'both',
  everyPod: false,
  // Floating-point numbers: CEL cannot add quantities. A tenth of a millicore makes up for that.
  cel: `${CEL_AMOUNTS}.filter(r, variables.containers.map(c, quantity(c.?resources.?requests[?r].orValue('0')).asApproximateFloat()).sum() > variables.requests[r].asApproximateFloat() + 0.0001 || quantity(object.spec.?resources.?requests[?r].orValue('0')).compareTo(variables.requests[r]) > 0)`,
  find: ({ pod }, parameters) =>
    AMOUNTS.filter((name) => {
      const sum = containersOf(pod).reduce(
        (total, { resources }) => total + requestOf(name, resources),
        0,
      );
      const most = amount(name, parameters.requests[name]);
      return sum > most || requestOf(name, pod.spec.resources) > most;
    }),
  message: 'the stage requests more than this namespace allows',
  fix: 'lower `resources.requests` of the pipeline',
  parameters: ['requests'],
};

const isAbove = (resources: ResourcesLike | undefined, most: Amounts): boolean =>
  AMOUNTS.some((name) => amount(name, resources?.limits?.[name]) > amount(name, most[name]));

const celAbove = (resources: string): string =>
  `${CEL_AMOUNTS}.exists(r, quantity(${resources}.?limits[?r].orValue('0')).compareTo(variables.limits[r]) > 0)`;

const limits: AdmissionRule = {
  id: 'limits',
  title: 'No container has a limit above what a step may use.',
  trust: 'both',
  everyPod: false,
  cel: `(${celAbove('object.spec.?resources')} ? ['Pod'] : []) + ${celContainers(celAbove('c.?resources'))}`,
  find: ({ pod }, parameters) => [
    ...(isAbove(pod.spec.resources, parameters.limits) ? ['Pod'] : []),
    ...findContainers(pod, ({ resources }) => isAbove(resources, parameters.limits)),
  ],
  message: 'has a limit above what this namespace allows',
  fix: 'lower `resources.limits` of the step',
  parameters: ['limits'],
};

const isAmount = (name: string): boolean => AMOUNTS.some((known) => known === name);

const CEL_FOREIGN = `!(r in ${CEL_AMOUNTS} || r in variables.devices)`;

const devices: AdmissionRule = {
  id: 'devices',
  title: 'CPU, memory, disk and devices on the list are all that a Pod asks for.',
  trust: 'both',
  everyPod: false,
  cel: `(object.spec.?resourceClaims.orValue([]).size() > 0 ? ['Pod'] : []) + ${celContainers(
    `c.?resources.?requests.orValue({}).exists(r, ${CEL_FOREIGN}) || c.?resources.?limits.orValue({}).exists(r, ${CEL_FOREIGN})`,
  )}`,
  find: ({ pod }, parameters) => [
    ...((pod.spec.resourceClaims ?? []).length > 0 ? ['Pod'] : []),
    ...findContainers(pod, ({ resources }) =>
      [resources?.requests, resources?.limits].some((amounts) =>
        Object.keys(amounts ?? {}).some(
          (name) => !isAmount(name) && !parameters.devices.includes(name),
        ),
      ),
    ),
  ],
  message: 'asks for a resource other than CPU, memory and ephemeral storage',
  fix: 'remove it, or have the operator of the runner add it to `devices`',
  parameters: ['devices'],
};

export const RESOURCE_RULES: readonly AdmissionRule[] = [requests, limits, devices];
