#!/usr/bin/env bash
# Installs what is missing, builds glifr into build, and trains a network of GLIFR neurons to produce six sine waves.
set -euo pipefail
trap 'printf "quickstart.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
results=$root/results/quickstart

"$root/scripts/setup.sh"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release
cmake --build "$build" --parallel "$(nproc)" --target glifr_train glifr_analyze

"$build/apps/glifr_train/glifr_train" --task sine --model glifr_lheta --out "$results" --overwrite
trial=$results/sine/glifr_lheta/trial_0
figures=$trial/figures
"$build/apps/glifr_analyze/glifr_analyze" responses --checkpoint "$trial/checkpoints/last.safetensors" --out "$figures"

printf '\nResult on the six waves, %s:\n' "$trial/test.json"
cat "$trial/test.json"
if [[ -f $figures/sine_responses.svg ]]; then
  printf 'Outputs against targets: %s\n' "$figures/sine_responses.svg"
else
  printf 'No figure was drawn (see above); its data: %s\n' "$figures/responses.csv"
fi
