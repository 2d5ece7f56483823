#!/usr/bin/env bash
# The archive of scripts/gpu_stage.sh: its programs run on what is in it and on the C library, and its check says which part failed where there is no GPU.
#
#   gpu_archive_test.sh SOURCE BUILD
set -euo pipefail

source=$1 build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  printf 'gpu_archive_test.sh: %s\n' "$*" >&2
  exit 1
}

"$source/scripts/gpu_stage.sh" --build "$build" --data "$scratch" --out "$scratch/archive.tar.gz"
tar -xzf "$scratch/archive.tar.gz" -C "$scratch"
tree=$scratch/glifr-gpu-check
for program in cuda_test glifr_train; do
  foreign=$(LD_LIBRARY_PATH=$tree/lib ldd "$tree/$program" | awk '$2 == "=>" {print $3}' | grep -v "^$tree/lib/" |
    grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv)\.so' || true)
  [[ -z $foreign ]] || fail "$program needs what is not in the archive: $foreign"
done

table=$(env -i PATH=/usr/bin:/bin CUDA_VISIBLE_DEVICES= OUT="$scratch/logs" "$tree/gpu_check.sh" programs tests) && fail "the check passes without a GPU"
grep -q '^libraries  *passed' <<<"$table" || fail "the programs do not find their libraries: $table"
grep -q '^tests  *FAILED: no GPU' <<<"$table" || fail "the check does not say that there is no GPU: $table"
env -i PATH=/usr/bin:/bin OUT="$scratch/logs" "$tree/gpu_check.sh" everything 2>/dev/null && fail "an unknown part is accepted"
grep -q 'nor a part\|is no part' < <(env -i PATH=/usr/bin:/bin OUT="$scratch/logs" "$tree/gpu_check.sh" everything 2>&1) || fail "an unknown part is not named"
