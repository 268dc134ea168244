#!/usr/bin/env node
/** The command `drone-kube`: one verb a file in cli/, loaded only when it is called. */
import type { Terminal } from './cli/usage.ts';

const HELP = `Usage: drone-kube VERB [options] [file]

Drone CI pipelines on Kubernetes.

Verbs:
  exec      run a pipeline on the cluster of the kubeconfig
  daemon    take the pipelines of a Drone server and run them, as configured by the environment
  lint      say what is wrong with pipeline files
  format    write pipeline files in one layout, with all of their comments
  compile   print the Kubernetes objects of a pipeline
  init      write a starting folder for the deployment of runners
  reap      remove what belongs to no runner any more, and end its builds on the Drone server

drone-kube VERB --help tells the options.
`;

async function run(verb: string | undefined, args: string[], terminal: Terminal): Promise<number> {
  switch (verb) {
    case 'exec':
      return (await import('./cli/exec.ts')).exec(args, terminal);
    case 'daemon':
      return (await import('./cli/daemon.ts')).daemon(args, terminal);
    case 'init':
      return (await import('./cli/init.ts')).init(args, terminal);
    case 'lint':
      return (await import('./cli/lint.ts')).lint(args, terminal);
    case 'format':
      return (await import('./cli/format.ts')).format(args, terminal);
    case 'compile':
      return (await import('./cli/compile.ts')).compile(args, terminal);
    case 'reap':
      return (await import('./cli/reap.ts')).reap(args, terminal);
    case 'guard': {
      // Started by `exec` alone.
      const { guard } = await import('./cli/guard.ts');
      await guard(JSON.parse(args[0] ?? '{}'));
      return 0;
    }
    case 'help':
    case '--help':
    case '-h':
      terminal.out(HELP);
      return 0;
    case undefined:
    default:
      terminal.err(verb === undefined ? HELP : `drone-kube: there is no verb "${verb}"\n\n${HELP}`);
      return 2;
  }
}

async function main(): Promise<void> {
  const [, , verb, ...args] = process.argv;
  const terminal: Terminal = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    color: process.stdout.isTTY && process.stderr.isTTY && !process.env['NO_COLOR'],
  };
  // A reader that has seen enough (`| head`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => process.exit(1));
  }
  try {
    process.exitCode = await run(verb, args, terminal);
  } catch (error) {
    process.exitCode = explain(error, terminal);
  }
}

/** Errors that are meant for the user have a code; anything else is a defect of this program. */
function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const fix = 'fix' in error ? `\n  fix: ${String(error.fix)}` : '';
    terminal.err(`drone-kube: ${error.message} [${error.code}]${fix}\n`);
    return error.name === 'UsageError' ? 2 : 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const detail = process.env['DRONE_DEBUG'] === 'true' ? `\n${text}` : '';
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(`drone-kube: defect: ${message} [internal]; DRONE_DEBUG=true shows more${detail}\n`);
  return 1;
}

await main();
