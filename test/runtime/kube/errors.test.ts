import { describe, expect, test } from '@jest/globals';
import {
  errorFromNetwork,
  errorFromResponse,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isNotFound,
  isQuota,
} from '../../../runtime/kube/errors.ts';
import { failure } from './helpers.ts';

const quota = 'pods "a" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5';

describe('errors of the API server', () => {
  test.each([
    [404, 'NotFound', 'pods "a" not found', 'kube-not-found', isNotFound],
    [409, 'AlreadyExists', 'pods "a" already exists', 'kube-already-exists', isAlreadyExists],
    [409, 'Conflict', 'the object has been modified', 'kube-conflict', isConflict],
    [403, 'Forbidden', 'User "u" cannot create pods', 'kube-forbidden', isForbidden],
    [403, 'Forbidden', quota, 'kube-quota', isQuota],
    [410, 'Expired', 'too old resource version', 'kube-gone', isGone],
  ])('%i %s: %s', (status, reason, message, code, is) => {
    const error = errorFromResponse(
      'POST pods',
      status,
      JSON.stringify(failure(status, reason, message)),
    );
    expect(error).toMatchObject({ code, status, reason, message: `POST pods: ${message}` });
    const predicates = [isNotFound, isAlreadyExists, isConflict, isForbidden, isQuota, isGone];
    expect(predicates.filter((predicate) => predicate(error))).toEqual([is]);
  });

  test.each([
    [401, 'kube-unauthorized'],
    [422, 'kube-invalid'],
    [429, 'kube-busy'],
    [400, 'kube-bad-request'],
    [502, 'kube-server'],
  ])('%i without a Status object', (status, code) => {
    const error = errorFromResponse('GET pods', status, '<html>password=hunter2</html>');
    expect(error).toMatchObject({ code, status });
    expect(error.message).not.toContain('hunter2');
  });

  test('the dump of an object that some messages carry is left out', () => {
    const message =
      'Pod "a" is invalid: spec: Forbidden: may not change\n core.PodSpec{Env: hunter2}';
    const error = errorFromResponse(
      'PATCH pods',
      422,
      JSON.stringify(failure(422, 'Invalid', message)),
    );
    expect(error.message).toBe('PATCH pods: Pod "a" is invalid: spec: Forbidden: may not change');
  });

  test('a broken network is told with its code, also from a nested cause', () => {
    const cause = new Error('fetch failed', {
      cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    });
    const error = errorFromNetwork('GET pods', 'https://kube:6443', cause);
    expect(error.code).toBe('kube-network');
    expect(error.message).toContain('https://kube:6443 (ECONNREFUSED)');
  });
});
