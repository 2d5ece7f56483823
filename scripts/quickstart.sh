#!/usr/bin/env bash
# Installs missing packages, builds glifr's two programs in build, trains a network of GLIFR neurons to produce six sine waves, draws its outputs,
# and prints the time of each stage. Takes no arguments.
set -euo pipefail

case ${1-} in
  "") ;;
  -h | --help)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit
    ;;
  *)
    printf "quickstart.sh: '%s' is not known; accepted: --help\n" "$1" >&2
    exit 2
    ;;
esac

trap 'printf "quickstart.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
results=$root/results/quickstart
trial=$results/sine/glifr_lheta/trial_0
figures=$trial/figures

# stage NAME COMMAND...: runs the command and records its seconds.
stages=()
stage() {
  local start=$SECONDS
  "${@:2}"
  stages+=("$1 $((SECONDS - start)) s")
}

stage packages "$root/scripts/setup.sh" --quick
stage build "$root/scripts/build_programs.sh" "$build"
stage train "$build/apps/glifr_train/glifr_train" --task sine --model glifr_lheta --out "$results" --overwrite
stage figure "$build/apps/glifr_analyze/glifr_analyze" responses --checkpoint "$trial/checkpoints/last.safetensors" --out "$figures"

printf '\nResult on the six waves, %s:\n' "$trial/test.json"
cat "$trial/test.json"
if [[ -f $figures/sine_responses.svg ]]; then
  printf 'Outputs against targets: %s\n' "$figures/sine_responses.svg"
else
  printf 'No figure was drawn (see above); its data: %s\n' "$figures/responses.csv"
fi
printf -v seconds '%s, ' "${stages[@]}"
printf 'From clone to figure in %s s on %s cores: %s\n' "$SECONDS" "$(nproc)" "${seconds%, }"
