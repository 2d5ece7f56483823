#!/usr/bin/env bash
# Installs missing packages and makes, in build-package: the Debian packages glifr and libglifr-dev, and glifr-VERSION-linux-ARCHITECTURE.tar.gz, which
# holds programs, library, headers, manual pages, completion and the libraries that the programs need. The archive runs wherever the C library is not older
# than this machine's.
set -euo pipefail
trap 'printf "package.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh
cmake --preset package
cmake --build --preset package --parallel "$(nproc)"
cpack --preset package -B build-package
printf 'package.sh:\n'
ls -l build-package/*.deb build-package/*.tar.gz
