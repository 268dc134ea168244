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

# Container runtimes were seen to lose the end of a log, up to 100 KB, when a container exits right
# after it wrote much. The next step has been let go already.
_wrote=0
{ while read -r _key _wrote && [ "$_key" != wchar: ]; do :; done </proc/self/io; } 2>/dev/null
[ "${_wrote:-0}" -gt 65536 ] && "$_run/busybox" sleep 0.2
exit "$_code"
