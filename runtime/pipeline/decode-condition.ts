/** Conditions, which come in three shapes. */
import { warning } from './codes.ts';
import { isNull, typeError, type Report } from './decode-report.ts';
import { decodeString } from './decode-scalar.ts';
import { nearest } from './nearest.ts';
import type { DecodedCondition } from './schema.ts';
import type { Node } from './tree.ts';

/**
 * The values of one key, given several times or merged. As in go-yaml a later one goes over an
 * earlier one, but a single text leaves the earlier `exclude` in place.
 */
export function decodeCondition(
  nodes: readonly Node[],
  what: string,
  report: Report,
): DecodedCondition {
  let condition: DecodedCondition = { include: [], exclude: [] };
  for (const node of nodes) {
    const { include, exclude } = decodeOne(node, what, report);
    condition = { include, exclude: node.kind === 'scalar' ? condition.exclude : exclude };
  }
  return condition;
}

/** A text, a list of texts, or a map with `include` and `exclude`. */
function decodeOne(node: Node, what: string, report: Report): DecodedCondition {
  if (node.kind !== 'map') {
    return { include: decodePatterns(node, what, report), exclude: [] };
  }
  const patterns = { include: [] as readonly string[], exclude: [] as readonly string[] };
  for (const { key, value } of node.entries) {
    if (key.text !== 'include' && key.text !== 'exclude') {
      const near = nearest(key.text, ['include', 'exclude']);
      const message = `\`${key.text}\` is not a key of a condition and has no effect`;
      const fix = near === undefined ? 'write `include` or `exclude`' : `did you mean \`${near}\`?`;
      report(warning('type-unknown-key', key.position, message, fix));
    } else if (isNull(value)) {
      patterns[key.text] = [];
    } else {
      if (value.kind === 'scalar') {
        const message = `\`${key.text}\` of ${what} is a text; drone-runner-kube ignores it, this runner takes it for a list of one`;
        const fix = `write \`${key.text}: [${value.text}]\``;
        report(warning('type-condition', value.position, message, fix));
      }
      patterns[key.text] = decodePatterns(value, `\`${key.text}\` of ${what}`, report);
    }
  }
  return patterns;
}

/** A list in a list, which an alias easily makes, counts with its entries. */
function decodePatterns(node: Node, what: string, report: Report): readonly string[] {
  if (node.kind === 'map') {
    const fix = 'write a text or a list of texts';
    report(typeError('type-string', what, 'a text or a list of texts', node, fix));
    return [];
  }
  if (node.kind === 'scalar') {
    if (isNull(node)) return [''];
    const text = decodeString(node, what, report);
    return text === undefined ? [] : [text];
  }
  return node.items.flatMap((item) => {
    if (item.kind === 'list') {
      const message = `${what} has a list within a list, which drone-runner-kube ignores; this runner takes its entries`;
      report(warning('type-condition', item.position, message, 'write all entries in one list'));
    }
    return decodePatterns(item, what, report);
  });
}
