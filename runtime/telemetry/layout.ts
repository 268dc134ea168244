/** The frame of each page of the dashboard: head, style, navigation. Pure. */
import { createHash } from 'node:crypto';
import { Html, markup, type Content } from './html.ts';

/** Who answers; shown on each page. */
export interface RunnerInfo {
  /** DRONE_RUNNER_NAME: tells the replicas apart. */
  readonly name: string;
  readonly version: string;
  /** DRONE_RUNNER_CAPACITY. */
  readonly capacity: number;
}

export interface Page {
  readonly title: string;
  /** Where the page is found, with its query. */
  readonly path: string;
  /** Seconds until the browser loads the page again; undefined: never. */
  readonly refresh: number | undefined;
  readonly content: Html;
}

export function layout(page: Page, runner: RunnerInfo, now: number): string {
  const meta =
    page.refresh === undefined
      ? undefined
      : markup`<meta http-equiv="refresh" content="${page.refresh}" />`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
${meta}
<title>${page.title} · drone-kube</title>
<link rel="icon" href="data:," />
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<p><strong>drone-kube</strong> ${runner.name} <small>${runner.version}</small></p>
<nav aria-label="Pages"><a href="/">Stages</a> <a href="/logs">Log</a></nav>
</header>
<main>
${page.content}
</main>
<footer><p>Made at ${time(now)}${refreshNote(page)}</p></footer>
</body>
</html>
`.text;
}

/** Who reads slowly, or listens, must be able to stop it. */
function refreshNote({ path, refresh }: Page): Content {
  if (refresh === undefined) return '.';
  const still = `${path}${path.includes('?') ? '&' : '?'}refresh=off`;
  return markup`; loads again every ${refresh} seconds. <a href="${still}">Stop that</a>`;
}

/** A moment in UTC, to the second. */
export function time(milliseconds: number): Html {
  const iso = new Date(milliseconds).toISOString();
  return markup`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** A table that can be moved sideways where the window is narrow, by the keyboard too. */
export const table = (caption: string, heads: readonly string[], rows: readonly Html[]): Html =>
  markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows}
</tbody>
</table></div>`;

/** The status in words; the colour only repeats it. */
export const badge = (status: string): Html =>
  markup`<span class="badge ${status.replace(/\W/g, '')}">${status}</span>`;

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --back: #ffffff; --line: #d0d7de;
  --shade: #f6f8fa; --link: #0550ae; --good: #116329; --bad: #a40e26; --busy: #0550ae; --warn: #7d4e00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9da7b3; --back: #0d1117; --line: #3d444d;
    --shade: #161b22; --link: #79c0ff; --good: #56d364; --bad: #ff8a80; --busy: #79c0ff; --warn: #e3b341; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; border-bottom: 1px solid var(--line); }
header p { margin: .75rem 0; } nav { display: flex; gap: 1rem; }
footer, small, .soft { color: var(--soft); } small, .soft, footer { font-size: .875rem; }
a { color: var(--link); } a:focus-visible, .scroll:focus-visible { outline: 3px solid var(--busy); outline-offset: 2px; }
h1 { font-size: 1.5rem; margin: 1.25rem 0 .5rem; } h2 { font-size: 1.2rem; margin: 1.5rem 0 .5rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
thead th { background: var(--shade); font-size: .875rem; white-space: nowrap; } tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 600; } td p, th p { margin: 0; } .nowrap { white-space: nowrap; }
th.wide { min-width: 11rem; } td.wide { min-width: 15rem; max-width: 40rem; } td.log { font-family: ui-monospace, monospace; font-size: .875rem; }
.note { border-left: .3rem solid var(--line); background: var(--shade); padding: .5rem .75rem; }
.note.wait { border-color: var(--warn); } .note.bad { border-color: var(--bad); }
.badge { display: inline-block; padding: 0 .5rem; border: 1px solid currentcolor; border-radius: 1rem; font-size: .875rem; font-weight: 600; white-space: nowrap; color: var(--soft); }
.badge.success, .badge.ok { color: var(--good); } .badge.failure, .badge.error, .badge.killed { color: var(--bad); }
.badge.running { color: var(--busy); } .badge.waiting, .badge.warn { color: var(--warn); }
`;

/** Nothing but this one style: no script, no form, no frame, nothing from elsewhere. */
export const contentSecurityPolicy = (): string => {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
};
