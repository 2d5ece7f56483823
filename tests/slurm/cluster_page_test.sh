#!/usr/bin/env bash
# Runs every command of docs/cluster.md on a Slurm of virtual nodes, then what a batch system does to a job: preemption, the end of its time,
# cancelling, the end of a process. All must end with the bits of one process.
#
#   cluster_page_test.sh SOURCE BUILD
#
# CLUSTER_EPOCHS (8000 unless it is set): epochs of the trainings that are interrupted, some seconds on a machine with nothing else to do.
# The examples of Snakemake and Optuna are run where these are in the PATH (pip install snakemake snakemake-executor-plugin-cluster-generic optuna).
# Says "[skipped]" and why, with exit code 77, where there is no Slurm, no MPI or no root.
set -euo pipefail

source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
skip() {
  printf '[skipped] %s\n' "$*"
  exit 77
}
fail() {
  printf 'cluster_page_test.sh: %s\n' "$*" >&2
  exit 1
}

((EUID == 0)) || skip "starting a Slurm needs root"
for program in munged slurmctld slurmd sbatch mpirun; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || skip "there is no $program (Debian: slurm-wlm, munge, openmpi-bin)"
done
unshare --mount --uts true 2>/dev/null || skip "this container may not make name spaces"

work=$(mktemp -d /tmp/glifr-cluster-XXXXXX)
finish() {
  "$source/tests/slurm/local_slurm.sh" stop "$work/slurm"
  if [[ -n ${keep-} ]]; then printf 'left in %s\n' "$work"; else rm -rf "$work"; fi
}
trap finish EXIT
"$source/tests/slurm/local_slurm.sh" start "$work/slurm" 3 2
# shellcheck disable=SC1091
. "$work/slurm/environment"
export PATH=$build/apps/glifr_train:$build/apps/glifr_analyze:$PATH
export CUDA_VISIBLE_DEVICES=
ln -s "$source/scripts" "$source/examples" "$work"
cd "$work"

say() { printf '== %s\n' "$*"; }
complete() { [[ -e $1/test.json ]] || { tail -n 5 ./*.log ./*.out; fail "$1 is not complete"; }; }
# The same files but for times.
same() {
  local file
  for file in checkpoints/last.safetensors checkpoints/initial.safetensors test.json config.json; do
    cmp "$1/$file" "$2/$file" || fail "$1 and $2 differ"
  done
  cmp <(cut -d, -f1-3 "$1/metrics.csv") <(cut -d, -f1-3 "$2/metrics.csv") || fail "the metrics of $1 and $2 differ"
}
until_true() {
  local end=$((SECONDS + $1))
  until "${@:2}" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "in vain waited for: ${*:2}"
    sleep 0.2
  done
}

say "the commands of docs/cluster.md"
awk '/^```/ { inside = $0 == "```sh"; next } inside' "$source/docs/cluster.md" >page.sh
count=$(wc -l <page.sh)
((count >= 10)) || fail "only $count lines of commands were found in docs/cluster.md"
bash -euxo pipefail page.sh || { tail -n 5 ./*.log ./*.out; fail "a command of docs/cluster.md failed"; }
for trial in results/sine/{rnn,glifr_lheta}/trial_{0,1} array/sine/{rnn,glifr_lheta,glifr_fheta}/trial_{0,1} trials/sine/rnn/trial_{0,1} \
  models/sine/glifr_{lheta,fheta,rheta}/trial_0 requeued/sine/glifr_lheta/trial_0 processes/sine/glifr_lheta/trial_0 \
  nodes/sine/{rnn,lstmn}/trial_{0,1} two_nodes/sine/rnn/trial_0 sweep/sine-lr{1e-3,3e-4}/rnn/trial_0; do
  complete "$trial"
done
for one in array/sine/rnn/trial_1 trials/sine/rnn/trial_1 nodes/sine/rnn/trial_1; do same results/sine/rnn/trial_1 "$one"; done
for one in array requeued processes models; do same results/sine/glifr_lheta/trial_0 "$one/sine/glifr_lheta/trial_0"; done
same results/sine/rnn/trial_0 two_nodes/sine/rnn/trial_0

if command -v snakemake >/dev/null; then
  say "examples/cluster/Snakefile, each trial a job"
  snakemake --quiet all --snakefile examples/cluster/Snakefile --directory by_snakemake --jobs 4 --executor cluster-generic \
    --cluster-generic-submit-cmd "sbatch --parsable --cpus-per-task={threads} --time=60" >snakemake.log 2>&1 || { tail snakemake.log; fail "snakemake failed"; }
  for rate in 1e-3 3e-4 1e-4; do
    for trial in 0 1 2; do complete "by_snakemake/results/sine-lr$rate/glifr_lheta/trial_$trial"; done
  done
  [[ -s by_snakemake/results/analysis/summary.csv ]] || fail "snakemake left no summary"
else
  say "[not run] there is no snakemake"
fi
if python3 -c 'import optuna' 2>/dev/null; then
  say "examples/cluster/optuna_sweep.py, several jobs of one study"
  mkdir by_optuna
  sbatch --wait --chdir=by_optuna --array=1-2 --cpus-per-task=2 --wrap "python3 $source/examples/cluster/optuna_sweep.py" >/dev/null ||
    { tail by_optuna/*.out; fail "optuna_sweep.py failed"; }
  for ((i = 0; i < 10; ++i)); do complete "by_optuna/results/sine-$i/glifr_lheta/trial_0"; done
else
  say "[not run] there is no Optuna"
fi

# A training of some seconds in one process.
epochs=${CLUSTER_EPOCHS-8000}
training=(--task sine --model glifr_lheta --set batch_size=3 --set checkpoint_seconds=1 --no-figures)
long=("${training[@]}" --epochs "$epochs")
say "the bits that all jobs are to end with"
TIMEFORMAT=%U
took=$({ time glifr_train "${long[@]}" --threads 1 --out whole >whole.out; } 2>&1)  # seconds of a processor, whatever else runs
rows() { [[ -e $1/sine/glifr_lheta/trial_0/metrics.csv ]] && (($(wc -l <"$1/sine/glifr_lheta/trial_0/metrics.csv") > ${2-20})); }

say "a job that is preempted by others, which need all nodes"
job=$(sbatch --parsable --cpus-per-task=1 scripts/slurm/job.sbatch "${long[@]}" --out preempted)
until_true 60 rows preempted
sbatch --wait --partition=urgent --nodes=3 --ntasks=6 --output=/dev/null --wrap 'srun sleep 1' >/dev/null
until_true 240 test -e preempted/sine/glifr_lheta/trial_0/test.json
same whole/sine/glifr_lheta/trial_0 preempted/sine/glifr_lheta/trial_0
grep -q resumed "glifr-$job.log" || fail "the preempted job did not go on"

say "a signal to the steps of a job, several times, as srun and administrators send it"
job=$(sbatch --parsable --cpus-per-task=1 --nodes=2 --ntasks=2 scripts/slurm/job.sbatch "${long[@]}" --out signalled)
until_true 60 rows signalled
for _ in 1 2 3; do scancel --signal=USR1 "$job"; done
until_true 240 test -e signalled/sine/glifr_lheta/trial_0/test.json
same whole/sine/glifr_lheta/trial_0 signalled/sine/glifr_lheta/trial_0
grep -q resumed "glifr-$job.log" || fail "the signalled job did not go on"

say "jobs whose time ends, by the signal before it that job.sbatch asks for, and by Slurm's SIGTERM"
# Slurm counts the time in minutes: a training of some 100 s.
timed=("${training[@]}" --epochs $((epochs * 100 / (${took%.*} + 1))))
sbatch --parsable --time=1 --signal=USR1@30 --cpus-per-task=1 scripts/slurm/job.sbatch "${timed[@]}" --out warned >warned.job
sbatch --parsable --time=1 --cpus-per-task=1 --output=timed_out.out --wrap "srun glifr_train ${timed[*]} --out timed_out" >timed_out.job
glifr_train "${timed[@]}" --threads 1 --out timed >timed.out
timed_out() { grep -q "JobId=$(cat timed_out.job) .*JobState=TIMEOUT" "$work/slurm/ended"; }
until_true 300 timed_out
grep -q "interrupted; go on with the same command and --resume" timed_out.out || fail "the job that Slurm ended wrote no checkpoint"
[[ ! -e timed_out/sine/glifr_lheta/trial_0/test.json ]] || fail "the job ended before its time"
glifr_train "${timed[@]}" --threads 1 --out timed_out --resume >timed_out_resumed.out
same timed/sine/glifr_lheta/trial_0 timed_out/sine/glifr_lheta/trial_0
until_true 600 test -e warned/sine/glifr_lheta/trial_0/test.json
same timed/sine/glifr_lheta/trial_0 warned/sine/glifr_lheta/trial_0
grep -q resumed "glifr-$(cat warned.job).log" || fail "the job was not put back into the queue before its time ended"

say "a job that is cancelled stays so"
job=$(sbatch --parsable --cpus-per-task=1 scripts/slurm/job.sbatch "${long[@]}" --out cancelled)
until_true 60 rows cancelled
scancel "$job"
gone() { [[ -z $(squeue -h -j "$job" 2>/dev/null) ]]; }
until_true 60 gone
[[ ! -e cancelled/sine/glifr_lheta/trial_0/test.json ]] || fail "the cancelled job went on"

say "a process that dies ends the step within 30 s, and without MPI the trial goes on"
sbatch --wait --nodes=2 --ntasks=2 --output=died.out --wrap \
  "srun --kill-on-bad-exit=1 bash -c '[[ \$SLURM_PROCID == 1 ]] && (sleep 3; kill -KILL \$\$)& exec glifr_train ${long[*]} --out died'" &
submitted=$!
until_true 60 rows died 1
begun=$SECONDS
if wait "$submitted"; then fail "the job of a process that died succeeded"; fi
((SECONDS - begun < 40)) || fail "the others went on for $((SECONDS - begun)) s"
glifr_train "${long[@]}" --out died --resume >died_resumed.out
same whole/sine/glifr_lheta/trial_0 died/sine/glifr_lheta/trial_0
say "all of it in $SECONDS s"
