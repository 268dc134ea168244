import { afterEach, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  addEphemeralContainer,
  createObject,
  deleteObject,
  listObjects,
  patchObject,
} from '../../../runtime/kube/objects.ts';
import { objectPath, PODS } from '../../../runtime/kube/request.ts';
import { answer, bodyOf, failure, fakeApi, type FakeApi } from './helpers.ts';

let api: FakeApi | undefined;
afterEach(async () => api?.close());

interface Seen {
  readonly line: string;
  readonly type: string | undefined;
  readonly body: unknown;
}

async function recording(status: number, body: unknown): Promise<{ api: FakeApi; seen: Seen[] }> {
  const seen: Seen[] = [];
  const record = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request);
    seen.push({
      line: `${request.method} ${request.url}`,
      type: request.headers['content-type'],
      body: text === '' ? undefined : JSON.parse(text),
    });
    answer(response, status, body);
  };
  api = await fakeApi((request, response) => void record(request, response));
  return { api, seen };
}

const reference = { resource: PODS, namespace: 'ci', name: 'a' };

test('fields that this program does not know are sent and returned as they are', async () => {
  const pod = { metadata: { name: 'a' }, spec: { containers: [], newIn2030: { x: [1] } } };
  const { api: server, seen } = await recording(201, pod);
  await expect(createObject(server.transport, PODS, 'ci', pod)).resolves.toEqual(pod);
  expect(seen).toEqual([
    { line: 'POST /api/v1/namespaces/ci/pods', type: 'application/json', body: pod },
  ]);
});

test('patches say which kind they are', async () => {
  const { api: server, seen } = await recording(200, { metadata: { name: 'a' } });
  await patchObject(server.transport, reference, { metadata: { annotations: { x: null } } });
  await addEphemeralContainer(server.transport, 'ci', 'a', { name: 'late', image: 'i' });
  expect(seen).toEqual([
    {
      line: 'PATCH /api/v1/namespaces/ci/pods/a',
      type: 'application/merge-patch+json',
      body: { metadata: { annotations: { x: null } } },
    },
    {
      line: 'PATCH /api/v1/namespaces/ci/pods/a/ephemeralcontainers',
      type: 'application/strategic-merge-patch+json',
      body: { spec: { ephemeralContainers: [{ name: 'late', image: 'i' }] } },
    },
  ]);
});

test('a deletion names the very object and how', async () => {
  const { api: server, seen } = await recording(200, {});
  const options = { gracePeriodSeconds: 0, propagationPolicy: 'Background', uid: 'u1' } as const;
  await expect(deleteObject(server.transport, reference, options)).resolves.toBe(true);
  expect(seen[0]?.body).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
    preconditions: { uid: 'u1' },
  });
});

test('deleting what is gone is fine, deleting another object of its name is not', async () => {
  const gone = await recording(404, failure(404, 'NotFound', 'pods "a" not found'));
  await expect(deleteObject(gone.api.transport, reference)).resolves.toBe(false);
  await gone.api.close();
  const other = await recording(409, failure(409, 'Conflict', 'the UID does not match'));
  await expect(deleteObject(other.api.transport, reference, { uid: 'u' })).rejects.toMatchObject({
    code: 'kube-conflict',
  });
});

test('a long list is read page by page', async () => {
  const urls: string[] = [];
  api = await fakeApi((request, response) => {
    urls.push(request.url ?? '');
    const isSecond = request.url?.includes('continue=next') === true;
    answer(response, 200, {
      metadata: isSecond
        ? { resourceVersion: '9', continue: '' }
        : { resourceVersion: '9', continue: 'next' },
      items: [{ metadata: { name: isSecond ? 'b' : 'a' } }],
    });
  });
  const list = await listObjects(api.transport, objectPath(PODS, 'ci'), { labelSelector: 'x=y' });
  expect(list).toEqual({
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    resourceVersion: '9',
  });
  expect(urls).toEqual([
    '/api/v1/namespaces/ci/pods?labelSelector=x%3Dy&limit=500',
    '/api/v1/namespaces/ci/pods?labelSelector=x%3Dy&limit=500&continue=next',
  ]);
});
