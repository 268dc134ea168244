# Process 1 of a step: waits for its turn, runs the command, reports the exit code.
#
#   busybox sh step.sh FOLDER COMMAND [ARGUMENT ...]
#
# FOLDER holds the FIFOs `start` (read: NAME=VALUE lines and `go`, or `skip`) and `exit` (written:
# `up`, and later the code), and the file `env`. Run by a static busybox that the coordinator put
# there, so the image needs no shell.

_run=$1
shift

# A script wants the shell of the image; an image without one gets this one.
if [ "$1" = script ]; then
  if [ -x /bin/sh ]; then set -- /bin/sh "$_run/$2"; else set -- "$_run/busybox" sh "$_run/$2"; fi
fi

# Held open until the end: when this process dies, the coordinator sees it close.
exec 5>"$_run/exit"

# The command waits for its turn in a process of its own, so that it has been forked when the turn
# comes. In the foreground: a shell makes background commands ignore SIGINT. SIGTERM reaches it
# through the preStop hook of the container.
(
  # Opened for reading and writing, nothing that the coordinator writes after `up` can get lost.
  exec 4<>"$_run/start"
  printf 'up\n' >&5
  exec 5>&-
  while IFS= read -r _line <&4; do
    case $_line in
      go) break ;;
      skip) exit 0 ;;
      *) export "$_line" ;;
    esac
  done
  exec 4>&-

  # The values are words that no shell interprets. What the step sets itself wins over them.
  _own="${DRONE_BUILD_STATUS+1}${DRONE_BUILD_FINISHED+1}${DRONE_STAGE_STATUS+1}${DRONE_STAGE_FINISHED+1}"
  _own="$_own${CI_BUILD_STATUS+1}${CI_BUILD_FINISHED+1}${DRONE_STEP_NUMBER+1}"
  if [ -z "$_own" ]; then
    set -a
    . "$_run/env"
    set +a
  else
    while IFS='=' read -r _name _line; do
      eval "_own=\${$_name+set}"
      _line=${_line#\"}
      [ -n "$_own" ] || export "$_name=${_line%\"}"
    done <"$_run/env"
  fi
  exec "$@"
)
_code=$?
printf '%s\n' "$_code" >&5
exit "$_code"
