# Waits for the turn of a step. Sourced by the shell that then runs its command: when the turn
# comes, nothing has to be forked and no program started. `_run` is the run folder of the step:
#
#   start  FIFO, read: NAME=VALUE lines and `go`, or `skip`
#   exit   FIFO that step.sh writes the exit code to; open as descriptor 5, which only step.sh keeps
#   env    file of the variables that hold now, there before `go`

exec 5>&-
_own="${DRONE_BUILD_STATUS+1}${DRONE_BUILD_FINISHED+1}${DRONE_STAGE_STATUS+1}${DRONE_STAGE_FINISHED+1}"
_own="$_own${CI_BUILD_STATUS+1}${CI_BUILD_FINISHED+1}${DRONE_STEP_NUMBER+1}"

# In braces, so that the shell has read all of it before it waits.
{
  # Opened for writing too: never at its end.
  while IFS= read -r _line; do
    case $_line in
      go) break ;;
      skip) exit 0 ;;
      *) export "$_line" ;;
    esac
  done <>"$_run/start"

  # The values are words that no shell interprets. What the step sets itself wins over them.
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
}
