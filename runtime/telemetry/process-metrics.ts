/** Memory, CPU and event loop of this process, under the names that dashboards know. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What is read at each scrape. */
export interface ProcessReadings {
  /** Bytes. */
  memory(): { readonly rss: number; readonly heapUsed: number };
  /** Microseconds since the start. */
  cpu(): { readonly user: number; readonly system: number };
  /** Unix seconds. */
  started(): number;
}

export const processReadings: ProcessReadings = {
  memory: () => process.memoryUsage(),
  cpu: () => process.cpuUsage(),
  started: () => performance.timeOrigin / 1000,
};

/**
 * Gives back the histogram of the event loop's lag, which somebody has to feed. The library's own
 * set of process metrics is not used: it wakes an idle process a hundred times a second, and its lag
 * includes the interval of its timer.
 */
export function addProcessMetrics(registry: Registry, readings: ProcessReadings): Histogram {
  const metrics = [
    new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process.',
      registers: [],
      collect() {
        this.set(readings.memory().rss);
      },
    }),
    new Gauge({
      name: 'nodejs_heap_size_used_bytes',
      help: 'Memory that JavaScript objects take.',
      registers: [],
      collect() {
        this.set(readings.memory().heapUsed);
      },
    }),
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the process.',
      registers: [],
      collect() {
        const { user, system } = readings.cpu();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
    new Gauge({
      name: 'process_start_time_seconds',
      help: 'When the process started, in Unix seconds.',
      registers: [],
      collect() {
        this.set(readings.started());
      },
    }),
  ];
  for (const metric of metrics) registry.registerMetric(metric);
  return new Histogram({
    name: 'drone_kube_event_loop_lag_seconds',
    help: 'How late the event loop came round, sampled twice a second.',
    registers: [registry],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
}

const SAMPLE_MS = 500;

/** Tells how late the event loop is, in seconds, twice a second until stopped. */
export function sampleLoopLag(tell: (seconds: number) => void): { stop(): void } {
  let expected = performance.now() + SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    tell(Math.max(0, now - expected) / 1000);
    expected = now + SAMPLE_MS;
  }, SAMPLE_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
