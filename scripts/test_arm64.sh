#!/usr/bin/env bash
# Compiles the library for 64-bit ARM and runs the tests of kernels, operations and gradients by qemu-user. Needs, on Debian 12: g++-aarch64-linux-gnu,
# qemu-user-static, mmdebstrap, root (or mmdebstrap's unshare mode).
#
#   scripts/test_arm64.sh [FOLDER]      FOLDER: for the root with ARM's libraries and the build (default build-arm64)
set -euo pipefail
trap 'printf "test_arm64.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:-$root/build-arm64}
export GLIFR_SYSROOT=$build/sysroot
if [[ ! -e $GLIFR_SYSROOT/usr/include/catch2 ]]; then
  rm -rf "$GLIFR_SYSROOT"
  mkdir -p "$build"
  mmdebstrap --architecture=arm64 --variant=extract \
    --include=libc6-dev,libstdc++-12-dev,libtbb-dev,libboost-json1.81-dev,zlib1g-dev,libeigen3-dev,catch2 bookworm "$GLIFR_SYSROOT"
  # Links from the root of the file system would lead to this machine's files.
  find "$GLIFR_SYSROOT/usr/lib" -type l -lname '/*' | while read -r link; do
    ln -sfn "$(realpath -m --relative-to "$(dirname "$link")" "$GLIFR_SYSROOT$(readlink "$link")")" "$link"
  done
fi
tests=(backend_test core_test neurons_test ops_test gradient_test)
cmake -S "$root" -B "$build/build" -DCMAKE_TOOLCHAIN_FILE="$root/cmake/aarch64-linux-gnu.cmake" -DCMAKE_BUILD_TYPE=Release -DGLIFR_APPS=OFF \
  -DGLIFR_CUDA=OFF -DGLIFR_ZIP=OFF -DGLIFR_HDF5=OFF
cmake --build "$build/build" --parallel "$(nproc)" --target "${tests[@]}"
for test in "${tests[@]}"; do
  printf 'test_arm64.sh: %s\n' "$test"
  find "$build/build/tests" -type f -name "$test" -exec qemu-aarch64-static -L "$GLIFR_SYSROOT" {} \;
done
