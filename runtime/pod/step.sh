# Process 1 of a step: waits for its turn, runs the command, reports the exit code.
#
#   busybox sh step.sh FOLDER COMMAND [ARGUMENT ...]
#
# FOLDER holds the FIFOs `start` (read: nothing, NAME=VALUE lines, or `skip`) and `exit` (written:
# the code), and the file `env`. Run by a static busybox that the coordinator put there, so the
# image needs no shell.

_run=$1
shift

# The end of the FIFO is the start of the step: most of the time nothing has to be read from it.
_skip=''
while IFS= read -r _line; do
  case $_line in
    skip) _skip=1 ;;
    *) export "$_line" ;;
  esac
done <"$_run/start"
[ -n "$_skip" ] && exit 0

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

# A script wants the shell of the image; an image without one gets this one.
if [ "$1" = script ]; then
  if [ -x /bin/sh ]; then set -- /bin/sh "$_run/$2"; else set -- "$_run/busybox" sh "$_run/$2"; fi
fi

# In the foreground: a shell makes background commands ignore SIGINT. Standard input of a container
# is empty already. SIGTERM reaches the step through the preStop hook of its container.
"$@"
_code=$?
printf '%s\n' "$_code" >"$_run/exit"
exit "$_code"
