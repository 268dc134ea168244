/** Reading bodies that go on for hours, with a limit on silence. */
import type { Readable } from 'node:stream';
import { KubeError } from './errors.ts';

/**
 * The bytes as they come. The body is destroyed at the end, however it comes.
 * Throws `kube-silent` after `silenceMs` without a byte; time that the consumer takes between
 * two chunks does not count.
 */
export async function* readChunks(body: Readable, silenceMs: number): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer, undefined> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => {
        const message = `the server sent nothing for ${silenceMs / 1_000} s; the connection is given up`;
        body.destroy(new KubeError('kube-silent', message));
      }, silenceMs);
      let next: IteratorResult<Buffer, undefined>;
      try {
        next = await chunks.next();
      } finally {
        clearTimeout(timer);
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

/** Whole lines without their newline; what follows the last newline is dropped. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
}
