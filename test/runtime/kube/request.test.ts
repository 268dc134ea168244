import { describe, expect, test } from '@jest/globals';
import {
  CONFIG_MAPS,
  describeRequest,
  objectPath,
  PODS,
  requestUrl,
} from '../../../runtime/kube/request.ts';

const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

test.each([
  [objectPath(PODS, 'ci'), '/api/v1/namespaces/ci/pods'],
  [objectPath(PODS, 'ci', 'a', 'log'), '/api/v1/namespaces/ci/pods/a/log'],
  [objectPath(CONFIG_MAPS, 'ci', 'a/b'), '/api/v1/namespaces/ci/configmaps/a%2Fb'],
  [objectPath(LEASES, 'ci', 'x'), '/apis/coordination.k8s.io/v1/namespaces/ci/leases/x'],
])('%s', (actual, expected) => {
  expect(actual).toBe(expected);
});

describe('describeRequest', () => {
  test.each([
    ['POST', '/api/v1/namespaces/ci/pods', {}, 'POST pods'],
    ['GET', '/api/v1/namespaces/ci/pods', {}, 'LIST pods'],
    ['GET', '/api/v1/namespaces/ci/pods', { watch: true }, 'WATCH pods'],
    ['GET', '/api/v1/namespaces/ci/pods/a', {}, 'GET pods'],
    ['GET', '/api/v1/namespaces/ci/pods/a/log', {}, 'GET pods/log'],
    [
      'PATCH',
      '/api/v1/namespaces/ci/pods/a/ephemeralcontainers',
      {},
      'PATCH pods/ephemeralcontainers',
    ],
    ['DELETE', '/api/v1/namespaces/ci', {}, 'DELETE namespaces'],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/ci/leases/x', {}, 'PUT leases'],
    ['GET', '/api/v1/pods', { watch: true }, 'WATCH pods'],
  ])('%s %s', (method, path, query, expected) => {
    expect(describeRequest(method, path, query)).toBe(expected);
  });
});

test('lists in a query are repeated and undefined is left out', () => {
  const query = { command: ['sh', '-c', 'a&b'], stdin: true, labelSelector: undefined };
  expect(requestUrl('http://k', '/p', query)).toBe(
    'http://k/p?command=sh&command=-c&command=a%26b&stdin=true',
  );
  expect(requestUrl('http://k', '/p', {})).toBe('http://k/p');
});
