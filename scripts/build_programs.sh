#!/usr/bin/env bash
# Builds glifr_train and glifr_analyze, optimised and for this machine alone, as fast as can be.
#
#   scripts/build_programs.sh [BUILD]        default: the folder build of this repository
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:-$root/build}

# Sources are joined, and kernels compiled for instruction sets that this machine has: half the work for a compiler.
targets=baseline
if grep -qw avx2 /proc/cpuinfo; then targets+=";x86-64-v3"; fi
if grep -qw avx512vl /proc/cpuinfo; then targets+=";x86-64-v4"; fi
generator=()
if command -v ninja >/dev/null && [[ ! -e $build/CMakeCache.txt ]]; then generator=(-G Ninja); fi
cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DGLIFR_TARGETS="$targets" -DGLIFR_TESTS=OFF -DCMAKE_UNITY_BUILD=ON
cmake --build "$build" --parallel "$(nproc)" --target glifr_train glifr_analyze
