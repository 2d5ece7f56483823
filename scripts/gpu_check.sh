#!/usr/bin/env bash
# Checks glifr on a machine with a GPU. It belongs into the archive that scripts/gpu_stage.sh makes elsewhere, and is run where that was unpacked:
#
#   tar -xzf glifr-gpu-check.tar.gz && glifr-gpu-check/gpu_check.sh [PART...]
#
# Parts, in this order (default: all; at most an hour, on an H100 by calculation 15 minutes):
#   programs   the card, and whether the programs find their libraries
#   tests      all tests on the GPU
#   sanitize   the tests without the grid of scans under compute-sanitizer: memcheck and initcheck (there is no shared memory for racecheck)
#   jobs       48 trials side by side, three times
#   times      milliseconds a training step of four tasks and three models, in float32 and TF32
#   fleet      20 trials of sine and of lmnist, alone and side by side
#   several    where there are several GPUs and mpirun: one process each, against the bits of one GPU that computes as many shares
#   torch      the same steps in PyTorch, where the archive holds a program for that
#   full       three trials of lmnist and pmnist, where it holds MNIST
#
# A part has a limit of its own, so that one that hangs costs itself alone. Logs go to $OUT (default ./logs), a table is printed last; exit code 1 where
# something failed.
set -uo pipefail

OUT=$(realpath -m "${OUT:-logs}")
mkdir -p "$OUT"
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2
parts=("$@")
if ((${#parts[@]} == 0)); then parts=(programs tests sanitize jobs times fleet several torch full); fi
PATH=$PATH:/usr/local/cuda/bin
export LD_LIBRARY_PATH=$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} CUDA_MODULE_LOADING=LAZY
# cuBLAS is the toolkit's, unless it came along.
for library in lib /usr/local/cuda*/lib64 /usr/lib/*-linux-gnu; do
  if compgen -G "$library/libcublas.so.1[0-9]" >/dev/null; then
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$(realpath "$library")
    break
  fi
done

table=() failed=no
# check NAME SECONDS COMMAND...: runs the command for no longer than that, keeps its output in a log, and adds a line to the table.
check() {
  local name=$1 limit=$2 start=$SECONDS state=passed code=0
  shift 2
  printf '%s\n' "$name" >&2
  timeout -k 5 "$limit" "$@" >"$OUT/$name.txt" 2>&1 || code=$?
  case $code in
    0)
      if grep -q '\[skipped\] there is no GPU' "$OUT/$name.txt"; then
        state="FAILED: no GPU" code=1
      fi
      ;;
    124 | 137) state="TOOK TOO LONG" ;;
    *) state="FAILED ($code)" ;;
  esac
  if ((code != 0)); then failed=yes; fi
  table+=("$(printf '%-24s %-20s %4d s  %s' "$name" "$state" $((SECONDS - start)) \
    "$(grep -E 'All tests passed|test cases:|ERROR SUMMARY|^glifr_train: |rror' "$OUT/$name.txt" | tail -n 1 | cut -c1-100)")")
}
skip() { table+=("$(printf '%-24s skipped: %s' "$1" "$2")"); }
# Prints the number after "KEY": in the last line of JSON of a log, in milliseconds.
milliseconds() { sed -n "s/.*\"$2\": *\([0-9.eE+-]*\).*/\1/p" "$OUT/$1.txt" 2>/dev/null | tail -n 1 | awk '{printf "%.4g", 1000 * $1}'; }

declare -A batch=([sine]=6 [lmnist]=256 [pmnist]=512 [nmnist]=512) cell=([glifr_lheta]=glifr [rnn]=rnn [lstmn]=lstm)
train=(./glifr_train --device cuda --no-figures --overwrite)
rows=()
for part in "${parts[@]}"; do
  case $part in
    programs)
      check card 20 nvidia-smi --query-gpu=name,driver_version,clocks.sm,power.limit --format=csv
      check libraries 20 bash -c 'ldd ./cuda_test ./glifr_train && ! ldd ./cuda_test ./glifr_train | grep "not found" && ./glifr_train --version'
      ;;
    tests)
      check tests 120 ./cuda_test '~[grid]'
      check tests_grid 300 ./cuda_test '[grid]'
      ;;
    sanitize)
      for tool in memcheck initcheck; do
        if command -v compute-sanitizer >/dev/null; then
          check "$tool" 300 compute-sanitizer --tool "$tool" --error-exitcode 9 ./cuda_test '~[grid]' '~many*'
        else
          skip "$tool" "there is no compute-sanitizer"
        fi
      done
      ;;
    jobs)
      for round in 1 2 3; do
        check "jobs_$round" 60 "${train[@]}" --task sine --ntrials 48 --epochs 20 --jobs 16 --out "$OUT/jobs"
      done
      ;;
    times)
      for task in sine lmnist nmnist pmnist; do
        for model in glifr_lheta rnn lstmn; do
          settings=(--set "batch_size=${batch[$task]}")
          if [[ $model == rnn && ($task == sine || $task == lmnist) ]]; then settings+=(--set synaptic_delay=1); fi
          for mode in "" --tf32; do
            # shellcheck disable=SC2086  # no option, or one
            check "time_${task}_$model$mode" 30 "${train[@]}" --benchmark $mode --task "$task" --model "$model" --benchmark-seconds 1 "${settings[@]}"
          done
          rows+=("$task ${batch[$task]} $model $(milliseconds "time_${task}_$model" median_seconds) $(milliseconds "time_${task}_$model--tf32" median_seconds)")
        done
      done
      ;;
    fleet)
      for jobs in 1 20; do
        check "fleet_sine_$jobs" 120 "${train[@]}" --task sine --ntrials 20 --epochs 500 --jobs "$jobs" --out "$OUT/fleet"
        if [[ -d data/mnist ]]; then
          check "fleet_lmnist_$jobs" 120 "${train[@]}" --task lmnist --ntrials 20 --epochs 1 --jobs "$jobs" --data data --out "$OUT/fleet"
        fi
      done
      ;;
    several)
      gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU')
      if ((gpus < 2)) || ! command -v mpirun >/dev/null; then
        skip several "needs several GPUs and mpirun, there are $gpus GPUs"
        continue
      fi
      shared=("${train[@]}" --task sine --model glifr_lheta --epochs 200 --set "device_shares=$gpus")
      check several_alone 120 "${shared[@]}" --out "$OUT/one_gpu"
      check several 120 mpirun -n "$gpus" "${shared[@]}" --distribute batch --out "$OUT/several_gpus"
      check several_same_bits 20 cmp "$OUT"/{one_gpu,several_gpus}/sine/glifr_lheta/trial_0/checkpoints/last.safetensors
      ;;
    torch)
      if [[ ! -e torch_peer.py ]]; then
        skip torch "the archive holds no program for it"
        continue
      fi
      for task in sine lmnist nmnist pmnist; do
        for model in glifr_lheta rnn lstmn; do
          check "torch_${task}_$model" 60 "${PYTHON:-python3}" torch_peer.py --all --device cuda --threadlist 1 --task "$task" --model "${cell[$model]}" --steps 10 --seconds 10
        done
      done
      ;;
    full)
      if [[ ! -d data/mnist ]]; then
        skip full "the archive holds no MNIST"
        continue
      fi
      check full_lmnist 120 "${train[@]}" --task lmnist --ntrials 3 --data data --out "$OUT/full"
      check full_pmnist 420 "${train[@]}" --task pmnist --ntrials 3 --data data --out "$OUT/full"
      ;;
    *)
      printf 'gpu_check.sh: %s is no part; accepted: programs, tests, sanitize, jobs, times, fleet, several, torch, full\n' "$part" >&2
      exit 2
      ;;
  esac
done

printf '\n%s\n' "$(nvidia-smi --query-gpu=name,driver_version,temperature.gpu,clocks.sm --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi')"
printf '%s\n' "${table[@]}"
if ((${#rows[@]} > 0)); then
  printf '\nMilliseconds a training step\ntask batch model float32 tf32\n'
  printf '%s\n' "${rows[@]}"
fi
[[ $failed == no ]]
