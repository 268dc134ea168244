# Waits for the turn of a step. Sourced by the shell that then runs its command: when the turn
# comes, nothing has to be forked and no program started. `_run` is the run folder of the step:
#
#   start  FIFO, read: NAME=VALUE lines and `go`, or `skip`
#   exit   FIFO, written: `up` here, and the exit code by step.sh; open as descriptor 5
#   env    file of the variables that hold now, there before `go`

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
unset _line _own _name _run
