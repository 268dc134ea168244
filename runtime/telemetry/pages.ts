/** The pages of the dashboard. Pure: data in, markup out. */
import type { Check } from './health.ts';
import { hasEnded, type StageEntry, type StepEntry } from './history.ts';
import { link, markup, type Content, type Html } from './html.ts';
import { badge, table, time, type Page, type RunnerInfo } from './layout.ts';
import { STAGE_FIELDS, type LogEntry } from './log-book.ts';
import { describeBuild, headline, spellDuration } from './words.ts';

export interface ListInput {
  /** In the order in which they are shown. */
  readonly entries: readonly StageEntry[];
  /** What the runner needs to work; those that fail are shown. */
  readonly checks: readonly Check[];
  readonly runner: RunnerInfo;
  /** Unix milliseconds. */
  readonly now: number;
}

export function listPage({ entries, checks, runner, now }: ListInput): Page {
  const active = entries.filter((entry) => !hasEnded(entry));
  const waiting = active.filter((entry) => entry.stage.status === 'pending').length;
  const heads = ['Status', 'Stage', 'Build', 'Steps', 'Time', 'Why'];
  const content = markup`<h1>Stages</h1>
${checks.filter(({ ok }) => !ok).map((check) => note('bad', `No contact: ${check.name}`, check.text))}
<p>${
    active.length === 0
      ? 'The runner is idle: nothing runs here at the moment.'
      : `${active.length - waiting} running, ${waiting} waiting to start; room for ${runner.capacity}.`
  }</p>
${
  entries.length === 0
    ? markup`<p>No stage has come to this replica yet. Stages that other replicas run are shown there.</p>`
    : table(
        'Stages, those that go on first',
        heads,
        entries.map((entry) => row(entry, now)),
      )
}`;
  return { title: 'Stages', path: '/', refresh: 10, content };
}

function row(entry: StageEntry, now: number): Html {
  const { build, repo, stage } = entry;
  return markup`<tr>
<td>${badge(shownStatus(entry))}</td>
<th scope="row" class="wide"><a href="/view?id=${stage.id}">${repo.slug} ${stage.name}</a></th>
<td class="wide"><p>${link(build.link, `#${build.number}`)} ${headline(build)}</p><p class="soft">${describeBuild(build)}</p></td>
<td class="nowrap">${progress(entry.steps)}</td>
<td class="nowrap">${duration(entry, now)}</td>
<td class="wide">${why(entry)}</td>
</tr>
`;
}

/** A stage that is `pending` on the server waits for something here. */
const shownStatus = ({ stage }: StageEntry): string =>
  stage.status === 'pending' ? 'waiting' : stage.status;

function progress(steps: readonly StepEntry[]): Content {
  if (steps.length === 0) return '–';
  const over = steps.filter(({ status }) => status !== 'pending' && status !== 'running');
  const running = steps.find(({ status }) => status === 'running');
  const name = running === undefined ? undefined : markup`<p class="soft">${running.name}</p>`;
  return markup`<p>${over.length} of ${steps.length}</p>${name}`;
}

function duration({ stage, created, updated }: StageEntry, now: number): Content {
  if (stage.stopped !== undefined) {
    const ran =
      stage.started === undefined ? 'did not start' : spellDuration(stage.stopped - stage.started);
    return markup`<p>${ran}</p><p class="soft">${spellDuration(now - stage.stopped)} ago</p>`;
  }
  return stage.started === undefined
    ? markup`<p class="soft">for ${spellDuration(now - created)}</p>`
    : markup`<p>${spellDuration(now - stage.started)}</p><p class="soft">news ${spellDuration(now - updated)} ago</p>`;
}

function why({ waiting, reason, stage }: StageEntry): Content {
  if (reason !== undefined) {
    return markup`<p>${reason}</p>${stage.error === '' ? undefined : markup`<p class="soft">${stage.error}</p>`}`;
  }
  return waiting;
}

export interface ViewInput {
  readonly entry: StageEntry;
  readonly log: readonly LogEntry[];
  readonly now: number;
}

export function viewPage({ entry, log, now }: ViewInput): Page {
  const { build, repo, stage, steps } = entry;
  const message = build.message === '' ? undefined : markup`<p class="soft">${build.message}</p>`;
  const content = markup`<h1>${repo.slug} ${stage.name}</h1>
<p>${badge(shownStatus(entry))} build ${link(build.link, `#${build.number}`)}, stage ${stage.number}: ${describeBuild(build)}</p>
${build.title === '' ? undefined : markup`<p>${build.title}</p>`}${message}
${endNote(entry)}${entry.waiting === '' ? undefined : note('wait', 'Waiting', entry.waiting)}
<p>${span(entry, now)}</p>
<h2>Steps</h2>
${
  steps.length === 0
    ? markup`<p>The steps are not known yet.</p>`
    : table(
        'Steps',
        ['Status', 'Step', 'Exit code', 'Time', 'Error'],
        steps.map((step) => stepRow(step, now)),
      )
}
<h2>What the runner logged</h2>
${logTable(log.map(withoutIds), 'Log of the runner about this stage')}`;
  const refresh = hasEnded(entry) ? undefined : 30;
  const path = `/view?id=${stage.id}`;
  return { title: `${repo.slug} #${build.number} ${stage.name}`, path, refresh, content };
}

function endNote({ reason, stage }: StageEntry): Html | undefined {
  if (reason === undefined) return undefined;
  const kind = stage.status === 'success' ? 'good' : 'bad';
  return note(kind, `Ended: ${reason}`, stage.error);
}

function span({ stage, created }: StageEntry, now: number): Content {
  const taken = markup`Came to this runner at ${time(created)}. `;
  if (stage.started === undefined)
    return markup`${taken}${stage.stopped === undefined ? '' : 'It did not start.'}`;
  const started = markup`Started at ${time(stage.started)}, `;
  const ran = spellDuration((stage.stopped ?? now) - stage.started);
  return stage.stopped === undefined
    ? markup`${taken}${started}runs for ${ran}.`
    : markup`${taken}${started}ended at ${time(stage.stopped)} after ${ran}.`;
}

function stepRow(step: StepEntry, now: number): Html {
  const { started, stopped } = step;
  const ran = started === undefined ? '–' : spellDuration((stopped ?? now) - started);
  const exit = started !== undefined && stopped !== undefined ? String(step.exitCode) : '–';
  return markup`<tr><td>${badge(step.status)}</td><th scope="row">${step.name}</th><td>${exit}</td><td class="nowrap">${ran}</td><td>${step.error}</td></tr>
`;
}

/** Newest first. */
export function logsPage(log: readonly LogEntry[]): Page {
  const content = markup`<h1>Log of the runner</h1>
<p>The last ${log.length} entries, newest first; all of them are on its standard output.</p>
${logTable(log.toReversed(), 'Log of the runner, newest first')}`;
  return { title: 'Log', path: '/logs', refresh: undefined, content };
}

/** Those fields that each line of a stage has are told by its page. */
function withoutIds(entry: LogEntry): LogEntry {
  const ids = new Set<string>(STAGE_FIELDS);
  const own = Object.entries(entry.fields).filter(([name]) => !ids.has(name));
  return { ...entry, fields: Object.fromEntries(own) };
}

function logTable(log: readonly LogEntry[], caption: string): Html {
  if (log.length === 0) return markup`<p>Nothing.</p>`;
  return table(caption, ['Time', 'Level', 'Entry'], log.map(logRow));
}

const logRow = (entry: LogEntry): Html => markup`<tr>
<td class="nowrap">${time(entry.time)}</td>
<td>${badge(entry.level)}</td>
<td class="wide log"><p>${entry.message}</p>${fields(entry)}</td>
</tr>
`;

const fields = (entry: LogEntry): Html[] =>
  Object.entries(entry.fields).map(
    ([name, value]) =>
      markup`<p class="soft">${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}</p>`,
  );

const note = (kind: string, title: string, text: string): Html =>
  markup`<div class="note ${kind}"><p><strong>${title}</strong></p>${text === '' ? undefined : markup`<p>${text}</p>`}</div>
`;
