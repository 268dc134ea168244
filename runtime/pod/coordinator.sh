# Decides the order of steps inside the Pod and writes the journal to its standard output.
#
#   sh coordinator.sh FILES RUN VERDICT BUSYBOX STATUS
#
# FILES    folder with `plan`, `step.sh`, `latch.sh` and the scripts (read-only)
# RUN      empty folder that all containers share, each step only RUN/steps/NUMBER
# VERDICT  file that the kubelet writes from an annotation of the Pod; may be missing
# BUSYBOX  static busybox, linked into the folder of every step
# STATUS   folder that ephemeral steps see; their status file is written there. May be missing
#
# The plan has one line a step, fields separated by tabs:
#   NUMBER  WHEN  FAILURE  KIND  MODE  WAITS  NEXT  SCRIPT  NAME
#   WHEN     success | failure | always      the status that lets the step run
#   FAILURE  stop | ignore | fast            what an exit code other than 0 and 78 does
#   KIND     latched | service | ephemeral | upload
#   MODE     wait | detach                   do steps after it wait for its end?
#   WAITS    how many steps it waits for
#   NEXT     the numbers of the steps that wait for it, separated by spaces, or -
#   SCRIPT   the file in FILES that it runs, or -
#
# The journal:
#   journal 1 | ready | start N STATUS | exit N CODE [WHY] | skip N WHY | fast N | done STATUS | terminated
#
# POSIX sh, and nothing outside it but mkfifo, ln, cp, mv, mkdir, chmod, sleep and date: it runs
# under busybox, dash and bash. Between the end of a step and the start of the next one nothing is
# forked and no program started, but for `date` under dash.

files=$1 run=$2 verdict=$3 busybox=$4 status_folder=$5
tab=$(printf '\t')
journal='' status=success halted='' failed_steps='' open=0 queue='' roots='' latched=''
serial=serial turn='' heard='' up_=''

# A step that answers with an endless line fills the memory of its reader, not of the node.
ulimit -v 524288 2>/dev/null

# Lines of the journal are written together, once the steps that an event lets go are on their way.
say() { journal="$journal$*
"; }

# A full pipe makes the write wait, and the end of a child interrupts it: then nothing was written.
write_journal() {
  until printf '%s' "$journal"; do :; done
  journal=''
}

trap 'say terminated; write_journal; exit 143' TERM

say journal 1

# ---- read the plan -------------------------------------------------------------------------

while IFS=$tab read -r n when failure kind mode waits next script name; do
  [ "$next" = - ] && next=''
  eval "when_$n=\$when failure_$n=\$failure kind_$n=\$kind mode_$n=\$mode waits_$n=\$waits"
  eval "next_$n=\$next name_$n=\$name state_$n=waiting verdict_$n='' up_$n=''"
  open=$((open + 1))
  [ "$waits" -eq 0 ] && roots="$roots $n"
  case $kind in latched | upload) latched="$latched $n:$script" ;; esac
  case $kind,$mode,$waits,$next in
    *' '*) serial='' ;;
    service,*,[01],* | *,wait,[01],*) ;;
    *) serial='' ;;
  esac
done <"$files/plan"
# `serial`: one chain of steps, of which never more than one can answer.
case $roots in ' '*' '*) serial='' ;; esac

# ---- lay out the run folder ----------------------------------------------------------------
# Each step sees its own folder, read-only: it can open its two FIFOs, and neither release nor
# answer for another step.

umask 022
mkdir -p "$run/control" "$run/bin" "$run/steps"
mkfifo -m 600 "$run/control/events" "$run/control/never"
cp "$busybox" "$run/bin/busybox"
cp "$files/step.sh" "$files/latch.sh" "$run/bin/"
for entry in $latched; do
  n=${entry%%:*} script=${entry#*:}
  mkdir "$run/steps/$n"
  mkfifo "$run/steps/$n/start" "$run/steps/$n/exit"
  chmod 666 "$run/steps/$n/start" "$run/steps/$n/exit"
  # Made here, where there is time: a new file may wait for the disk.
  : >"$run/steps/$n/env"
  if [ "$script" = - ]; then
    ln "$run/bin/busybox" "$run/bin/step.sh" "$run/bin/latch.sh" "$run/steps/$n/"
  else
    cp "$files/$script" "$run/bin/$script"
    ln "$run/bin/busybox" "$run/bin/step.sh" "$run/bin/latch.sh" "$run/bin/$script" "$run/steps/$n/"
  fi
done

# Opened for reading and writing: never at its end, and no writer has to wait for a reader.
exec 3<>"$run/control/events"
: >"$run/control/ready"
say ready
write_journal

# ---- one step ------------------------------------------------------------------------------

# What the variables of a step say at the moment it starts, in the form of the kubelet's own
# annotation files, which plugins of Drone know how to read; the step reads the same file.
# busybox and bash know the time without starting a program; dash does not.
status_file() {
  now=${EPOCHSECONDS:-$(date +%s)}
  printf '%s="%s"\n' DRONE_BUILD_STATUS "$status" DRONE_BUILD_FINISHED "$now" \
    DRONE_STAGE_STATUS "$status" DRONE_STAGE_FINISHED "$now" \
    CI_BUILD_STATUS "$status" CI_BUILD_FINISHED "$now" DRONE_STEP_NUMBER "$1"
}

# One answer from standard input. Whatever a step writes that is no exit code cannot be taken for
# one, and at the end of the file its process 1 has died.
hear_step() {
  why=''
  IFS= read -r code || code=255 why=gone
  case $code in
    verdict) [ -n "$serial" ] || code=255 why=forged ;;
    '' | *[!0-9]* | ????* | 25[6-9] | 2[6-9]? | [3-9]??) code=255 why=forged ;;
  esac
}

# One process a step, from the beginning: later nothing has to be forked. It holds `start` open, so
# that a step finds what was written there before it was up, and waits until process 1 of the step
# has opened `exit`. Then it passes on one answer. In a serial stage the coordinator reads that
# itself, and `exit` is only held open: nothing that was said before the turn gets lost.
listen() {
  exec <"$run/steps/$1/exit"
  if [ -n "$serial" ]; then
    : >"$run/control/up-$1"
    printf '%s up\n' "$1" >&3
    # Nobody ever opens it for writing.
    : <"$run/control/never"
  fi
  hear_step
  printf '%s %s %s\n' "$1" "$code" "$why" >&3
}

# Opened for reading and writing, a FIFO never makes the coordinator wait, not even if the step has
# died. Names of steps may hold anything, so they go as a line that nothing interprets.
release() {
  status_file "$1" >"$run/steps/$1/env"
  if [ -n "$failed_steps" ]; then
    printf '%s\n' "DRONE_FAILED_STEPS=$failed_steps" go 1<>"$run/steps/$1/start"
  else
    printf 'go\n' 1<>"$run/steps/$1/start"
  fi
}

start() {
  eval "state_$1=running"
  say start "$1" "$status"
  case ${early:+early},$kind in
    # It ended before its turn: its image never came, say.
    early,*) finish "$1" $early ;;
    ,latched)
      turn=$1
      release "$1"
      ;;
    ,upload) turn=$1 ;;
    ,ephemeral)
      : >"$run/control/ephemeral"
      [ -d "$status_folder" ] && status_file "$1" >"$status_folder/.env" && mv "$status_folder/.env" "$status_folder/env"
      ;;
  esac
  [ "$mode" = detach ] && settle "$1"
}

skip() {
  eval "state_$1=over"
  say skip "$1" "$2"
  [ "$kind" = latched ] && printf 'skip\n' 1<>"$run/steps/$1/start"
  settle "$1"
}

decide() {
  eval "when=\$when_$1 kind=\$kind_$1 mode=\$mode_$1 early=\$verdict_$1"
  case $when,$halted,$status in
    always,*) start "$1" ;;
    *,halted,*) skip "$1" halted ;;
    success,,failure) skip "$1" failure ;;
    failure,,success) skip "$1" success ;;
    *) start "$1" ;;
  esac
}

settle() {
  open=$((open - 1))
  queue="$queue $1"
}

# Everything that waited for the settled steps and for nothing else.
proceed() {
  while [ -n "$queue" ]; do
    set -- $queue
    eval "next=\$next_$1"
    shift
    queue="$*"
    for m in $next; do
      eval "waits=\$((waits_$m - 1)) waits_$m=\$waits"
      [ "$waits" -eq 0 ] && decide "$m"
    done
  done
}

# finish NUMBER CODE [WHY]: the first answer counts.
finish() {
  eval "state=\$state_$1 mode=\$mode_$1 failure=\$failure_$1 name=\$name_$1"
  if [ "$state" = waiting ]; then
    eval "verdict_$1='$2 ${3-}'"
    return
  fi
  [ "$state" = running ] || return
  eval "state_$1=over"
  say exit "$1" "$2" ${3+"$3"}
  [ "$mode" = detach ] && return
  case $2,$failure in
    0,*) ;;
    78,*) halted=halted ;;
    *,ignore) ;;
    *)
      status=failure
      failed_steps="$failed_steps${failed_steps:+,}$name"
      if [ "$failure" = fast ]; then
        say fast "$1"
        say done failure
        write_journal
        exit 0
      fi
      ;;
  esac
  turn=''
  settle "$1"
}

# ---- verdicts of the runner ----------------------------------------------------------------
# `NUMBER:CODE:WHY` each, separated by spaces, all that were ever given. Looked at once a second,
# and five times a second once an ephemeral step has run: those end by verdict only.

read_verdicts() {
  text=''
  { IFS= read -r text <"$verdict"; } 2>/dev/null
}

follow_verdicts() {
  seen=''
  while :; do
    if [ -e "$run/control/ephemeral" ]; then sleep 0.2; else sleep 1; fi
    read_verdicts
    [ "$text" = "$seen" ] && continue
    seen=$text
    for entry in $text; do
      n=${entry%%:*} entry=${entry#*:}
      printf '%s %s %s\n' "$n" "${entry%%:*}" "${entry#*:}" >&3
    done
    # Whoever waits for the answer of a step does not read `events`. A step may write this line as
    # well: nothing but the file is a verdict.
    for file in "$run"/control/up-*; do
      [ -e "$file" ] && printf 'verdict\n' 1<>"$run/steps/${file##*-}/exit"
    done
  done
}
follow_verdicts &

# ---- what happens next ---------------------------------------------------------------------
# All answers and verdicts come through `events`. But in a serial stage the coordinator reads the
# FIFO of the step that runs, once that is up: one process less to wake between two steps.

hear() {
  eval "up=\$up_$turn"
  if [ -z "$up" ]; then
    IFS=' ' read -r n code why <&3 || return
  else
    # With the first descriptor, opening does not wait, not even if process 1 has died by now.
    [ "$heard" = "$turn" ] || exec 7<>"$run/steps/$turn/exit" <"$run/steps/$turn/exit" 7>&-
    n=$turn heard=$turn
    hear_step
  fi
  case $code in
    up) eval "up_$n=up" ;;
    verdict)
      read_verdicts
      for entry in $text; do
        n=${entry%%:*} entry=${entry#*:}
        finish "$n" "${entry%%:*}" "${entry#*:}"
        proceed
      done
      ;;
    *)
      finish "$n" "$code" ${why:+"$why"}
      proceed
      ;;
  esac
}

# ---- the life of the stage -----------------------------------------------------------------

for entry in $latched; do
  exec 4<>"$run/steps/${entry%%:*}/start"
  listen "${entry%%:*}" &
done
exec 4>&-
for n in $roots; do decide "$n"; done
proceed
write_journal
while [ "$open" -gt 0 ]; do
  hear
  write_journal
done
say done "$status"
write_journal
