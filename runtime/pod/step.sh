# Process 1 of a step: starts the command, which waits for its turn, and reports its exit code.
#
#   busybox sh step.sh FOLDER script FILE
#   busybox sh step.sh FOLDER run COMMAND [ARGUMENT ...]
#
# FOLDER is the run folder of the step. Run by a static busybox that the coordinator put there, so
# the image needs no shell.

_run=$1
shift

# Held open until the end: when this process dies, the coordinator sees it close.
exec 5>"$_run/exit"

# In the foreground: a shell makes background commands ignore SIGINT. SIGTERM reaches the command
# through the preStop hook of the container.
if [ "$1" = run ]; then
  shift
  (
    # As the container runtime finds it: for a bare name, a busybox may run a program of its own.
    case $1 in
      */*) ;;
      *)
        IFS=:
        set -f
        for _folder in $PATH; do
          _program=${_folder:-.}/$1
          [ -f "$_program" ] && [ -x "$_program" ] || continue
          shift
          set -- "$_program" "$@"
          break
        done
        set +f
        unset IFS _folder _program
        ;;
    esac
    # A shell passes on no variable whose name it could not use (PLUGIN_MY-KEY), but plugins do.
    if "$_run/busybox" grep -qzv '^[A-Za-z_][A-Za-z0-9_]*=' <"/proc/$$/environ"; then
      set -- env "$@"
      while IFS= read -r -d '' _pair; do
        case ${_pair%%=*} in
          '' | [0-9]* | *[!A-Za-z0-9_]*)
            shift
            set -- env "$_pair" "$@"
            ;;
        esac
      done <"/proc/$$/environ"
      set -- "$_run/busybox" "$@"
      unset _pair
    fi 2>/dev/null
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

# A containerd before 1.6.22 and 1.7.3 closes the log of a container that has exited, read to its end
# or not: it reads 32 KB at a time, and the buffers on the way hold 200 KB. So a container that wrote
# much, be it into files, exits a moment later: 0.2 s on an idle machine, but where containerd has to
# wait for CPU or disk it was seen to be more than 0.6 s behind. The next step has been let go already.
_wrote=0
{ while read -r _key _wrote && [ "$_key" != wchar: ]; do :; done </proc/self/io; } 2>/dev/null
if [ "${_wrote:-0}" -gt 16384 ]; then
  { read -r _load _ _ _running _ </proc/loadavg && _cpus=$("$_run/busybox" nproc); } 2>/dev/null
  if [ "${_load%%.*}" -lt "${_cpus:-1}" ] && [ "${_running%%/*}" -le "${_cpus:-1}" ]; then
    _hold=0.2
  elif [ "$_wrote" -gt 65536 ]; then
    _hold=3
  else
    _hold=1
  fi 2>/dev/null
  "$_run/busybox" sleep "$_hold"
fi
exit "$_code"
