/** What is answered to which request. */
import type { IncomingMessage } from 'node:http';
import { challenge, isAllowed, type DashboardAccess } from './basic-auth.ts';
import { allOk, checkPulse, type Check, type Pulse } from './health.ts';
import type { HistoryReader } from './history.ts';
import { toJson } from './json.ts';
import { contentSecurityPolicy, layout, type Page, type RunnerInfo } from './layout.ts';
import type { LogReader } from './log-book.ts';
import type { Metrics } from './metrics.ts';
import { listPage, logsPage, viewPage } from './pages.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The part of a request that an answer depends on. */
export type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

export interface RouteOptions {
  /** undefined where no password is set: then there is no dashboard. */
  readonly dashboard: DashboardAccess | undefined;
  readonly runner: RunnerInfo;
  /** Whether the process lives and its loops turn; all must be ok, or Kubernetes starts it anew. */
  readonly health: () => readonly Check[];
  /** The servers that the runner needs, each with its last answer. */
  readonly contacts: () => readonly Pulse[];
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  readonly history: HistoryReader;
  readonly log: LogReader;
  /** Unix milliseconds. */
  readonly now: () => number;
}

interface Query {
  readonly query: URLSearchParams;
  readonly wantsJson: boolean;
}

type Route = (query: Query) => Answer | Promise<Answer>;

const DASHBOARD_OFF =
  'The dashboard is off: it needs a password.\nSet DRONE_UI_USERNAME and DRONE_UI_PASSWORD for the runner and start it again.\n';

export function createRoutes(options: RouteOptions): (request: Request) => Promise<Answer> {
  const common = commonHeaders();
  const open = openRoutes(options);
  const closed = dashboardRoutes(options);
  const find = (path: string, request: Request): Route | Answer => {
    const route = open.get(path);
    if (route !== undefined) return route;
    const page = closed.get(path);
    if (page === undefined) return text(404, 'There is nothing here.\n');
    if (options.dashboard === undefined) return text(404, DASHBOARD_OFF);
    if (isAllowed(options.dashboard, request.headers.authorization)) return page;
    const denied = text(401, 'User name or password is missing or wrong.\n');
    const headers = { ...denied.headers, 'www-authenticate': challenge(options.dashboard) };
    return { ...denied, headers };
  };
  const answer = (request: Request): Route | Answer => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const refused = text(405, 'Only GET and HEAD are answered.\n');
      // What else was sent is not read.
      const headers = { ...refused.headers, allow: 'GET, HEAD', connection: 'close' };
      return { ...refused, headers };
    }
    return find((request.url ?? '').split('?', 1)[0] ?? '', request);
  };
  return async (request) => {
    const found = answer(request);
    const given = typeof found === 'function' ? await found(queryOf(request)) : found;
    return { ...given, headers: { ...common, ...given.headers } };
  };
}

function queryOf({ url = '', headers }: Request): Query {
  const accept = headers.accept ?? '';
  return {
    query: new URLSearchParams(url.slice(url.split('?', 1)[0]?.length)),
    wantsJson: accept.includes('application/json') && !accept.includes('text/html'),
  };
}

/** For the probes, for Prometheus, and for whoever wants to know what runs here. */
function openRoutes(options: RouteOptions): ReadonlyMap<string, Route> {
  const { contacts, health, metrics, now, runner } = options;
  return new Map<string, Route>([
    ['/healthz', () => checked(health())],
    ['/readyz', () => checked(contacts().map((contact) => checkPulse(contact, now())))],
    [
      '/metrics',
      async () => ({
        status: 200,
        headers: { 'content-type': metrics.contentType },
        body: await metrics.text(),
      }),
    ],
    ['/version', () => json(200, { version: runner.version, node: process.version })],
  ]);
}

function checked(checks: readonly Check[]): Answer {
  const ok = allOk(checks);
  return json(ok ? 200 : 503, { ok, checks });
}

function dashboardRoutes(options: RouteOptions): ReadonlyMap<string, Route> {
  const { contacts, history, log, now, runner } = options;
  const show = (page: Page, query: URLSearchParams): Answer => {
    const refresh = query.get('refresh') === 'off' ? undefined : page.refresh;
    const body = layout({ ...page, refresh }, runner, now());
    return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
  };
  return new Map<string, Route>([
    [
      '/',
      ({ query, wantsJson }) => {
        const entries = history.recent();
        if (wantsJson) return json(200, entries.map(toJson));
        const checks = contacts().map((contact) => checkPulse(contact, now()));
        return show(listPage({ entries, checks, runner, now: now() }), query);
      },
    ],
    [
      '/view',
      ({ query, wantsJson }) => {
        const id = query.get('id') ?? '';
        const entry = /^\d{1,15}$/.test(id) ? history.find(Number(id)) : undefined;
        if (entry === undefined) return text(404, 'This replica knows no such stage (any more).\n');
        if (wantsJson) return json(200, toJson(entry));
        const lines = log.ofStage(entry.stage.id);
        return show(viewPage({ entry, log: lines, now: now() }), query);
      },
    ],
    [
      '/logs',
      ({ query, wantsJson }) =>
        wantsJson ? json(200, log.recent()) : show(logsPage(log.recent()), query),
    ],
  ]);
}

const text = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
});

const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: `${JSON.stringify(value)}\n`,
});

const commonHeaders = (): Readonly<Record<string, string>> => ({
  'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
  vary: 'Accept, Authorization',
  'content-security-policy': contentSecurityPolicy(),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});
