/**
 * `npm run fuzz [-- COUNT [FIRST]]`: broken pipeline files, 100 000 by default. Each has to be
 * refused with an error that has a place, without a crash, within a second.
 */
import { brokenFile, faultOf } from '../runtime/pipeline/broken.ts';

const [count = 100_000, first = 1] = process.argv.slice(2).map(Number);
let failed = 0;
for (let seed = first; seed < first + count; seed += 1) {
  let fault: string;
  try {
    fault = faultOf(brokenFile(seed));
  } catch (error) {
    fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  if (fault === '') continue;
  failed += 1;
  process.stdout.write(`seed ${seed}: ${fault}\n`);
}
process.stdout.write(`${count - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
