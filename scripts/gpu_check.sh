#!/usr/bin/env bash
# All checks that need a machine with a GPU: builds for its GPU, runs the tests on it, also under compute-sanitizer,
# times training steps of four tasks and three models, and prints one table at the end.
#
#   scripts/gpu_check.sh [--torch-peer FILE] [--data DIR] [--seconds S] [--no-sanitizer]
#
# Needs a GPU, the CUDA Toolkit and this repository. --torch-peer (or $GLIFR_TORCH_PEER) is a program that times the same
# steps in PyTorch; --data (or $GLIFR_DATA) is the folder of the data sets: if it holds MNIST, three trials of pmnist
# are trained in full. Checks whose inputs are missing are skipped, with a message. Logs go to build-gpu/check.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build-gpu
logs=$build/check
peer=${GLIFR_TORCH_PEER:-}
data=${GLIFR_DATA:-$root/datasets}
seconds=3
sanitizer=yes
say() { printf 'gpu_check.sh: %s\n' "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

while (($#)); do
  case $1 in
    --torch-peer) peer=${2:?--torch-peer needs a file} && shift ;;
    --data) data=${2:?--data needs a folder} && shift ;;
    --seconds) seconds=${2:?--seconds needs a number} && shift ;;
    --no-sanitizer) sanitizer=no ;;
    *) fail "$1 is no option; see the beginning of this file" ;;
  esac
  shift
done

PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || fail "there is no nvcc: the CUDA Toolkit is needed"
"$root/scripts/setup.sh"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DGLIFR_CUDA=ON -DGLIFR_TESTS=ON -DGLIFR_APPS=ON -DGLIFR_WARNINGS_AS_ERRORS=ON
cmake --build "$build" --parallel "$(nproc)"
mkdir -p "$logs"
train=$build/apps/glifr_train/glifr_train
tests=$build/tests/device/cuda_test

checks=()
# check NAME COMMAND...: runs the command, keeps its output in a log, and records whether it succeeded.
check() {
  local log=$logs/${1// /_}.txt
  say "$1"
  if "${@:2}" >"$log" 2>&1; then
    if grep -q '\[skipped\] there is no GPU' "$log"; then checks+=("$1: skipped, there is no GPU"); else checks+=("$1: passed"); fi
  else
    checks+=("$1: FAILED, see $log")
  fi
}
check "tests on the GPU" "$tests"
check "all other tests" ctest --test-dir "$build" --label-exclude cuda --no-tests=error --parallel "$(nproc)"
if [[ $sanitizer == yes ]] && command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    check "$tool" compute-sanitizer --tool "$tool" --error-exitcode 9 "$tests" '~[grid]'
  done
else
  checks+=("compute-sanitizer: skipped")
fi

# Prints the number after "KEY": in a line of JSON.
number() { sed -n "s/.*\"$1\": *\([0-9.eE+-]*\).*/\1/p"; }
milliseconds() { awk -v s="${1:-}" 'BEGIN { if (s == "") print "-"; else printf "%.3g", 1000 * s }'; }
ratio() { awk -v a="${1:-}" -v b="${2:-}" 'BEGIN { if (a == "" || b == "") print "-"; else printf "%.1f", a / b }'; }

# peer_seconds TASK MODEL plain|best: prints the seconds of a step in PyTorch, with a plain loop or the fastest variant.
peer_seconds() {
  [[ -n $peer ]] || return 0
  local log=$logs/torch_$1_$2_$3.json
  local peer_run=("${PYTHON:-python3}" "$peer" --all --device cuda --threadlist 1 --task "$1" --model "$2" --steps 10 --seconds 10)
  if [[ $3 == plain ]]; then
    "${peer_run[@]}" --variant eager >"$log" 2>&1 || true
  else
    { "${peer_run[@]}" && "${peer_run[@]}" --graph; } >"$log" 2>&1 || true
  fi
  number median_s <"$log" | sort -g | head -n 1
}

declare -A batch=([sine]=6 [lmnist]=256 [pmnist]=512 [nmnist]=512)
declare -A cell=([glifr_lheta]=glifr [rnn]=rnn [lstmn]=lstm)
rows=()
for task in sine lmnist pmnist nmnist; do
  for model in glifr_lheta rnn lstmn; do
    say "timing $task $model"
    settings=(--set "batch_size=${batch[$task]}")
    if [[ $model == rnn && ($task == sine || $task == lmnist) ]]; then settings+=(--set synaptic_delay=1); fi
    times=()
    for flags in "" --tf32; do
      log=$logs/${task}_$model$flags.json
      # shellcheck disable=SC2086  # no flag, or one
      "$train" --benchmark --device cuda $flags --task "$task" --model "$model" --benchmark-seconds "$seconds" "${settings[@]}" >"$log" ||
        checks+=("benchmark $task $model $flags: FAILED")
      times+=("$(number median_seconds <"$log")")
    done
    plain=$(peer_seconds "$task" "${cell[$model]}" plain)
    best=$(peer_seconds "$task" "${cell[$model]}" best)
    rows+=("$task ${batch[$task]} $model $(milliseconds "${times[0]}") $(milliseconds "${times[1]}") $(milliseconds "$plain") $(milliseconds "$best") $(ratio "$plain" "${times[0]}") $(ratio "$best" "${times[0]}")")
  done
done

if compgen -G "$data/mnist/train-images*" >/dev/null; then
  say "pmnist glifr_lheta, 3 trials in full"
  start=$SECONDS
  check "pmnist in full" "$train" --task pmnist --model glifr_lheta --ntrials 3 --device cuda --data "$data" --out "$logs/results" --overwrite
  checks+=("pmnist in full: $((SECONDS - start)) s for 3 trials; results in $logs/results")
else
  checks+=("pmnist in full: skipped, no MNIST in $data")
fi

# Several GPUs, one process each, must end with the bits of one GPU that computes as many shares.
gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU') || gpus=0
several_gpus() {
  local run=("$train" --task sine --model glifr_lheta --epochs 200 --device cuda --set "device_shares=$gpus" --no-figures --overwrite)
  "${run[@]}" --out "$logs/one_gpu" &&
    mpirun -n "$gpus" "${run[@]}" --distribute batch --out "$logs/several_gpus" &&
    cmp "$logs"/{one_gpu,several_gpus}/sine/glifr_lheta/trial_0/checkpoints/last.safetensors
}
if ((gpus > 1)) && command -v mpirun >/dev/null; then
  check "$gpus GPUs" several_gpus
else
  checks+=("several GPUs: skipped, there are $gpus GPUs, $(command -v mpirun >/dev/null && echo mpirun || echo 'no mpirun')")
fi

printf '\n%s, CUDA %s\n' "$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi')" \
  "$(nvcc --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')"
printf '%s\n' "${checks[@]}"
printf '\nMilliseconds a training step\n'
{
  echo "task batch model glifr tf32 plain_loop best_torch times_plain times_best"
  printf '%s\n' "${rows[@]}"
} | column -t
for line in "${checks[@]}"; do [[ $line != *FAILED* ]] || exit 1; done
