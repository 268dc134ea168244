/** The metrics of a run, for a Pushgateway of Prometheus: nobody scrapes a Pod that lives for seconds. */
import { request, type Dispatcher } from 'undici';
import { systemCode } from '../drone/errors.ts';

/** The label `job` of all metrics. */
const JOB = 'drone-kube-reaper';
const LIMIT_MS = 10_000;

export interface Push {
  /** Of the Pushgateway. */
  readonly url: URL;
  /** The label `namespace` of all metrics: where the records are. */
  readonly namespace: string;
  readonly dispatcher: Dispatcher;
  /**
   * Milliseconds for all of it.
   * @default 10 s
   */
  readonly limitMs?: number;
}

/**
 * Replaces what the run before has pushed.
 * @returns what went wrong, in one sentence; undefined where all is well. Never rejects.
 */
export async function push(
  text: string,
  { url, namespace, dispatcher, limitMs = LIMIT_MS }: Push,
): Promise<string | undefined> {
  const group = `metrics/job/${JOB}/namespace/${encodeURIComponent(namespace)}`;
  const target = new URL(group, url.href.endsWith('/') ? url : `${url.href}/`);
  const signal = AbortSignal.timeout(limitMs);
  try {
    const answer = await request(target, {
      method: 'PUT',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
      body: text,
      dispatcher,
      signal,
    });
    await answer.body.dump();
    if (answer.statusCode < 300) return undefined;
    return `${target.href} answers with status ${answer.statusCode}`;
  } catch (error) {
    const why = signal.aborted ? `none within ${limitMs / 1000} s` : systemCode(error);
    return `no answer from ${target.href} (${why ?? 'unknown'})`;
  }
}
