import { expect, test } from '@jest/globals';
import { metricsText } from '../../../runtime/reaper/metrics.ts';
import { NOW } from './found.ts';
import { KEPT, REMOVED, reportOf } from './reported.ts';

const REPORT = reportOf({
  done: [REMOVED, KEPT],
  waiting: [9, 10],
  problems: ['LIST secrets: forbidden'],
  stuck: ['namespace/a was deleted 3 h ago'],
  requests: new Map([['DELETE pods', 3]]),
});

test('a run in the format of Prometheus, zeros among it', async () => {
  const lines = (await metricsText(REPORT, NOW)).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'drone_kube_reaper_ok 0',
      `drone_kube_reaper_finished_timestamp_seconds ${NOW / 1000}`,
      'drone_kube_reaper_duration_seconds 1.25',
      'drone_kube_reaper_stages{reason="owner dead"} 1',
      'drone_kube_reaper_stages{reason="deadline"} 0',
      'drone_kube_reaper_closed_stages{reason="owner dead"} 1',
      'drone_kube_reaper_objects{reason="owner dead",kind="Pod"} 1',
      'drone_kube_reaper_objects{reason="owner dead",kind="Record"} 1',
      'drone_kube_reaper_objects{reason="dead replica",kind="Lease"} 0',
      'drone_kube_reaper_actions{outcome="removed"} 1',
      'drone_kube_reaper_actions{outcome="kept"} 1',
      'drone_kube_reaper_actions{outcome="failed"} 0',
      'drone_kube_reaper_waiting_stages 2',
      'drone_kube_reaper_problems 1',
      'drone_kube_reaper_stuck 1',
      'drone_kube_reaper_api_requests{verb="DELETE",resource="pods"} 3',
    ]),
  );
});

test('a run that found nothing to do is well', async () => {
  expect(await metricsText(reportOf({}), NOW)).toContain('\ndrone_kube_reaper_ok 1\n');
});
