# Process 1 of a step: waits for its turn, runs the command, reports the exit code.
#
#   busybox sh step.sh FOLDER COMMAND [ARGUMENT ...]
#
# FOLDER holds the FIFOs `start` (read: NAME=VALUE lines, or `skip`) and `exit` (written: the
# code). Run by a static busybox that the coordinator put there, so the image needs no shell.

_run=$1
shift

_skip=''
while IFS= read -r _line; do
  case $_line in
    skip) _skip=1 ;;
    *) export "$_line" ;;
  esac
done <"$_run/start"
[ -n "$_skip" ] && exit 0

# A script wants the shell of the image; an image without one gets this one.
if [ "$1" = script ]; then
  if [ -x /bin/sh ]; then set -- /bin/sh "$_run/$2"; else set -- "$_run/busybox" sh "$_run/$2"; fi
fi

# In the foreground: a shell makes background commands ignore SIGINT. SIGTERM reaches the step
# through the preStop hook of its container.
"$@" </dev/null
_code=$?
printf '%s\n' "$_code" >"$_run/exit"
exit "$_code"
