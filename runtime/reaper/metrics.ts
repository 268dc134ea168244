/** What a run of the reaper did, in the text format of Prometheus. */
import { Gauge, Registry } from 'prom-client';
import { countsByReason, hasFailed, OUTCOMES, type ReapReport } from './report.ts';

/**
 * Gauges, all of this one run; every reason, kind and outcome is there. `now` is unix milliseconds.
 */
export async function metricsText(report: ReapReport, now: number): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(
    name: string,
    help: string,
    ...labelNames: readonly Label[]
  ): Gauge<Label> => new Gauge({ name: `drone_kube_reaper_${name}`, help, labelNames, registers });

  const ok = gauge('ok', '0 where something is left that should not be, else 1.');
  ok.set(hasFailed(report) ? 0 : 1);
  gauge('finished_timestamp_seconds', 'When the run ended.').set(Math.floor(now / 1000));
  gauge('duration_seconds', 'How long the run took.').set(report.seconds);
  const stages = gauge('stages', 'Stages that were removed.', 'reason');
  const closed = gauge('closed_stages', 'Stages that got their end on the Drone server.', 'reason');
  const objects = gauge('objects', 'Objects that were removed.', 'reason', 'kind');
  for (const [reason, counts] of countsByReason(report.done)) {
    for (const [count, value] of counts) {
      if (count === 'stages') stages.set({ reason }, value);
      else if (count === 'closed') closed.set({ reason }, value);
      else objects.set({ reason, kind: count }, value);
    }
  }
  const actions = gauge('actions', 'What became of what the run began.', 'outcome');
  // Of a dry run nobody is told.
  for (const outcome of OUTCOMES.filter((each) => each !== 'would be removed')) {
    actions.set({ outcome }, report.done.filter((each) => each.outcome === outcome).length);
  }
  const waiting = gauge('waiting_stages', 'Stages whose runner is not gone for long enough.');
  waiting.set(report.waiting.length);
  gauge('stuck', 'What was deleted long ago and is still there.').set(report.stuck.length);
  gauge('problems', 'What could not be looked at.').set(report.problems.length);
  const requests = gauge('api_requests', 'Requests to the API server.', 'verb', 'resource');
  for (const [what, count] of report.requests) {
    const [verb = '', resource = ''] = what.split(' ');
    requests.set({ verb, resource }, count);
  }
  return registry.metrics();
}
