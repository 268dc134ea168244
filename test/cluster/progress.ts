/** Where progress is told; one line a phase. */
export type Tell = (line: string) => void;

/**
 * Does one phase of the work and tells its name and duration when it is over. A long one is
 * told every 15 seconds while it runs, lest it look hung.
 */
export async function phase<T>(tell: Tell, name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const ticking = setInterval(() => tell(`  ${name}: ${Math.round(seconds())} s so far`), 15_000);
  try {
    const result = await work();
    tell(`${name}: ${seconds().toFixed(1)} s`);
    return result;
  } finally {
    clearInterval(ticking);
  }
}
