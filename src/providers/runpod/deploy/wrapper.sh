# Runs one training job in a pod: its command's last words decide how the job ended, for a pod has
# no exit code. Trainyard sends this script along in the pod's environment (see wrapper.ts), and
# reads the lines that `say` prints (see marker.ts).
#
#   TRAINYARD_JOB            the job's id
#   TRAINYARD_COMMAND        the program and its arguments, each ended by a NUL; base64
#   TRAINYARD_ENV            NAME=value of the recipe, each ended by a NUL; base64
#   TRAINYARD_CONFIG         the job's config, a JSON document; base64
#   TRAINYARD_FILES          the recipe's files, a tar.gz; base64; absent where it has none
#   TRAINYARD_GRACE_SECONDS  how long Trainyard has time to fetch the log's end
#   TRAINYARD_API_URL        where RunPod's API is
#
# In the command and in TRAINYARD_ENV, \1config\1 and \1output\1 stand for the paths of this pod.

set -u

# A signal is handed to the training; one that comes before there is a training, as soon as there is.
# (Until here the start command kept it in mind: see wrapper.ts.)
stopped=
child=
asked=0
passed=0
pass_on() {
  [ -n "$child" ] && [ "$passed" != "$asked" ] || return 0
  passed=$asked
  kill -TERM "$child" 2>/dev/null
}
trap 'stopped=1; asked=$((asked + 1)); pass_on' TERM INT
if [ -n "${TRAINYARD_STOPPED-}" ]; then stopped=1 asked=1; fi

# What the container has been given is the training's: the wrapper's own variables may bear the same
# names, and what the recipe sets must not reach the wrapper.
exec 3< <(env -0)
variables=()
while IFS= read -r -d '' word; do
  case $word in TRAINYARD_*) ;; *) variables+=("$word") ;; esac
done <&3
exec 3<&-

job=$TRAINYARD_JOB
grace=$TRAINYARD_GRACE_SECONDS
api=$TRAINYARD_API_URL
command=$TRAINYARD_COMMAND
recipe_env=${TRAINYARD_ENV-}
config=$TRAINYARD_CONFIG
files=${TRAINYARD_FILES-}
unset TRAINYARD_JOB TRAINYARD_GRACE_SECONDS TRAINYARD_API_URL TRAINYARD_COMMAND TRAINYARD_ENV
unset TRAINYARD_CONFIG TRAINYARD_FILES TRAINYARD_WRAPPER TRAINYARD_STOPPED

say() { printf '::trainyard %s %s\n' "$job" "$1"; }

# /workspace is where RunPod mounts volumes: what lies there is still there after the container was
# restarted. (A home with a workspace of its own is that of a pod that shares its machine.)
if [ -d "${HOME-/root}/workspace" ]; then workspace=$HOME/workspace; else workspace=/workspace; fi
home=$workspace/trainyard/$job
if ! mkdir -p "$home/output" 2>/dev/null || [ ! -w "$home" ]; then
  workspace=${TMPDIR:-/tmp}
  home=$workspace/trainyard/$job
  mkdir -p "$home/output"
fi
state=$home/state
log=$home/training_output.log
ln -sfn "$log" "$workspace/training_output.log" 2>/dev/null

# Says how the training ended, and leaves Trainyard the time to read it and to terminate the pod.
# Where it does not, the pod ends itself: nobody shall pay for a GPU that has nothing to do.
finish() {
  say "end $1"
  if [ -z "$stopped" ]; then
    sleep "$grace" & child=$!
    wait "$child"
  fi
  for attempt in 1 2 3 4 5; do
    [ -n "$stopped" ] && break
    end_pod
    sleep 30 & child=$!
    wait "$child"
  done
  exit 0
}

# With what the image has: RunPod's own tool, or the API. Both use the pod's own key.
end_pod() {
  local url=$api/v2/pods/${RUNPOD_POD_ID-}/action
  local body='{"action":"terminate"}' type='Content-Type: application/json'
  if command -v runpodctl >/dev/null && runpodctl remove pod "${RUNPOD_POD_ID-}"; then
    return
  elif command -v curl >/dev/null; then
    printf 'Authorization: Bearer %s\n' "${RUNPOD_API_KEY-}" |
      curl -fsS -m 30 -X POST -H @- -H "$type" -d "$body" "$url"
  elif command -v wget >/dev/null; then
    wget -q -T 30 -O - --header "Authorization: Bearer ${RUNPOD_API_KEY-}" --header "$type" \
      --post-data "$body" "$url"
  fi >/dev/null 2>&1
}

# A container may be restarted at any time; the training begins once.
case $(cat "$state" 2>/dev/null) in
  begun) finish 'code=interrupted lines=' ;;
  code=*) finish "$(cat "$state")" ;;
esac
echo begun >"$state"
say "begin run=$RANDOM$RANDOM$RANDOM"

job_config=$home/config.json
decode() { printf %s "$1" | base64 -d; }
fill() {
  filled=${1//$'\1config\1'/"$job_config"}
  filled=${filled//$'\1output\1'/"$home/output"}
}

decode "$config" >"$job_config"
if [ -n "$files" ]; then
  mkdir -p "$home/files" && cd "$home/files" && decode "$files" | tar -xzf - || finish 'code=125 lines='
fi
variables+=("PWD=$PWD" "JOB_ID=$job" "JOB_CONFIG=$job_config" "JOB_OUTPUT_DIR=$home/output")
while IFS= read -r -d '' word; do
  fill "$word"
  variables+=("$filled")
done < <(decode "$recipe_env")
argv=()
while IFS= read -r -d '' word; do
  fill "$word"
  argv+=("$filled")
done < <(decode "$command")

# The log goes to the pod's own log and to a file; a pipe with a name, so that both ends can be
# waited for.
pipe=${TMPDIR:-/tmp}/trainyard-$job.pipe
rm -f "$pipe" && mkfifo "$pipe" || finish 'code=125 lines='
# Each runs in a process group of its own, for a training may end all of its group; and what ends
# every process of the container by TERM leaves the log its last lines. What the shell itself has to
# say of them, such as "Killed", is no line of the job.
exec 2>/dev/null
set -m
(trap '' TERM INT HUP; exec tee -a "$log" <"$pipe" 2>/dev/null) & tee=$!
env -i "${variables[@]}" "${argv[@]}" </dev/null >"$pipe" 2>&1 & child=$!
set +m
pass_on
# A signal ends a wait; what it then says is not the child's exit code.
until wait "$child"; code=$?; [ -z "$stopped" ] || ! kill -0 "$child" 2>/dev/null; do :; done
if [ -n "$stopped" ]; then wait "$child"; code=$?; fi
child=

# What the training has left running may hold the log open, but not for ever.
for attempt in $(seq 50); do
  kill -0 "$tee" 2>/dev/null || break
  sleep 0.1
done
if ! kill -0 "$tee" 2>/dev/null && ! wait "$tee"; then
  # On a full disk the file has less than what was printed, and cannot tell whether a line is open.
  echo
  lines=
else
  if [ -n "$(tail -c 1 "$log")" ]; then echo | tee -a "$log"; fi
  lines=$(($(wc -l <"$log")))
fi

# What is said does not depend on what can be written.
result="code=$code lines=$lines"
echo "$result" >"$state.new" && mv "$state.new" "$state"
finish "$result"
