/** `drone-kube compile`: prints what `exec` would create, without a cluster. */
import type { Secret } from '../compile/objects.ts';
import { flag, helpText, one, parseOptions, type Option } from './options.ts';
import { compileChecked, STAGE_OPTIONS, stageInput } from './stage-input.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';
import { planView } from './plan-view.ts';
import { noteLine, stageNotes } from './view.ts';

const OPTIONS: readonly Option[] = [
  { name: 'plan', help: 'print the steps instead: their order, and why each runs or is skipped' },
  ...STAGE_OPTIONS,
  { name: 'namespace', value: 'NAME', help: 'namespace of the objects (default)' },
  {
    name: 'security',
    value: 'LEVEL',
    help: 'Pod Security level of the namespace: default, restricted',
  },
];

export const COMPILE_HELP = helpText(
  'drone-kube compile [options] [file]',
  'Prints the Kubernetes objects of a pipeline as YAML. Values of secrets are not shown.',
  OPTIONS,
);

export async function compile(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(COMPILE_HELP);
    return EXIT.success;
  }
  const security = one(values, 'security') ?? 'default';
  if (security !== 'default' && security !== 'restricted') {
    throw new UsageError(`--security is "${security}"`, 'give default or restricted');
  }
  const clock = { now: Math.floor(Date.now() / 1000), id: 'compiled' };
  const prepared = await stageInput(values, positionals, terminal, clock);
  if (prepared === undefined) return EXIT.invalid;
  const { input } = prepared;
  const namespace = one(values, 'namespace') ?? (input.pipeline.metadata.namespace || 'default');
  const stage = compileChecked({ ...input, namespace, options: { ...input.options, security } });
  for (const text of stageNotes(stage)) terminal.err(noteLine(terminal, text));
  if (flag(values, 'plan')) {
    terminal.out(planView(stage, input));
    return EXIT.success;
  }
  const { dump } = await import('js-yaml');
  const objects = [
    stage.files,
    stage.environment,
    ...[stage.secret, stage.pullSecret].flatMap((secret) =>
      secret === undefined ? [] : [hidden(secret)],
    ),
    stage.pod,
  ];
  for (const object of objects) {
    terminal.out(`---\n${dump(object, { lineWidth: -1, noRefs: true })}`);
  }
  return EXIT.success;
}

const hidden = (secret: Secret): Secret => ({
  ...secret,
  stringData: Object.fromEntries(Object.keys(secret.stringData).map((key) => [key, '******'])),
});
