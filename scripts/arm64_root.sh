#!/usr/bin/env bash
# Makes a folder with the libraries that a build for 64-bit ARM links (Debian 12's), unless it is there already, for cmake/aarch64-linux-gnu.cmake.
# Needs mmdebstrap, as root or in its unshare mode.
#
#   scripts/arm64_root.sh FOLDER
set -euo pipefail
trap 'printf "arm64_root.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

root=${1:?arm64_root.sh: which folder?}
if [[ -e $root/complete ]]; then exit 0; fi
for command in mmdebstrap aarch64-linux-gnu-g++ qemu-aarch64-static; do
  command -v "$command" >/dev/null || {
    printf 'arm64_root.sh: there is no %s; on Debian 12: apt-get install g++-aarch64-linux-gnu qemu-user-static mmdebstrap\n' "$command" >&2
    exit 1
  }
done
rm -rf "$root"
mkdir -p "$(dirname "$root")"
packages=libc6-dev,libstdc++-12-dev,libeigen3-dev,libtbb-dev,libboost-json1.81-dev,zlib1g-dev,libzip-dev,libhdf5-dev,libcli11-dev,libprotozero-dev,catch2
mmdebstrap --architectures=arm64 --variant=extract --include="$packages" bookworm "$root"
# Links from the root of the file system would lead to this machine's files.
find "$root/usr/lib" "$root/lib" -type l -lname '/*' | while read -r link; do
  ln -sfn "$(realpath -m --relative-to "$(dirname "$link")" "$root$(readlink "$link")")" "$link"
done
touch "$root/complete"
