/**
 * The admission rules on a real API server: every sample of the unit tests, in namespaces of its
 * own, by dry runs. What the API server says is compared with what the rules say as functions.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  admissionObjects,
  admissionParameters,
  rulesFor,
  violations,
  type AdmissionInput,
} from '../../policies/admission/index.ts';
import { STAGE_PERMISSIONS } from '../../runtime/contract.ts';
import { loadConfig } from '../../runtime/kube/config.ts';
import { isNotFound, KubeError } from '../../runtime/kube/errors.ts';
import { Transport } from '../../runtime/kube/transport.ts';
import { readCluster } from '../cluster/state.ts';
import {
  asJson,
  compiled,
  creation,
  GOOD,
  PLUGIN,
  RUNNER,
  RUNNER_USER,
  STAGE,
  withSpec,
} from '../policies/admission/pods.ts';
import { PASSING } from '../policies/admission/passing.ts';
import {
  ALL,
  EVERY_PLACE,
  everywhere,
  FOREIGN_RUNTIME_CLASS,
  PLACES,
  RUNTIME_CLASS,
  type Place,
} from '../policies/admission/places.ts';
import { REFUSED } from '../policies/admission/refused.ts';
import type { PodLike } from '../../policies/admission/types.ts';
import { waitFor } from './drone.ts';

const SUFFIX = process.pid;
const namespaceAt = (place: Place): string => `e2e-admission-${place}-${SUFFIX}`;
const nameAt = (place: Place): string => `e2e-drone-kube-${place}-${SUFFIX}`;
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const RBAC = 'rbac.authorization.k8s.io';

const inputAt = (place: Place): AdmissionInput => ({
  ...PLACES[place],
  name: nameAt(place),
  namespaces: [namespaceAt(place)],
  runner: RUNNER,
});

let admin: Transport;
let runner: Transport;

const made: string[] = [];
/** Of the object at `path`, as the administrator. */
async function create(path: string, body: { readonly metadata: { readonly name: string } }) {
  made.push(`${path}/${body.metadata.name}`);
  await admin.request('POST', path, { body });
}

beforeAll(async () => {
  const cluster = readCluster();
  if (cluster === undefined) throw new Error('no cluster: npm run cluster -- up');
  const access = await loadConfig({ kubeconfig: cluster.kubeconfig });
  admin = new Transport(access, { qps: 500, burst: 500 });
  runner = new Transport(
    {
      ...access,
      credentials: async () => {
        const { headers, tls } = await access.credentials();
        return { tls, headers: { ...headers, 'Impersonate-User': RUNNER_USER } };
      },
    },
    { qps: 500, burst: 500 },
  );
  const namespace = async (name: string): Promise<void> =>
    create('/api/v1/namespaces', { metadata: { name } });
  for (const name of [RUNTIME_CLASS, FOREIGN_RUNTIME_CLASS]) {
    const runtimeClass = { metadata: { name }, handler: 'drone-kube-test' };
    await create('/apis/node.k8s.io/v1/runtimeclasses', runtimeClass);
  }
  for (const place of EVERY_PLACE) {
    const own = namespaceAt(place);
    await namespace(own);
    await create(`/api/v1/namespaces/${own}/serviceaccounts`, { metadata: { name: 'deployer' } });
    const metadata = { name: 'drone-runner' };
    const rules = STAGE_PERMISSIONS.map(({ group, resource, verbs }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs,
    }));
    const role = { metadata, rules };
    await create(`/apis/${RBAC}/v1/namespaces/${own}/roles`, role);
    const binding = {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'drone-runner' },
      subjects: [{ kind: 'ServiceAccount', ...RUNNER }],
    };
    await create(`/apis/${RBAC}/v1/namespaces/${own}/rolebindings`, binding);
    const [policy, bound] = admissionObjects(inputAt(place));
    await create(POLICIES, policy);
    await create(BINDINGS, bound);
  }
  // The API server reads new policies a moment later.
  for (const place of EVERY_PLACE) {
    await waitFor(`the policy for ${place}`, async () => {
      const good = await refusal(place, GOOD);
      const bad = await refusal(place, withSpec({ hostNetwork: true }));
      return good === undefined && bad?.includes('admission-host-namespaces') === true;
    });
  }
}, 90_000);

afterAll(async () => {
  for (const path of made.toReversed()) {
    await admin.request('DELETE', path).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
  await admin.close();
  await runner.close();
}, 60_000);

const podsAt = (place: Place): string => `/api/v1/namespaces/${namespaceAt(place)}/pods`;

/** What the API server says to the Pod; undefined where it takes it. */
async function refusal(
  place: Place,
  pod: PodLike,
  by: Transport = runner,
): Promise<string | undefined> {
  return messageOf(async () =>
    by.request('POST', podsAt(place), { body: { ...pod, metadata: here(pod, place) }, query: DRY }),
  );
}

const DRY = { dryRun: 'All' } as const;
const here = ({ metadata }: PodLike, place: Place) => ({
  ...metadata,
  namespace: namespaceAt(place),
});

async function messageOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return error.message;
  }
}

test.each(everywhere(PASSING))('$place: $name passes', async ({ pod, place }) => {
  expect(await refusal(place, pod)).toBeUndefined();
});

test.each(everywhere(REFUSED))('$place: $name is refused by $rule', async ({ pod, place }) => {
  const { trust } = PLACES[place];
  const rules = rulesFor(trust);
  const [first] = violations(creation(pod), rules, admissionParameters(inputAt(place)));
  const text = await refusal(place, pod);
  expect(text).toContain(`'${nameAt(place)}' denied request: `);
  expect(text?.split(' denied request: ')[1]).toBe(first?.message);
});

test.each(ALL)('%s: nobody but the runner makes Pods', async (place) => {
  expect(await refusal(place, GOOD, admin)).toMatch(
    /denied request: \S+: only the runner makes Pods .* \[admission-creator\]/,
  );
});

test('the runner makes no Pods in another namespace', async () => {
  const text = await messageOf(async () =>
    runner.request('POST', '/api/v1/namespaces/default/pods', { body: GOOD, query: DRY }),
  );
  expect(text).toContain('cannot create resource "pods"');
});

test('the API server finds nothing wrong with the rules', async () => {
  for (const place of EVERY_PLACE) {
    let status = '';
    await waitFor(`the check of types, ${place}`, async () => {
      const policy = await admin.request<{ readonly status?: { readonly typeChecking?: object } }>(
        'GET',
        `${POLICIES}/${nameAt(place)}`,
      );
      status = JSON.stringify(policy.status);
      return policy.status?.typeChecking !== undefined;
    });
    expect(status).not.toContain('expressionWarnings');
  }
}, 40_000);

describe('a Pod that is there', () => {
  const place = 'untrusted';
  const stage = compiled({ steps: [PLUGIN] });
  const path = `${podsAt(place)}/${STAGE}`;
  // With a gate, it is never scheduled.
  beforeAll(async () => {
    const gated = withSpec({ schedulingGates: [{ name: 'example.com/never' }] }, asJson(stage.pod));
    const body = { ...gated, metadata: here(gated, place) };
    await runner.request('POST', podsAt(place), { body });
  });

  const merge = async (
    by: Transport,
    body: object,
    subresource = '',
  ): Promise<string | undefined> =>
    messageOf(async () =>
      by.request('PATCH', path + subresource, {
        body,
        query: DRY,
        contentType: 'application/strategic-merge-patch+json',
      }),
    );
  const container = [...stage.ephemerals.values()][0];
  const adding = (changes: object = {}) => ({
    spec: { ephemeralContainers: [{ ...container, ...changes }] },
  });

  test('the runner adds the containers that it planned', async () => {
    expect(await merge(runner, adding(), '/ephemeralcontainers')).toBeUndefined();
  });

  test.each<[string, object, RegExp]>([
    [
      'with privileges',
      { securityContext: { privileged: true } },
      /container 2-notify: .*\[admission-privileged\]/,
    ],
    [
      'with the Secret of another stage',
      { envFrom: [{ secretRef: { name: 'drone-abc-4-1' } }] },
      /container 2-notify: .*\[admission-secrets\]/,
    ],
    [
      'with the run volume for writing',
      { volumeMounts: [{ name: 'drone-kube-run', mountPath: '/x' }] },
      /container 2-notify: .*\[admission-run-volume\]/,
    ],
  ])('a container %s is not added', async (_, changes, expected) => {
    expect(await merge(runner, adding(changes), '/ephemeralcontainers')).toMatch(expected);
  });

  test('nobody else adds a container', async () => {
    expect(await merge(admin, adding(), '/ephemeralcontainers')).toContain('[admission-creator]');
  });

  test.each<[string, object]>([
    ['a verdict', { annotations: { 'drone-kube.io/verdict': '1 error' } }],
    ['a label', { labels: { team: 'a' } }],
  ])('%s is written', async (_, metadata) => {
    expect(await merge(runner, { metadata })).toBeUndefined();
  });

  test.each([
    ['stage', 'drone-abc-4-1'],
    ['server', 'def'],
  ])('the label %s stays', async (key, value) => {
    const label = `drone-kube.io/${key}`;
    const text = await merge(runner, { metadata: { labels: { [label]: value } } });
    expect(text).toContain(` denied request: label ${label}: is not what the runner writes `);
  });

  test('a toleration is not added afterwards', async () => {
    const { spec } = await admin.request<{
      readonly spec: { readonly tolerations: readonly object[] };
    }>('GET', path);
    const tolerations = [...spec.tolerations, { operator: 'Exists' }];
    const text = await messageOf(async () =>
      runner.request('PATCH', path, {
        body: { spec: { tolerations } },
        query: DRY,
        contentType: 'application/merge-patch+json',
      }),
    );
    expect(text).toMatch(/every taint: .*\[admission-tolerations\]/);
  });
});
