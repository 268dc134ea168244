/** The commands of a step as a shell script. */
import type { Step } from '../pipeline/model.ts';

/**
 * What the script of a step runs, or an empty list for a step that gets no script. As in
 * drone-runner-kube, `entrypoint` wins over `commands`, and it is joined with `command` by spaces
 * into one line of shell. But a shell with `-c` gets exactly its arguments: joined, it would run
 * the first word of its script and lose the rest.
 */
export function scriptCommands(
  step: Pick<Step, 'commands' | 'entrypoint' | 'command'>,
): readonly string[] {
  if (step.entrypoint.length === 0) return step.commands;
  const words = [...step.entrypoint, ...step.command];
  const exact = SHELL.test(words[0] ?? '') && words.slice(1, -1).some((word) => DASH_C.test(word));
  return [words.map((word) => (exact && !PLAIN.test(word) ? quote(word) : word)).join(' ')];
}

const SHELL = /^(?:\/(?:usr\/)?(?:local\/)?bin\/)?(?:sh|bash|ash|dash)$/;
const DASH_C = /^-[a-z]*c$/;
const PLAIN = /^[\w./:=@%+,-]+$/;

/**
 * A file for `/bin/sh FILE`. It writes `~/.netrc` from DRONE_NETRC_FILE, removes the credentials
 * from the environment, and then shows each command and runs it, until one fails.
 *
 * A command is shown exactly as it stands in the pipeline, with `+ ` before its first line: no
 * variable is expanded, so no secret can show, and no backslash is interpreted, whatever `echo` of
 * the image does. Nothing but POSIX sh is used, and no program has to be in the image.
 *
 * `beforeCommands` is shell that runs first and is not shown.
 */
export function posixScript(commands: readonly string[], beforeCommands = ''): string {
  return [
    PREAMBLE + beforeCommands,
    ...commands.flatMap((command) => [show(command), `${command}\n`]),
  ].join('\n');
}

const show = (command: string): string => `printf '%s\\n' ${quote(`+ ${command}`)}`;

/** One word of shell with exactly this text. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

// Before `set -e`: a home that cannot be written must not fail steps that need no credentials.
const PREAMBLE = String.raw`if [ -n "$DRONE_NETRC_FILE" ]; then
  if (umask 077 && printf '%s\n' "$DRONE_NETRC_FILE" >"$HOME/.netrc") 2>/dev/null; then
    chmod 600 "$HOME/.netrc" 2>/dev/null
  else
    printf '%s\n' "drone-kube: cannot write $HOME/.netrc, git will have no credentials" >&2
  fi
fi
unset DRONE_NETRC_MACHINE DRONE_NETRC_USERNAME DRONE_NETRC_PASSWORD DRONE_NETRC_FILE
set -e
`;

/**
 * The begin of the script of a step: the shell that runs it waits in it for its turn. step.sh
 * passes the run folder; the commands then see no arguments.
 */
export const LATCH = '_run=$1\nshift\n. "$_run/latch.sh"\n';
