/** Texts for which this runner and the libraries of Drone differ. */
import { randomOf } from '../../runtime/pipeline/generated.ts';
import { KEPT, type Difference } from './differences.ts';
import { fileDifference, generateFile } from './documents.ts';
import { EXAMPLES } from './examples.ts';
import { buildReference, type Answer, type Question } from './reference.ts';
import { generateTemplate, templateDifference } from './templates.ts';

/** Asked at once. */
const BATCH = 5_000;

/**
 * Compares `count` templates and as many files, the same for the same seeds, which begin with
 * `first`. Writes what they differ in: each that nobody has decided, and how many of the others.
 * @returns how many nobody has decided, and how many examples of decided ones do not hold
 */
export function compareWithGo(count: number, first: number): number {
  const reference = buildReference();
  try {
    return (
      wrongExamples(reference.ask) +
      report(
        'templates',
        count,
        inBatches(count, first, reference.ask, generateTemplate, templateDifference),
      ) +
      report(
        'files',
        count,
        inBatches(
          count,
          first,
          reference.ask,
          (random) => ({ file: generateFile(random) }),
          ({ file }, theirs) => fileDifference(file, theirs),
        ),
      )
    );
  } finally {
    reference.close();
  }
}

function inBatches<Asked extends Question>(
  count: number,
  first: number,
  ask: (questions: readonly Question[]) => readonly Answer[],
  generate: (random: () => number) => Asked,
  compare: (asked: Asked, theirs: Answer) => Difference | undefined,
): readonly Difference[] {
  const found: Difference[] = [];
  for (let at = first; at < first + count; at += BATCH) {
    const length = Math.min(BATCH, first + count - at);
    const asked = Array.from({ length }, (_, index) => generate(randomOf(at + index)));
    const answers = ask(asked);
    found.push(...asked.flatMap((each, index) => compare(each, answers[index]!) ?? []));
  }
  return found;
}

/** Examples that Drone reads as this runner does, or whose difference is explained by another one. */
function wrongExamples(ask: (questions: readonly Question[]) => readonly Answer[]): number {
  const answers = ask(EXAMPLES.map(({ asked }) => asked));
  const wrong = EXAMPLES.filter(({ id, asked }, index) => {
    const theirs = answers[index]!;
    const [kind, difference] =
      'template' in asked
        ? (['templates', templateDifference(asked, theirs)] as const)
        : (['files', fileDifference(asked.file, theirs)] as const);
    return difference === undefined || idOf(kind, difference) !== id;
  });
  for (const example of wrong) process.stdout.write(`${JSON.stringify(example)}\n`);
  process.stdout.write(`${EXAMPLES.length} examples: ${wrong.length} do not hold\n`);
  return wrong.length;
}

const idOf = (kind: keyof typeof KEPT, difference: Difference): string | undefined =>
  KEPT[kind].find(({ holds }) => holds(difference))?.id;

function report(
  kind: keyof typeof KEPT,
  count: number,
  differences: readonly Difference[],
): number {
  const kept = new Map<string, number>();
  let open = 0;
  for (const difference of differences) {
    const id = idOf(kind, difference);
    if (id === undefined) {
      open += 1;
      process.stdout.write(`${JSON.stringify(difference)}\n`);
    } else {
      kept.set(id, (kept.get(id) ?? 0) + 1);
    }
  }
  process.stdout.write(`${count} ${kind}: ${open} differences that nobody has decided\n`);
  for (const [id, times] of [...kept].toSorted(([, a], [, b]) => b - a)) {
    process.stdout.write(`  ${times} meant: ${id}\n`);
  }
  return open;
}
