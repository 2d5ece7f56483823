#!/usr/bin/env bash
# Installs missing packages and makes, in build-package: the Debian packages glifr and libglifr-dev, and glifr-VERSION-linux-ARCHITECTURE.tar.gz, which
# holds programs, library, headers, manual pages, completion, the libraries that the programs need, and their licences. The archive runs wherever the C library
# is not older than this machine's. scripts/test_package.sh tries it in bare roots.
#
#   scripts/package.sh                        for this machine's architecture
#   scripts/package.sh --arm64 [SYSROOT]      the archive for 64-bit ARM, in build-package-arm64, by cross compilation; SYSROOT: see scripts/arm64_root.sh
set -euo pipefail
trap 'printf "package.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

cd "$(dirname "${BASH_SOURCE[0]}")/.."
build="build-package"
options=()
generators="DEB;TGZ"
case ${1-} in
  "") scripts/setup.sh --package ;;
  --arm64)
    build="build-package-arm64"
    GLIFR_SYSROOT=$(realpath -m "${2:-$build/sysroot}")
    export GLIFR_SYSROOT
    scripts/arm64_root.sh "$GLIFR_SYSROOT"
    options=(-DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/aarch64-linux-gnu.cmake")
    generators=TGZ
    ;;
  *)
    printf "package.sh: '%s' is not known; accepted: --arm64 [SYSROOT]\n" "$1" >&2
    exit 2
    ;;
esac
cmake --preset package -B "$build" "${options[@]}"
cmake --build "$build" --parallel "$(nproc)"
cpack --config "$build/CPackConfig.cmake" -B "$build" -G "$generators"
printf 'package.sh: %s s\n' "$SECONDS"
find "$build" -maxdepth 1 \( -name '*.deb' -o -name '*.tar.gz' \) -exec ls -l {} +
