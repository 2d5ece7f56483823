#!/usr/bin/env bash
# Installs missing packages, builds everything in build-test with warnings as errors, and runs all tests.
#
#   scripts/test.sh [OPTION OF CMAKE...]     e.g. -DGLIFR_CUDA=ON, which compiles the GPU kernels on a machine without a GPU
#
# Tests that need data or reference results are reported as skipped unless GLIFR_DATA and GLIFR_REFERENCE_DIR name
# the folders that hold them.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit
fi

trap 'printf "test.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build-test
jobs=$(nproc)

"$root/scripts/setup.sh"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DGLIFR_WARNINGS_AS_ERRORS=ON -DGLIFR_TESTS=ON -DGLIFR_APPS=ON -DCMAKE_UNITY_BUILD=ON "$@"
printf 'test.sh: a first build and all tests take about %s minutes on %s cores.\n' "$(((40 + jobs - 1) / jobs))" "$jobs"
cmake --build "$build" --parallel "$jobs"
ctest --test-dir "$build" --output-on-failure --no-tests=error --no-label-summary --parallel "$jobs"
printf 'test.sh: all of it in %s s\n' "$SECONDS"
