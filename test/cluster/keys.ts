import { createHash } from 'node:crypto';

/** A short hash of texts; the order counts, and so does where one ends and the next begins. */
export function contentKey(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) {
    hash.update(`${Buffer.byteLength(text)}:`).update(text);
  }
  return hash.digest('hex').slice(0, 12);
}
