/**
 * What a plug-in endpoint of Drone and its callers know from each other: signed requests and
 * encrypted answers, both with the token that they share. Pure.
 */
import { Buffer } from 'node:buffer';
import { createDecipheriv, createHash, createHmac } from 'node:crypto';

/** In the order in which they are signed. */
const SIGNED = ['accept', 'accept-encoding', 'content-type', 'date', 'digest'] as const;
const NONCE = 12;
const TAG = 16;
const KEY = 32;

/**
 * All headers of a request to a plug-in.
 *
 * @param accept the media type that says what is asked.
 * @param date when it is sent; plug-ins refuse what is old.
 */
export function signedHeaders(
  token: string,
  accept: string,
  body: string,
  date: Date,
): Readonly<Record<string, string>> {
  const headers = {
    accept,
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    date: date.toUTCString(),
    digest: `SHA-256=${createHash('sha256').update(body).digest('base64')}`,
  };
  const text = SIGNED.map((name) => `${name}: ${headers[name]}`).join('\n');
  const signature = createHmac('sha256', token).update(text).digest('base64');
  return {
    ...headers,
    signature: `keyId="hmac-key",algorithm="hmac-sha256",signature="${signature}",headers="${SIGNED.join(' ')}"`,
  };
}

/**
 * The text of an answer with `Content-Encoding: aesgcm`: nonce, text and tag with AES-256-GCM, of
 * which the key is the beginning of the token. undefined where it was made with another token or
 * was changed, and where the token has less than 32 bytes.
 */
export function decrypt(token: string, answer: Buffer): string | undefined {
  const key = Buffer.from(token).subarray(0, KEY);
  if (key.length < KEY || answer.length < NONCE + TAG) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, answer.subarray(0, NONCE), {
    authTagLength: TAG,
  });
  decipher.setAuthTag(answer.subarray(-TAG));
  try {
    const text = decipher.update(answer.subarray(NONCE, -TAG), undefined, 'utf8');
    return text + decipher.final('utf8');
  } catch {
    return undefined;
  }
}
