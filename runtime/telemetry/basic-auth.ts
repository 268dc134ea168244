/** Basic authentication for the dashboard. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface DashboardAccess {
  readonly username: string;
  readonly password: string;
  readonly realm: string;
}

/** Takes the same time whatever is wrong, and wherever. */
export function isAllowed(access: DashboardAccess, header: string | undefined): boolean {
  const encoded = /^basic +([\w+/=-]+) *$/i.exec(header ?? '')?.[1] ?? '';
  const given = Buffer.from(encoded, 'base64').toString();
  const colon = given.indexOf(':');
  const username = colon < 0 ? '' : given.slice(0, colon);
  const password = colon < 0 ? '' : given.slice(colon + 1);
  const isUser = isSame(username, access.username);
  const isPassword = isSame(password, access.password);
  return colon >= 0 && isUser && isPassword;
}

/** The value of `WWW-Authenticate`. */
export const challenge = ({ realm }: DashboardAccess): string =>
  `Basic realm="${realm.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}", charset="UTF-8"`;

/** Digests have one length, so the length of the secret does not show either. */
const isSame = (left: string, right: string): boolean =>
  timingSafeEqual(digest(left), digest(right));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
