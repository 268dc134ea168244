/** `drone-kube exec`: runs a pipeline on the cluster of the kubeconfig. */
import { randomBytes } from 'node:crypto';
import { wantedImages } from '../compile/compile.ts';
import type { KnownImages } from '../compile/known-images.ts';
import { systemClock } from '../kube/clock.ts';
import { loadConfig } from '../kube/config.ts';
import { Transport } from '../kube/transport.ts';
import { workspacePath } from '../pipeline/workspace.ts';
import { podSecurityLevel } from '../stage/namespace.ts';
import { feedOfPod } from '../stage/cluster-feed.ts';
import { openFetch } from '../registry/fetch.ts';
import { createLookUp } from '../registry/look-up.ts';
import { runStage } from '../stage/run.ts';
import { specOf } from '../stage/spec.ts';
import { Guard } from './guard.ts';
import { LineOrder } from './line-order.ts';
import {
  flag,
  helpText,
  list,
  one,
  parseOptions,
  time,
  type Option,
  type Values,
} from './options.ts';
import { stepTitle } from '../compile/plan.ts';
import type { CompileInput } from '../compile/types.ts';
import { mirrors } from '../config/address-types.ts';
import { compileChecked, STAGE_OPTIONS, stageInput } from './stage-input.ts';
import { upload } from './upload.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';
import { logLine, Notes, noteLine, stageNotes, summary } from './view.ts';

const OPTIONS: readonly Option[] = [
  ...STAGE_OPTIONS,
  { name: 'kubeconfig', value: 'FILE', help: 'kubeconfig (KUBECONFIG, ~/.kube/config)' },
  { name: 'context', value: 'NAME', help: 'context of the kubeconfig (the current one)' },
  { name: 'namespace', value: 'NAME', help: 'namespace of the Pod (the one of the context)' },
  {
    name: 'start-timeout',
    value: 'TIME',
    help: 'limit for waiting: for a node, and for images (10m each)',
  },
  {
    name: 'registry-mirror',
    value: 'NAME=URL',
    many: true,
    help: 'where to ask what plugins run, such as docker.io=https://mirror.example.com',
  },
  {
    name: 'no-image-lookup',
    help: 'ask no registry: plugins then start about two seconds later',
  },
  { name: 'stats', help: 'print what was measured, as one line of JSON' },
];

export const EXEC_HELP = helpText(
  'drone-kube exec [options] [file]',
  'Runs a pipeline (.drone.yml) on a Kubernetes cluster. Ends with 0 if it succeeded, with 1 if it\nfailed, with 2 if it cannot run as it is written.',
  OPTIONS,
);

export async function exec(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(EXEC_HELP);
    return EXIT.success;
  }
  const began = performance.now();
  const clock = { now: Math.floor(Date.now() / 1000), id: randomBytes(5).toString('hex') };
  const prepared = await stageInput(values, positionals, terminal, clock);
  if (prepared === undefined) return EXIT.invalid;

  const kubeconfig = one(values, 'kubeconfig');
  const contextName = one(values, 'context');
  const access = await loadConfig({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(contextName === undefined ? {} : { context: contextName }),
  });
  const transport = new Transport(access);
  const { input, folder } = prepared;
  const namespace =
    one(values, 'namespace') ?? (input.pipeline.metadata.namespace || access.namespace);
  if (namespace === '') {
    throw new UsageError('--namespace is empty', 'name a namespace, or leave the option out');
  }
  const security = await podSecurityLevel(transport, namespace);
  const complete = { ...input, namespace, options: { ...input.options, security } };
  const stage = compileChecked({ ...complete, images: await knownImages(values, complete) });
  for (const text of stageNotes(stage)) terminal.err(noteLine(terminal, text));

  const cancel = new AbortController();
  const stop = cancelOnSignals(cancel, terminal);
  const notes = new Notes((text) => terminal.err(noteLine(terminal, text)));
  const lines = new LineOrder(terminal.out);
  let guard: Guard | undefined;
  let measured: Record<string, unknown> = {};
  const startLimit = time(values, 'start-timeout', 600_000);
  const uploadStep = stage.plan.steps.find((step) => step.kind === 'upload');
  try {
    const created = performance.now();
    const spec = specOf(stage);
    const result = await runStage(
      spec,
      { create: stage },
      {
        transport,
        feed: feedOfPod(transport, spec.namespace, spec.name),
        masks: stage.masks,
        longestLine: 65_536,
        patienceMs: 60_000,
        clock: { ...systemClock, wall: () => Date.now() },
        signal: cancel.signal,
        limits: {
          // Somebody sits and waits: a quota that refuses is told at once.
          queued: 0,
          unschedulable: startLimit,
          starting: startLimit,
          timeout: time(values, 'timeout', 3_600_000),
        },
        ...(uploadStep === undefined
          ? {}
          : {
              upload: (signal: AbortSignal) =>
                upload(
                  {
                    transport,
                    namespace,
                    pod: stage.pod.metadata.name,
                    step: uploadStep.number,
                    folder,
                    workspace: workspacePath(input.pipeline.workspacePath),
                  },
                  signal,
                ),
            }),
        onCreated: () => {
          guard = Guard.start(process.argv[1] ?? '', {
            kubeconfig,
            context: contextName,
            namespace,
            name: stage.pod.metadata.name,
          });
        },
        observer: {
          line: (step, { text, time: at }) =>
            lines.add(step.number, at, logLine(terminal, step, text)),
          hole: (step) =>
            notes.note(
              `parts of the log of step "${stepTitle(step)}" are lost: it was longer than the node keeps`,
            ),
          waiting: (text) => notes.note(text),
          journal: (journal) => {
            if (journal.steps.size > 0) notes.stop();
          },
          result: async (known) => {
            notes.stop();
            lines.flush();
            measured = { result_ms: performance.now() - created, status: known.status };
            const seconds = (performance.now() - began) / 1000;
            terminal.out(summary(terminal, known, stage.plan.skipped, seconds));
            return 'remove';
          },
        },
      },
    );
    // Only now: where removing failed, the guard tries once more.
    guard?.release();
    if (flag(values, 'stats')) {
      const requests = Object.fromEntries(transport.counts());
      terminal.out(`${JSON.stringify({ ...measured, requests })}\n`);
    }
    return result.status === 'success' ? EXIT.success : EXIT.failure;
  } finally {
    notes.stop();
    lines.flush();
    stop();
    await transport.close();
  }
}

/** What registries say of the plugins; none of them is waited for longer than it saves. */
async function knownImages(values: Values, input: CompileInput): Promise<KnownImages> {
  const text = list(values, 'registry-mirror').join(',');
  const parsed = text === '' ? { value: new Map<string, string>() } : mirrors.parse(text);
  if ('wrong' in parsed) throw new UsageError(`--registry-mirror ${parsed.wrong}`, parsed.fix);
  if (flag(values, 'no-image-lookup')) return new Map();
  const ended = new AbortController();
  const { fetch, close } = openFetch(process.env);
  const options = { mirrors: parsed.value, fetch, clock: systemClock };
  try {
    return await createLookUp(options, ended.signal)(wantedImages(input));
  } finally {
    ended.abort();
    await close();
  }
}

/** The first signal cancels and cleans up; a second one leaves at once, and the guard cleans up. */
function cancelOnSignals(cancel: AbortController, terminal: Terminal): () => void {
  const onSignal = (): void => {
    if (cancel.signal.aborted) process.exit(EXIT.failure);
    terminal.err(noteLine(terminal, 'cancelling; once more to leave at once'));
    cancel.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
