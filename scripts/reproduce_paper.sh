#!/usr/bin/env bash
# Trains what the paper trained and holds it against the published results. See --help.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What the paper trained, cheap things first: task, models, trials; then epochs, trials and models of --quick.
rows=(
  "realizable paper 10 600 2 paper"
  "sine paper 10 200 2 paper"
  "lmnist paper 10 1 1 paper"
  "lmnist-anneal paper 10 1 1 paper"
  "lmnist-lowsigma paper 10 1 1 paper"
  "lmnist-dropout0 all 1 1 1 all"
  "lmnist-dropout20 all 1 1 1 rnn"
  "lmnist-dropout40 all 1 1 1 rnn"
  "lmnist-dropout60 all 1 1 1 rnn"
  "lmnist-dropout80 all 1 1 1 rnn"
  "lmnist-dropout100 all 1 1 1 rnn"
  "nmnist paper 10 1 1 paper"
  "pmnist paper 10 1 1 rnn"
)

usage() {
  cat <<END
Usage: scripts/reproduce_paper.sh [--quick | --full] [--tasks TASK[,TASK...]] [options] [--slurm [-- SBATCH_OPTIONS]]

Trains the networks of the paper, silences their neurons, and writes a page that holds every table and figure of the
paper against the published one: OUT/page/paper.html, paper.md and paper.csv. Started again, it goes on where it was
stopped. Builds the programs where they are not there, and fetches MNIST; N-MNIST must be there (datasets/README.md).

  --full         all epochs and trials (default); about thirty hours on two processor cores, most of them for pmnist
  --quick        a smoke run of about ten minutes on two cores: few epochs, trials and models, no verdicts
  --tasks LIST   only these tasks
  --trials N     N trials of each network instead of the published number
  --out DIR      results folder; default results/paper, with --quick results/paper-quick
  --data DIR     data root; default \$GLIFR_DATA, then the folder datasets of this repository
  --build DIR    build folder with the programs; default build
  --archive DIR  also keeps in DIR what the page needs, without checkpoints
  --slurm        submits an array job for each task, a trial a job, and one for the page when all have ended
  --dry-run      prints the commands, runs nothing
  --help         this text

Tasks and the commands that train them:
END
  local row task models trials
  for row in "${rows[@]}"; do
    read -r task models trials _ <<<"$row"
    printf '  %-18s glifr_train --task %s --model %s --ntrials %s\n' "$task" "$task" "$models" "$trials"
  done
}

complain() { printf 'reproduce_paper.sh: %s\n' "$*" >&2; }
refuse() {
  complain "$*"
  exit 2
}

mode='' quick='' trials_wanted='' tasks='' out='' archive='' slurm='' dry=''
data=${GLIFR_DATA:-$root/datasets} build=$root/build sbatch_options=()
while (($# > 0)); do
  case $1 in
    --quick | --full)
      if [[ -n $mode && $mode != "$1" ]]; then refuse "$1: found beside $mode; accepted is one of them"; fi
      mode=$1 ;;
    --slurm) slurm=yes ;;
    --dry-run) dry=yes ;;
    --help | -h) usage; exit ;;
    --tasks | --trials | --out | --data | --build | --archive)
      if (($# < 2)); then refuse "$1: no value was given"; fi
      case $1 in
        --tasks)
          tasks=$2
          if [[ -z ${tasks//,/} ]]; then refuse "--tasks: found '$tasks', accepted are names of tasks; see --help"; fi ;;
        --trials) trials_wanted=$2 ;;
        --out) out=$2 ;;
        --data) data=$2 ;;
        --build) build=$2 ;;
        --archive) archive=$2 ;;
      esac
      shift ;;
    --)
      if [[ -z $slurm ]]; then refuse "options of sbatch, behind --, need --slurm before them"; fi
      shift
      sbatch_options=("$@")
      break ;;
    *) refuse "$1: unknown; see --help" ;;
  esac
  shift
done
if [[ $mode == --quick ]]; then quick=yes; fi
if [[ -n $trials_wanted && ! $trials_wanted =~ ^[1-9][0-9]*$ ]]; then
  refuse "--trials: found '$trials_wanted', accepted is an integer >= 1"
fi
out=${out:-$root/results/paper${quick:+-quick}}
names=" $(printf '%s\n' "${rows[@]%% *}" | paste -sd ' ') "
for task in ${tasks//,/ }; do
  if [[ $names != *" $task "* ]]; then refuse "--tasks: found '$task', accepted are$names"; fi
done
train=$build/apps/glifr_train/glifr_train
analyze=$build/apps/glifr_analyze/glifr_analyze

# Runs a command, or with --dry-run prints it.
run() {
  local line
  line=$(printf ' %q' "$@")
  if [[ -n $dry ]]; then
    printf '%s\n' "${line:1}"
  else
    printf '+%s\n' "$line"
    "$@"
  fi
}

# Whether the data of a task are there; fetches MNIST where they are not. Says what is missing.
has_data() {
  case $1 in
    *mnist*) ;;
    *) return 0 ;;
  esac
  if [[ -n $dry ]]; then return 0; fi
  if [[ $1 == nmnist ]]; then
    if [[ -d $data/nmnist/Train && -d $data/nmnist/Test ]]; then return 0; fi
    complain "nmnist: left out, $data/nmnist/Train and Test are not there; see datasets/README.md"
    return 1
  fi
  if compgen -G "$data/mnist/t10k-labels-idx1-ubyte*" >/dev/null; then return 0; fi
  if "$root/scripts/fetch_data.sh" --data "$data" mnist; then return 0; fi
  complain "$1: left out, there is no MNIST in $data/mnist; see datasets/README.md"
  return 1
}

if [[ -z $dry && ! (-x $train && -x $analyze) ]]; then
  run "$root/scripts/setup.sh"
  run "$root/scripts/build_programs.sh" "$build"
fi

failed=() jobs=()
for row in "${rows[@]}"; do
  read -r task models trials quick_epochs quick_trials quick_models <<<"$row"
  if [[ -n $tasks && ,$tasks, != *,$task,* ]]; then continue; fi
  if ! has_data "$task"; then continue; fi
  if [[ -n $quick ]]; then trials=$quick_trials models=$quick_models; fi
  trials=${trials_wanted:-$trials}
  command=("$train" --task "$task" --model "$models" --ntrials "$trials")
  if [[ -n $quick ]]; then command+=(--epochs "$quick_epochs"); fi
  options=(--resume --no-figures --data "$data" --out "$out")
  if [[ -n $slurm ]]; then
    command[6]=1
    # shellcheck disable=SC2016  # the job expands them
    line="${command[*]@Q} --first-trial \$SLURM_ARRAY_TASK_ID --threads \${SLURM_CPUS_PER_TASK:-1} ${options[*]@Q}"
    submit=(sbatch --parsable "--job-name=glifr-$task" "--array=0-$((trials - 1))" "${sbatch_options[@]}" "--wrap=$line")
    if [[ -n $dry ]]; then
      printf '%s\n' "${submit[*]@Q}"
    else
      jobs+=("$("${submit[@]}")")
      printf 'submitted %s as job %s\n' "$task" "${jobs[-1]}"
    fi
    continue
  fi
  status=0
  run "${command[@]}" "${options[@]}" || status=$?
  if ((status == 130)); then exit 130; fi  # interrupted: the same command goes on
  if ((status != 0)); then failed+=("$task"); fi
done

silence=("$analyze" ablation "$out" --trials 1 --data "$data" --out "$out/silencing" --no-figures)
if [[ -n $quick ]]; then silence+=(--samples 500 --draws 2); fi
page=("$analyze" paper "$out" --data "$data" --out "$out/page")
keep=("$analyze" paper "$out" --archive "$archive")
if [[ -n $slurm ]]; then
  line="${silence[*]@Q}; ${page[*]@Q}${archive:+; ${keep[*]@Q}}"
  all=$(IFS=:; printf '%s' "${jobs[*]%%;*}")
  submit=(sbatch --parsable --job-name=glifr-page "--dependency=afterany:${all:-JOBS}" "${sbatch_options[@]}" "--wrap=$line")
  if [[ -n $dry ]]; then
    printf '%s\n' "${submit[*]@Q}"
  else
    printf 'submitted the page as job %s: %s\n' "$("${submit[@]}")" "$out/page/paper.html"
  fi
  exit
fi
if [[ -z $dry && ! -d $out ]]; then refuse "nothing was trained: no task of this request has its data"; fi
run "${silence[@]}" || complain "neurons were not silenced (see above); the page does without"
run "${page[@]}"
if [[ -n $archive ]]; then run "${keep[@]}"; fi
if [[ -n $dry ]]; then exit; fi
if [[ -n $quick ]]; then printf 'This was a smoke run: few epochs, trials and models, no verdicts.\n'; fi
printf 'The page: %s\n' "$out/page/paper.html"
if ((${#failed[@]} > 0)); then
  complain "failed: ${failed[*]}"
  exit 1
fi
