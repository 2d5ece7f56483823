#!/usr/bin/env bash
# Installs the missing dependencies of glifr from the packages of Debian or Ubuntu, as root or through sudo. Does nothing
# where nothing is missing. Fails where a package that the build needs cannot be installed.
#
#   scripts/setup.sh [--quick | --package]
#
# --quick: what scripts/quickstart.sh needs, without tests, files of data, groups of processes and downloads; --package: what scripts/package.sh needs, without
# tests, MPI and gnuplot
set -euo pipefail

is_quick=false is_package=false
case ${1-} in
  "") ;;
  --quick) is_quick=true ;;
  --package) is_package=true ;;
  -h | --help)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit
    ;;
  *)
    printf "setup.sh: '%s' is not known; accepted: --quick, --package, --help\n" "$1" >&2
    exit 2
    ;;
esac

say() { printf 'setup.sh: %s\n' "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# is_there COMMAND PACKAGE...: whether the command can be called (- for a library, which has none) or one of the packages
# is installed.
is_there() {
  local package
  [[ $1 != - ]] && command -v "$1" >/dev/null && return
  for package in "${@:2}"; do
    is_installed "$package" && return
  done
  return 1
}

# needs COMMAND PACKAGE..., likes COMMAND PACKAGE...: record a missing dependency (required, optional) with the packages
# that provide it; one of them is enough.
needed=()
liked=()
needs() { is_there "$@" || needed+=("${*:2}"); }
likes() { is_there "$@" || liked+=("${*:2}"); }

needs g++ g++
needs cmake cmake
needs make make
needs - libeigen3-dev
needs - libtbb-dev
needs - libboost-json1.81-dev libboost-json1.83-dev libboost-json-dev
needs - zlib1g-dev
needs - libcli11-dev
if $is_package; then
  needs - libprotozero-dev
  needs - libhdf5-dev
  needs - libzip-dev
  needs dpkg-shlibdeps dpkg-dev
  needs file file
else
  likes gnuplot gnuplot-nox  # figures
  likes - libprotozero-dev   # event files of TensorBoard
  if $is_quick; then
    likes ninja ninja-build  # compiles programs while their libraries are still compiled
  else
    needs - catch2           # tests
    likes - libhdf5-dev      # HDF5 files
    likes - libzip-dev       # .npz files, PyTorch's checkpoints
    likes - libopenmpi-dev   # several processes
    likes mpirun openmpi-bin # several processes
    likes - libbenchmark-dev # benchmarks
    likes curl curl          # scripts/fetch_data.sh
    likes - ca-certificates  # scripts/fetch_data.sh
  fi
fi

if ((${#needed[@]} + ${#liked[@]} == 0)); then exit 0; fi

if ! command -v apt-get >/dev/null; then
  say "there is no apt-get here. Make sure of these by other means:" >&2
  printf '  %s\n' "${needed[@]}" "${liked[@]}" >&2
  exit 0
fi

# Without the rights to install, optional packages are skipped and missing required ones are an error.
refuse() {
  ((${#needed[@]} == 0)) || fail "cannot install packages: $1. Missing: ${needed[*]}"
  say "going on without ${liked[*]}: cannot install packages: $1" >&2
  exit 0
}

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || refuse "this is not root, and there is no sudo"
  as_root=(sudo)
  if ! [[ -t 0 ]]; then
    as_root=(sudo -n) # there is nobody to type a password
    sudo -n true 2>/dev/null || refuse "sudo asks for a password, and there is no terminal"
  fi
fi
apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)

"${apt_get[@]}" update || say "the package lists could not be renewed; going on with those that are there" >&2

# Prints the first of the given packages that the distribution has.
first_offered() {
  local package
  for package; do
    if [[ -n $(apt-cache madison "$package" 2>/dev/null) ]]; then
      printf '%s\n' "$package"
      return
    fi
  done
  return 1
}

# Sets `packages` to one package for each group of names; `otherwise NAMES` is called for a group that is not offered.
choose() {
  local otherwise=$1 names package
  packages=()
  for names in "${@:2}"; do
    # shellcheck disable=SC2086  # several names
    if package=$(first_offered $names); then packages+=("$package"); else "$otherwise" "$names"; fi
  done
}
not_offered() { fail "this distribution has no package $1; Debian 12 has"; }
done_without() { say "going on without $1, which this distribution does not have" >&2; }

install() {
  say "installing $*"
  "${apt_get[@]}" install --no-install-recommends "$@"
}

choose not_offered "${needed[@]}"
if ((${#packages[@]} > 0)); then install "${packages[@]}" || fail "apt-get could not install: ${packages[*]}"; fi
choose done_without "${liked[@]}"
if ((${#packages[@]} > 0)); then install "${packages[@]}" || say "going on without ${packages[*]}" >&2; fi
