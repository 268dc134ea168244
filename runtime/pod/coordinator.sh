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
journal='' failed='' halted='' failed_steps='' open=0 queue='' roots='' latched=''

# A step that answers with an endless line fills the memory of one reader, not of the node.
ulimit -v 524288 2>/dev/null

# Lines of the journal are written together, once the steps that an event lets go are on their way.
say() { journal="$journal$*
"; }

# A full pipe makes the write wait, and the end of a child interrupts it: then nothing was written.
write_journal() {
  until printf '%s' "$journal"; do :; done
  journal=''
}

status() { if [ -n "$failed" ]; then status=failure; else status=success; fi; }

trap 'say terminated; write_journal; exit 143' TERM

say journal 1

# ---- read the plan -------------------------------------------------------------------------

while IFS=$tab read -r n when failure kind mode waits next script name; do
  [ "$next" = - ] && next=''
  eval "when_$n=\$when failure_$n=\$failure kind_$n=\$kind mode_$n=\$mode waits_$n=\$waits"
  eval "next_$n=\$next name_$n=\$name state_$n=waiting verdict_$n='' up_$n='' word_$n=''"
  open=$((open + 1))
  [ "$waits" -eq 0 ] && roots="$roots $n"
  case $kind in latched | upload) latched="$latched $n:$script" ;; esac
done <"$files/plan"

# ---- lay out the run folder ----------------------------------------------------------------
# Each step sees its own folder, read-only: it can open its two FIFOs, and neither release nor
# answer for another step.

umask 022
mkdir -p "$run/control" "$run/bin" "$run/steps"
mkfifo -m 600 "$run/control/events"
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

# One process a step passes on what the step says: `up` once it waits for its turn, and then one
# answer. Whatever else it writes cannot be taken for an exit code.
listen() {
  exec <"$run/steps/$1/exit"
  while IFS= read -r line; do
    case $line in
      up)
        printf '%s up\n' "$1" >&3
        continue
        ;;
      '' | *[!0-9]* | ????* | 25[6-9] | 2[6-9]? | [3-9]??) line='255 forged' ;;
    esac
    printf '%s %s\n' "$1" "$line" >&3
    exit
  done
  # Its process 1 has died.
  printf '%s 255 gone\n' "$1" >&3
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

dismiss() { printf 'skip\n' 1<>"$run/steps/$1/start"; }

# The step is up: what was decided for it before can be told now.
greet() {
  eval "up_$1=1 word=\$word_$1 word_$1=''"
  [ -z "$word" ] || "$word" "$1"
}

# tell WORD NUMBER: at once, or as soon as the step is up.
tell() {
  eval "up=\$up_$2"
  if [ -n "$up" ]; then "$1" "$2"; else eval "word_$2=$1"; fi
}

start() {
  status
  eval "kind=\$kind_$1 mode=\$mode_$1 early=\$verdict_$1 state_$1=running"
  say start "$1" "$status"
  if [ -n "$early" ]; then
    # It ended before its turn: its image never came, say.
    finish "$1" $early
    [ "$mode" = detach ] && settle "$1"
    return
  fi
  case $kind in
    latched) tell release "$1" ;;
    ephemeral)
      : >"$run/control/ephemeral"
      [ -d "$status_folder" ] && status_file "$1" >"$status_folder/.env" && mv "$status_folder/.env" "$status_folder/env"
      ;;
  esac
  [ "$mode" = detach ] && settle "$1"
}

skip() {
  eval "kind=\$kind_$1 state_$1=over"
  say skip "$1" "$2"
  [ "$kind" = latched ] && tell dismiss "$1"
  settle "$1"
}

decide() {
  eval "when=\$when_$1"
  case $when,$halted,$failed in
    always,*) start "$1" ;;
    *,halted,*) skip "$1" halted ;;
    success,,failed) skip "$1" failure ;;
    failure,,) skip "$1" success ;;
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
      eval "waits=\$((waits_$m - 1))"
      eval "waits_$m=\$waits"
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
      failed=failed
      failed_steps="$failed_steps${failed_steps:+,}$name"
      if [ "$failure" = fast ]; then
        say fast "$1"
        say done failure
        write_journal
        exit 0
      fi
      ;;
  esac
  settle "$1"
}

# ---- verdicts of the runner ----------------------------------------------------------------
# `NUMBER:CODE:WHY` each, separated by spaces, all that were ever given. Looked at once a second,
# and five times a second once an ephemeral step has run: those end by verdict only.

follow_verdicts() {
  seen=''
  while :; do
    if [ -e "$run/control/ephemeral" ]; then sleep 0.2; else sleep 1; fi
    text=''
    { IFS= read -r text <"$verdict"; } 2>/dev/null
    [ "$text" = "$seen" ] && continue
    seen=$text
    for entry in $text; do
      n=${entry%%:*} entry=${entry#*:}
      printf '%s %s %s\n' "$n" "${entry%%:*}" "${entry#*:}" >&3
    done
  done
}
follow_verdicts &

# ---- the life of the stage -----------------------------------------------------------------

for entry in $latched; do listen "${entry%%:*}" & done
for n in $roots; do decide "$n"; done
proceed
write_journal
while [ "$open" -gt 0 ]; do
  IFS=' ' read -r n code why <&3 || continue
  if [ "$code" = up ]; then
    greet "$n"
  else
    finish "$n" "$code" ${why:+"$why"}
    proceed
  fi
  write_journal
done
status
say done "$status"
write_journal
