#!/usr/bin/env bash
# Compiles the library and tests for 64-bit ARM, checks that the kernels use its vector registers (NEON), and runs the tests by qemu-user. The tests of
# everything that follows the processor (kernels, packs, scans), of what is built on it (operations, gradients, networks, training), and of files. Names
# the tests that it leaves out. Needs, on Debian 12: g++-aarch64-linux-gnu, qemu-user-static, mmdebstrap, root (or mmdebstrap's unshare mode).
#
#   scripts/test_arm64.sh [SYSROOT [TEST...]]      SYSROOT: the target's libraries (default build-arm64/sysroot, made by scripts/arm64_root.sh);
#                                                  TEST: a program of tests, instead of the list below
set -euo pipefail
trap 'printf "test_arm64.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$source/build-arm64
GLIFR_SYSROOT=$(realpath -m "${1:-"$build/sysroot"}")
export GLIFR_SYSROOT
tests=("${@:2}")
if ((${#tests[@]} == 0)); then
  tests=(backend_test core_test neurons_test ops_test gradient_test network_test training_test io_test)
fi
say() { printf 'test_arm64.sh: %s\n' "$*"; }

"$source/scripts/arm64_root.sh" "$GLIFR_SYSROOT"
cmake -S "$source" -B "$build" -DCMAKE_TOOLCHAIN_FILE="$source/cmake/aarch64-linux-gnu.cmake" -DCMAKE_BUILD_TYPE=Release -DGLIFR_APPS=OFF \
  -DGLIFR_TESTS=ON -DGLIFR_CUDA=OFF -DGLIFR_MPI=OFF -DCMAKE_UNITY_BUILD=ON
cmake --build "$build" --parallel "$(nproc)" --target "${tests[@]}"

# Fused multiplication and addition of whole vector registers.
for type in 4s 2d; do
  count=$(find "$build/src" -path '*baseline*' -name '*.o' -exec aarch64-linux-gnu-objdump -d {} + | grep -cE "fml[as]\s+v[0-9]+\.$type" || true)
  say "kernels: $count instructions fmla or fmls on registers v.$type"
  if ((count == 0)); then
    say "failed: the kernels do not use NEON" >&2
    exit 1
  fi
done

for test in "${tests[@]}"; do
  say "$test"
  start=$SECONDS
  (cd "$build" && qemu-aarch64-static -L "$GLIFR_SYSROOT" "$(find "$build/tests" -type f -name "$test")")
  say "$test: $((SECONDS - start)) s"
done
say "not run: $(cmake --build "$build" --target help | grep -oE '\b[a-z_]+_test\b' | sort -u | grep -vxF "$(printf '%s\n' "${tests[@]}")" | tr '\n' ' ')and all that needs glifr_train or glifr_analyze"
