/** What a namespace asks of the Pods in it. */
import { KubeError } from '../kube/errors.ts';
import type { Transport } from '../kube/transport.ts';
import type { ObjectLike } from '../kube/types.ts';

/**
 * `restricted` where the namespace enforces that Pod Security level. Who may not read the
 * namespace gets `default`; should that be wrong, the API server says so when the Pod is made.
 * Rejects where the cluster cannot be reached or the namespace does not exist.
 */
export async function podSecurityLevel(
  transport: Transport,
  namespace: string,
): Promise<'default' | 'restricted'> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
    const { metadata } = await transport.request<ObjectLike>('GET', path);
    const level = metadata.labels?.['pod-security.kubernetes.io/enforce'];
    return level === 'restricted' ? 'restricted' : 'default';
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.code === 'kube-forbidden') return 'default';
    if (error.reason === 'NotFound') {
      const { code, status, reason } = error;
      const text = `there is no namespace "${namespace}" in the cluster; create it, or name another`;
      throw new KubeError(code, text, { status, reason });
    }
    throw error;
  }
}
