import { describe, expect, test } from '@jest/globals';
import { Metrics } from '../../../runtime/telemetry/metrics.ts';
import { sampleLoopLag } from '../../../runtime/telemetry/process-metrics.ts';

const open = (): Metrics =>
  new Metrics({
    version: '1.2.3',
    process: {
      memory: () => ({ rss: 90_000_000, heapUsed: 20_000_000 }),
      cpu: () => ({ user: 1_500_000, system: 500_000 }),
      started: () => 1_700_000_000,
    },
  });

const samples = async (metrics: Metrics): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('metrics', () => {
  test.each<[string, (metrics: Metrics) => void, string[]]>([
    [
      'each end is counted by its reason',
      (metrics) => metrics.stageEnded('OOMKilled'),
      [
        'drone_kube_stages_ended_total{reason="OOMKilled"} 1',
        'drone_kube_stages_ended_total{reason="succeeded"} 0',
      ],
    ],
    [
      'stages of this moment',
      (metrics) => metrics.stages({ running: 3, waiting: 2 }),
      ['drone_kube_stages{state="running"} 3', 'drone_kube_stages{state="waiting"} 2'],
    ],
    [
      'pick-up',
      (metrics) => metrics.pickedUp(0.04),
      [
        'drone_kube_stage_pickup_seconds_bucket{le="0.025"} 0',
        'drone_kube_stage_pickup_seconds_bucket{le="0.05"} 1',
      ],
    ],
    [
      'a clock that went back counts as no time',
      (metrics) => metrics.pickedUp(-3),
      ['drone_kube_stage_pickup_seconds_sum 0', 'drone_kube_stage_pickup_seconds_count 1'],
    ],
    [
      'waiting',
      (metrics) => metrics.waited('unschedulable', 240),
      [
        'drone_kube_stage_wait_seconds_bucket{le="120",phase="unschedulable"} 0',
        'drone_kube_stage_wait_seconds_bucket{le="300",phase="unschedulable"} 1',
      ],
    ],
    [
      'steps',
      (metrics) => metrics.stepEnded('failure', 12),
      ['drone_kube_step_seconds_sum{status="failure"} 12'],
    ],
    ['logs', (metrics) => metrics.logDelivered(1024), ['drone_kube_log_bytes_total 1024']],
    ['adoption', (metrics) => metrics.adopted(), ['drone_kube_adoptions_total 1']],
    [
      'requests to Kubernetes',
      (metrics) => metrics.kubeRequest('GET pods/log', 200),
      ['drone_kube_api_requests_total{verb="GET",resource="pods/log",code="200"} 1'],
    ],
    [
      'a request without an answer',
      (metrics) => metrics.kubeRequest('POST pods', undefined),
      ['drone_kube_api_requests_total{verb="POST",resource="pods",code="none"} 1'],
    ],
    [
      'requests to Drone',
      (metrics) => metrics.droneRequest('putStage', 409),
      ['drone_kube_server_requests_total{call="putStage",code="409"} 1'],
    ],
    [
      'the event loop',
      (metrics) => metrics.loopLag(0.2),
      [
        'drone_kube_event_loop_lag_seconds_bucket{le="0.1"} 0',
        'drone_kube_event_loop_lag_seconds_bucket{le="0.25"} 1',
      ],
    ],
    [
      'the process and its version',
      () => {},
      [
        'process_resident_memory_bytes 90000000',
        'nodejs_heap_size_used_bytes 20000000',
        'process_cpu_seconds_total 2',
        'process_start_time_seconds 1700000000',
        'drone_kube_info{version="1.2.3"} 1',
      ],
    ],
  ])('%s', async (_name, act, lines) => {
    const metrics = open();
    act(metrics);
    expect(await samples(metrics)).toEqual(expect.arrayContaining(lines));
  });

  test('reading them twice changes nothing, and two sets do not mix', async () => {
    const [one, other] = [open(), open()];
    one.adopted();
    const before = await one.text();
    expect(await one.text()).toBe(before);
    expect(await samples(other)).toContain('drone_kube_adoptions_total 0');
  });

  test('an event loop that was held up is told', async () => {
    const lag = Promise.withResolvers<number>();
    const sampler = sampleLoopLag(lag.resolve);
    // Longer than a sample takes, so that one has to come late.
    const until = performance.now() + 700;
    while (performance.now() < until);
    expect(await lag.promise).toBeGreaterThan(0.15);
    sampler.stop();
  });
});
