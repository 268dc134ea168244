/**
 * `npm run fuzz [-- --count N --seed S]`: broken pipeline files, 100 000 by default. Each has to be
 * refused with an error that has a place, without a crash, within a second.
 *
 * `npm run fuzz -- --against go [--count N --seed S]`: N templates and as many files of YAML, read here
 * and by the libraries of Drone, for which Go has to be installed. What they differ in has to be in the
 * list of differences that are meant.
 */
import { parseArgs } from 'node:util';
import { brokenFile, faultOf } from '../runtime/pipeline/broken.ts';
import { compareWithGo } from './differential/main.ts';

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
  },
});
const [count, first] = [Number(values.count), Number(values.seed)];
const isUsable = [count, first].every(Number.isSafeInteger);
if (!isUsable || (values.against !== undefined && values.against !== 'go')) {
  process.stderr.write('usage: npm run fuzz -- [--against go] [--count N] [--seed S]\n');
  process.exitCode = 2;
} else {
  const failed = values.against === 'go' ? compareWithGo(count, first) : refuseBroken();
  process.exitCode = failed === 0 ? 0 : 1;
}

function refuseBroken(): number {
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
  return failed;
}
