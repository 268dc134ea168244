# Process 1 of a step: starts the command, which waits for its turn, and reports its exit code.
#
#   busybox sh step.sh FOLDER script FILE
#   busybox sh step.sh FOLDER COMMAND [ARGUMENT ...]
#
# FOLDER is the run folder of the step. Run by a static busybox that the coordinator put there, so
# the image needs no shell.

_run=$1
shift

# Held open until the end: when this process dies, the coordinator sees it close.
exec 5>"$_run/exit"

# In the foreground: a shell makes background commands ignore SIGINT. SIGTERM reaches the command
# through the preStop hook of the container.
if [ "$1" != script ]; then
  (
    . "$_run/latch.sh"
    exec "$@"
  )
elif [ -x /bin/sh ]; then
  /bin/sh "$_run/$2" "$_run"
else
  # A script wants the shell of the image; an image without one gets this one.
  "$_run/busybox" sh "$_run/$2" "$_run"
fi
_code=$?
printf '%s\n' "$_code" >&5
exit "$_code"
