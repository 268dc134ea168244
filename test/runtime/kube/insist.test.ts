import { describe, expect, test } from '@jest/globals';
import { KubeError, type KubeErrorCode } from '../../../runtime/kube/errors.ts';
import { ensureObject, insist } from '../../../runtime/kube/insist.ts';
import { PODS } from '../../../runtime/kube/request.ts';
import { answer, failure, fakeApi, instantClock } from './helpers.ts';

const failing = (code: KubeErrorCode, times: number): (() => Promise<string>) => {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw new KubeError(code, `${code} again`);
    return 'done';
  };
};

describe('insist', () => {
  test.each<KubeErrorCode>([
    'kube-network',
    'kube-timeout',
    'kube-bad-response',
    'kube-busy',
    'kube-server',
  ])('tries again after %s', async (code) => {
    await expect(insist(failing(code, 20), { clock: instantClock() })).resolves.toBe('done');
  });

  test.each<KubeErrorCode>(['kube-forbidden', 'kube-invalid', 'kube-conflict', 'kube-quota'])(
    'gives up at once after %s',
    async (code) => {
      const clock = instantClock();
      await expect(insist(failing(code, 1), { clock })).rejects.toMatchObject({ code });
      expect(clock.sleeps).toEqual([]);
    },
  );

  test('gives up after its limit, with the last failure', async () => {
    const patience = { clock: instantClock(), limitMs: 10_000 };
    await expect(insist(failing('kube-network', 999), patience)).rejects.toMatchObject({
      code: 'kube-network',
    });
  });

  test('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const patience = { clock: instantClock(), signal: controller.signal };
    await expect(insist(failing('kube-network', 999), patience)).rejects.toThrow('enough');
  });
});

test('an object whose creation was not answered is the one that is there', async () => {
  const requests: string[] = [];
  const stored = { metadata: { name: 'a', uid: '1' } };
  const api = await fakeApi((request, response) => {
    requests.push(request.method ?? '');
    if (requests.length === 1) response.destroy();
    else if (request.method === 'POST') {
      answer(response, 409, failure(409, 'AlreadyExists', 'pods "a" already exists'));
    } else answer(response, 200, stored);
  });
  try {
    const object = { metadata: { name: 'a' } };
    const made = ensureObject(api.transport, PODS, 'builds', object, { clock: instantClock() });
    await expect(made).resolves.toEqual(stored);
    expect(requests).toEqual(['POST', 'POST', 'GET']);
  } finally {
    await api.close();
  }
});
