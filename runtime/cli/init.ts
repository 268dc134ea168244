/** `drone-kube init`: a folder for a team that deploys the runner from a repository of its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ENGINES, initFiles } from './init-files.ts';
import { flag, helpText, one, parseOptions, type Option } from './options.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';

const OPTIONS: readonly Option[] = [
  { name: 'gitops', value: ENGINES.join('|'), help: 'what applies the manifests' },
];

export const INIT_HELP = helpText(
  'drone-kube init --gitops argocd|flux [folder]',
  'Writes a cdk8s app that makes the manifests of the runner, for each environment.\nWrites nothing where one of its files is there already.',
  OPTIONS,
);

export async function init(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  if (flag(values, 'help')) {
    terminal.out(INIT_HELP);
    return EXIT.success;
  }
  const [folder = '.', ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError('more than one folder was named', 'name one folder');
  }
  const given = one(values, 'gitops');
  const engine = ENGINES.find((each) => each === given);
  if (engine === undefined) {
    const wrong = given === undefined ? 'is missing' : `is "${given}"`;
    throw new UsageError(`--gitops ${wrong}`, `write --gitops ${ENGINES.join(' or --gitops ')}`);
  }
  const files = Object.entries(initFiles(engine)).map(
    ([path, text]) => [join(folder, path), text] as const,
  );
  const taken = files.map(([path]) => path).find((path) => existsSync(path));
  if (taken !== undefined) {
    throw new UsageError(
      `${taken} is there already, and nothing was written`,
      'name a folder that is empty or does not exist',
      'init-exists',
    );
  }
  for (const [path, text] of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    terminal.out(`${path}\n`);
  }
  terminal.out(`\n${join(folder, 'README.md')} tells what to do next.\n`);
  return EXIT.success;
}
