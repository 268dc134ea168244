import { ClusterError } from '../cluster/errors.ts';
import type { Reply } from './json-client.ts';

/**
 * Adds the cookies of an answer to those known, and forgets those that it ends.
 * @param lines the values of its Set-Cookie headers
 */
export function keepCookies(
  known: ReadonlyMap<string, string>,
  lines: readonly string[],
): ReadonlyMap<string, string> {
  const kept = new Map(known);
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*max-age=(0|-\d+)\s*(;|$)/i.test(line) || value === '') {
      kept.delete(name);
    } else {
      kept.set(name, value);
    }
  }
  return kept;
}

/** A page as a browser would have it after all redirects. */
interface Page extends Reply {
  readonly url: URL;
}

/** Both servers have the same host, and cookies do not know ports: one jar serves both, as in a browser. */
class Browser {
  #cookies: ReadonlyMap<string, string> = new Map();

  async open(url: string | URL, form?: Readonly<Record<string, string>>): Promise<Page> {
    let at = new URL(url);
    let body = form === undefined ? undefined : new URLSearchParams(form);
    for (let redirects = 0; redirects < 10; redirects += 1) {
      const response = await fetch(at, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: {
          cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        },
        signal: AbortSignal.timeout(30_000),
        ...(body === undefined ? {} : { body }),
      });
      this.#cookies = keepCookies(this.#cookies, response.headers.getSetCookie());
      const text = await response.text();
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status > 399) {
        return { url: at, status: response.status, text };
      }
      at = new URL(location, at);
      body = undefined;
    }
    throw new ClusterError('LOGIN_FAILED', `too many redirects, the last to ${at.pathname}`);
  }
}

/**
 * Logs the user in at Drone by way of Gitea, as a person with a browser does, and grants Drone the
 * access that it asks for. Drone then acts at Gitea in the user's name.
 * @throws ClusterError LOGIN_FAILED
 */
export async function logIn(
  droneUrl: string,
  giteaUrl: string,
  user: string,
  password: string,
): Promise<void> {
  const browser = new Browser();
  await browser.open(`${giteaUrl}/user/login`, { user_name: user, password });
  const asked = await browser.open(`${droneUrl}/login`);
  const end = asked.url.pathname === '/login/oauth/authorize' ? await grant(browser, asked) : asked;
  if (end.url.origin !== new URL(droneUrl).origin || end.url.pathname !== '/') {
    throw new ClusterError(
      'LOGIN_FAILED',
      `the login at ${droneUrl} ended at ${end.url.pathname}${end.url.searchParams.get('message') ?? ''} with status ${end.status}. See the logs of both servers.`,
    );
  }
}

/** Gitea asks the user once whether Drone may act for them. */
async function grant(browser: Browser, asked: Page): Promise<Page> {
  const wanted = asked.url.searchParams;
  return browser.open(new URL('/login/oauth/grant', asked.url), {
    client_id: wanted.get('client_id') ?? '',
    redirect_uri: wanted.get('redirect_uri') ?? '',
    state: wanted.get('state') ?? '',
    scope: wanted.get('scope') ?? '',
    nonce: '',
    granted: 'true',
  });
}
