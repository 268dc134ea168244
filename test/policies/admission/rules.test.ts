import { describe, expect, test } from '@jest/globals';
import { ADMISSION_RULES, rulesFor, violations } from '../../../policies/admission/index.ts';
import type { Attempt, PodLike } from '../../../policies/admission/types.ts';
import { asJson, compiled, creation, GOOD, PLUGIN, RUNNER_USER, withLabels } from './pods.ts';
import { PASSING } from './passing.ts';
import { everywhere, parametersAt, PLACES, type Place } from './places.ts';
import { REFUSED } from './refused.ts';

const brief = (attempt: Attempt, place: Place): readonly (readonly [string, readonly string[]])[] =>
  violations(attempt, rulesFor(PLACES[place].trust), parametersAt(place)).map(
    ({ rule, found }) => [rule.id, found] as const,
  );

test.each(everywhere(PASSING))('$place: $name passes', ({ pod, place }) => {
  expect(brief(creation(pod), place)).toEqual([]);
});

test.each(everywhere(REFUSED))(
  '$place: $name is refused by $rule',
  ({ pod, place, rule, found }) => {
    expect(brief(creation(pod), place)).toEqual([[rule, found]]);
  },
);

describe('changes', () => {
  const attempt = (change: Partial<Attempt>): Attempt => ({
    operation: 'UPDATE',
    subresource: 'ephemeralcontainers',
    user: RUNNER_USER,
    pod: GOOD,
    old: GOOD,
    ...change,
  });
  const stage = compiled({ steps: [PLUGIN] });
  const added = (securityContext?: object): PodLike => {
    const container = {
      ...[...stage.ephemerals.values()][0],
      ...(securityContext && { securityContext }),
    };
    return asJson({
      ...stage.pod,
      spec: { ...stage.pod.spec, nodeName: 'node-1', ephemeralContainers: [container] },
    });
  };
  test.each<[string, Attempt, ReturnType<typeof brief>]>([
    ['the runner adds a container', attempt({ pod: added() }), []],
    [
      'the runner adds a privileged container',
      attempt({ pod: added({ privileged: true }) }),
      [['privileged', ['container 2-notify']]],
    ],
    [
      'somebody else adds a container',
      attempt({ pod: added(), user: 'alice' }),
      [['creator', ['alice']]],
    ],
    [
      'somebody else changes the Pod',
      attempt({ subresource: '', user: 'alice', pod: withLabels({ team: 'a' }) }),
      [],
    ],
    [
      'another server',
      attempt({ subresource: '', pod: withLabels({ 'drone-kube.io/server': 'def' }) }),
      [['labels', ['label drone-kube.io/server']]],
    ],
    [
      'a Pod that somebody else makes',
      attempt({ operation: 'CREATE', subresource: '', user: 'alice' }),
      [['creator', ['alice']]],
    ],
  ])('%s', (_, change, expected) => {
    expect(brief(change, 'untrusted')).toEqual(expected);
  });
});

test('a message says what is wrong, by which rule, and what to write instead', () => {
  const sample = REFUSED.find(({ rule }) => rule === 'host-ports');
  const [found] = violations(
    creation(sample?.pod ?? GOOD),
    ADMISSION_RULES,
    parametersAt('untrusted'),
  );
  expect(found?.message).toBe(
    'container 2-test: takes a port of the node [admission-host-ports]; remove `hostPort`; steps reach a service by its name',
  );
});

test('each rule has an id of its own, and is tried', () => {
  const ids = ADMISSION_RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const tried = new Set(['creator', ...REFUSED.map(({ rule }) => rule)]);
  expect([...tried].toSorted()).toEqual(ids.toSorted());
});

test('no rule can be left out by a word of the Pod: messages are one line of sound CEL', () => {
  for (const { id, title, message, fix, cel } of ADMISSION_RULES) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(title).toMatch(/\.$/);
    for (const sentence of [message, fix]) expect(sentence).not.toMatch(/\.$|\n/);
    expect(cel).not.toContain('\n');
  }
});
