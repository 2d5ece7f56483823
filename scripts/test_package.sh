#!/usr/bin/env bash
# Tries what scripts/package.sh made: what is in the archive; that its programs run in bare roots of Debian 12 and 13 (mmdebstrap, nothing installed); that
# projects find its library there after the packages of docs/getting-started.md are installed; that the Debian packages install, run and leave nothing behind.
# Of an archive for 64-bit ARM, the programs run in emulation. Needs root, mmdebstrap and a network for the roots; says what it skips without.
#
#   scripts/test_package.sh [ARCHIVE]        default: the archive in build-package
#
# GLIFR_ROOTS in the environment: the folder where bare roots are kept for the next time (default build-package/roots).
set -euo pipefail
trap 'printf "test_package.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
archive=$(realpath "${1:-$(find "$source/build-package" -maxdepth 1 -name 'glifr-*.tar.gz')}")
roots=$(realpath -m "${GLIFR_ROOTS:-$source/build-package/roots}")
name=$(basename "$archive" .tar.gz)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
skipped=()

say() { printf 'test_package.sh: %s\n' "$*"; }
fail() {
  say "failed: $*" >&2
  exit 1
}

# 1. What is in the archive.
newest_glibc=2.36
tar -xzf "$archive" -C "$scratch"
tree=$scratch/$name
[[ $(ls "$scratch") == "$name" ]] || fail "the archive unpacks to more than the folder $name: $(ls "$scratch")"
odd=$(find "$tree" ! -type l \( -perm /022 -o ! -perm -444 \))
[[ -z $odd ]] || fail "permissions of $odd"
for file in bin/glifr_train bin/glifr_analyze lib/libglifr.a lib/cmake/glifr/glifr-config.cmake lib/pkgconfig/glifr.pc include/glifr/glifr.hpp \
  share/man/man1/glifr_train.1 share/man/man1/glifr_analyze.1 share/bash-completion/completions/glifr_train share/zsh/site-functions/_glifr_train \
  share/doc/glifr/copyright share/doc/glifr/licences; do
  [[ -e $tree/$file ]] || fail "there is no $file"
done
for folder in "$source" "$HOME/" "${GLIFR_SYSROOT:-$source}"; do
  found=$(grep -rlF -- "$folder" "$tree" || true)
  [[ -z $found ]] || fail "$folder, a folder of this machine, is named in $found"
done
mapfile -t binaries < <(find "$tree/bin" "$tree/lib/glifr" -type f)
mapfile -t needed < <(readelf -d "${binaries[@]}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)
for library in "${needed[@]}"; do
  [[ $library =~ ^(ld-linux.*|lib(c|m|dl|rt|pthread))\.so\.[0-9]+$ || -e $tree/lib/glifr/$library ]] || fail "$library is needed and does not travel"
done
glibc=$(readelf -W -V "${binaries[@]}" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
glibc=${glibc#GLIBC_}
[[ $(printf '%s\n' "$glibc" "$newest_glibc" | sort -V | tail -n 1) == "$newest_glibc" ]] || fail "glibc $glibc is needed"
say "$name: $(stat -c %s "$archive") bytes, $(find "$tree" -type f | wc -l) files; needs glibc $glibc; libraries that travel: $(find "$tree/lib/glifr" -type f -printf '%f ')"
say "licences: $(find "$tree/share/doc/glifr/licences" -type f -printf '%f ')"

# `in_root ROOT COMMAND...` runs a command in a root, as root; `as_user ROOT COMMAND...` as a user who owns nothing. Mounts end with the command.
enter() {
  # shellcheck disable=SC2016  # the inner shell's
  unshare --mount --pid --fork -- sh -ec 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; root=$1; shift; exec chroot "$@"' sh "$1" "${@:2}"
}
variables=(/usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp DEBIAN_FRONTEND=noninteractive LC_ALL=C)
in_root() { enter "$1" "$1" "${variables[@]}" "${@:2}"; }
as_user() { enter "$1" --userspec=65534:65534 "$1" "${variables[@]}" "${@:2}"; }

# bare RELEASE COPY: a fresh root of a release of Debian.
bare() {
  if [[ ! -e $roots/$1/complete ]]; then
    rm -rf "${roots:?}/$1"
    mkdir -p "$roots"
    mmdebstrap --quiet --variant=minbase "$1" "$roots/$1"
    touch "$roots/$1/complete"
  fi
  cp -a "$roots/$1" "$2"
}

install() {
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  in_root "$1" apt-get -qq update
  in_root "$1" apt-get -qq -y --no-install-recommends install "${@:2}" >"$scratch/apt.log" 2>&1 || {
    tail -n 20 "$scratch/apt.log" >&2
    fail "apt-get install ${*:2}"
  }
}

# try_programs ROOT RUN...: trains and makes a report in a root; RUN is what runs a program there.
try_programs() {
  local folder=$1 run=("${@:2}") said
  "${run[@]}" "/opt/$name/bin/glifr_train" --version
  "${run[@]}" "/opt/$name/bin/glifr_train" --task sine --model glifr_lheta --epochs 3 --out /tmp/results
  said=$("${run[@]}" "/opt/$name/bin/glifr_analyze" report /tmp/results --out /tmp/report 2>&1)
  printf '%s\n' "$said"
  [[ $(grep -c 'gnuplot was not found' <<<"$said") == 1 ]] || fail "that gnuplot is missing is not said once"
  [[ -s $folder/tmp/report/report.html && -n $(find "$folder/tmp/report" -name '*.gp') && -n $(find "$folder/tmp/report" -name '*.csv') ]] ||
    fail "the report is not there: $(ls "$folder/tmp/report")"
}

# 2. Programs in bare roots. 3. Projects that use the library there. 4. Debian packages.
if [[ $name == *-aarch64 ]]; then
  skipped+=("projects that use the library, and Debian packages: not for another architecture")
elif ((EUID != 0)) || ! command -v mmdebstrap >/dev/null; then
  skipped+=("all that runs in bare roots: needs root and mmdebstrap")
else
  for release in bookworm:12 trixie:13; do
    version=${release#*:}
    release=${release%:*}
    root=$scratch/$release
    bare "$release" "$root"
    say "programs in a bare root of Debian $version ($(in_root "$root" dpkg-query -W -f 'x' | wc -c) packages)"
    tar -xzf "$archive" -C "$root/opt"
    for program in glifr_train glifr_analyze; do
      outside=$(as_user "$root" ldd "/opt/$name/bin/$program" | awk -v at="/opt/$name/" '/=>/ && index($3, at) != 1 { print $1 }' |
        grep -vE '^lib(c|m|dl|rt|pthread)\.so\.[0-9]+$' || true)
      [[ -z $outside ]] || fail "$program takes from the system, or lacks: $outside"
    done
    try_programs "$root" as_user "$root"
    rm -rf "$root"/tmp/*

    packages=$(sed -n 's/^sudo apt install \(.*[^ ]\) *# Debian 12 and 13$/\1/p' "$source/docs/getting-started.md")
    [[ -n $packages ]] || fail "docs/getting-started.md does not say what projects need on Debian $version"
    say "projects that use the library on Debian $version, after apt install $packages"
    # shellcheck disable=SC2086  # several packages
    install "$root" $packages pkgconf
    cp -r "$source/examples" "$root/tmp/examples"
    for example in first_network custom_app; do
      in_root "$root" cmake -S "/tmp/examples/$example" -B "/tmp/$example" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=/opt/$name" >/dev/null
      in_root "$root" cmake --build "/tmp/$example" --parallel "$(nproc)"
    done
    in_root "$root" env --chdir=/tmp /tmp/first_network/first_network
    # shellcheck disable=SC2016  # the inner shell's
    in_root "$root" env --chdir=/tmp "PKG_CONFIG_PATH=/opt/$name/lib/pkgconfig" \
      sh -ec 'g++ /tmp/examples/first_network/main.cpp -o by_pkg_config $(pkgconf --cflags --libs glifr); ./by_pkg_config'
    in_root "$root" env --chdir=/tmp /tmp/custom_app/custom_train --config /tmp/examples/custom_app/adaptive.json --out /tmp/custom --no-figures
    rm -rf "$root"
  done

  mapfile -t packages < <(find "$(dirname "$archive")" -maxdepth 1 -name '*.deb')
  if ((${#packages[@]} == 0)); then
    skipped+=("Debian packages: there are none beside the archive")
  else
    root=$scratch/deb
    bare bookworm "$root"
    say "Debian packages on Debian 12: ${packages[*]##*/}"
    cp "${packages[@]}" "$root/opt/"
    before=$(in_root "$root" dpkg-query -W -f '${Package}\n')
    install "$root" "${packages[@]/#*\//\/opt\/}"
    say "they bring along: $(in_root "$root" dpkg-query -W -f '${Package}\n' | grep -vxF "$before" | tr '\n' ' ')"
    as_user "$root" env --chdir=/tmp glifr_train --task sine --model glifr_lheta --epochs 3 --out /tmp/results
    rm -rf "$root"/tmp/*
    mapfile -t names < <(printf '%s\n' "${packages[@]##*/}" | sed 's/_.*//')
    in_root "$root" apt-get -qq -y purge "${names[@]}" >/dev/null 2>&1
    left=$(find "$root" -xdev \( -path "$root/opt" -o -path "$root/var/lib/apt" -o -path "$root/var/log" -o -path "$root/var/cache" -o -path "$root/tmp" \) -prune \
      -o -name '*glifr*' -print)
    [[ -z $left ]] || fail "the Debian packages leave behind: $left"
  fi
fi

if [[ $name == *-aarch64 ]]; then
  if ! command -v qemu-aarch64-static >/dev/null || ! command -v mmdebstrap >/dev/null || ((EUID != 0)); then
    skipped+=("programs in emulation: needs root, mmdebstrap and qemu-user-static")
  else
    # A root with nothing but the C library: packages are unpacked and not set up, for which their scripts would have to run.
    root=$scratch/arm64
    mmdebstrap --quiet --architectures=arm64 --variant=extract --include=libc6 bookworm "$root"
    mkdir -p "$root/proc" "$root/dev" "$root/opt" "$root/tmp"
    chmod 1777 "$root/tmp"
    cp "$(command -v qemu-aarch64-static)" "$root/opt/qemu"
    tar -xzf "$archive" -C "$root/opt"
    say "programs in a root with the C library of Debian 12 for 64-bit ARM, by $(qemu-aarch64-static --version | head -n 1)"
    try_programs "$root" enter "$root" --userspec=65534:65534 "$root" /opt/qemu
  fi
fi

for what in "${skipped[@]}"; do say "[skipped] $what"; done
say "all else passed, in $SECONDS s"
