#!/usr/bin/env bash
# Downloads the data sets that are available without registration: MNIST and Fashion-MNIST. See --help.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
checksums=${GLIFR_CHECKSUMS:-$repository/datasets/checksums.sha256}

mnist_mirrors=${GLIFR_MNIST_MIRRORS:-
  https://storage.googleapis.com/cvdf-datasets/mnist
  https://ossci-datasets.s3.amazonaws.com/mnist
  http://yann.lecun.com/exdb/mnist}
fashion_mnist_mirrors=${GLIFR_FASHION_MNIST_MIRRORS:-
  http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
  https://storage.googleapis.com/tensorflow/tf-keras-datasets
  https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion}
files="train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz"

usage() {
  cat <<END
Usage: scripts/fetch_data.sh [--data DIR] [mnist] [fashion-mnist] [nmnist]

Fetches the named data sets (default: mnist fashion-mnist) into DIR, each into a folder of its name, and checks them
against the SHA-256 sums in datasets/checksums.sha256. Existing files are checked and kept; an interrupted transfer
continues where it stopped. For nmnist, which cannot be fetched by a script, prints the addresses that offer it.

  --data DIR  the data root; default \$GLIFR_DATA, then the folder datasets of this repository

Environment:
  GLIFR_MNIST_MIRRORS, GLIFR_FASHION_MNIST_MIRRORS   addresses to try in turn, separated by blanks
  GLIFR_CHECKSUMS                                    another file of sums, as sha256sum writes them
END
}

say() { printf '%s\n' "$*"; }
complain() { printf 'fetch_data.sh: %s\n' "$*" >&2; }

# Prints the sum that SET/FILE must have, or nothing.
known_sum() { awk -v name="$1" '$2 == name { print $1 }' "$checksums"; }

sum_of() { sha256sum | cut -d ' ' -f 1; }

# is_good PATH SET/FILE: whether a packed file is the original, or another packing of the same content.
is_good() {
  local content
  [[ $(sum_of <"$1") == "$(known_sum "$2")" ]] && return
  content=$(known_sum "${2%.gz}")
  [[ -n $content && $(gzip -dc "$1" 2>/dev/null | sum_of) == "$content" ]]
}

# download ADDRESS PATH: resumes the download to PATH or, where the server does not support that, starts again.
download() {
  local options=(-fL -sS --connect-timeout 15 --speed-limit 1000 --speed-time 30) status=0
  if [[ -t 2 ]]; then options[1]=-#; fi
  if [[ -s $2 ]]; then
    curl "${options[@]}" -C - -o "$2" "$1" || status=$?
    # 22: an answer such as "range not satisfiable"; 33, 36: the server or the file does not allow resuming
    case $status in 22 | 33 | 36) ;; *) return "$status" ;; esac
  fi
  curl "${options[@]}" -o "$2" "$1"
}

# fetch SET/FILE MIRROR...: downloads the file into the data root and checks it; false where no mirror has a good one.
fetch() {
  local name=$1 path=$root/$1 mirror was_continued status
  shift
  for mirror in "$@"; do
    if [[ $unreachable == *" $mirror "* ]]; then continue; fi
    say "$name: fetching from $mirror"
    while true; do
      was_continued=
      if [[ -s $path.part ]]; then was_continued=yes; fi
      status=0
      download "$mirror/${name##*/}" "$path.part" || status=$?
      case $status in 6 | 7 | 28) unreachable+=" $mirror " ;; esac  # no such host, no connection, no answer in time
      if ((status != 0)); then break; fi                            # the part is kept: the next mirror continues it
      if is_good "$path.part" "$name"; then
        mv "$path.part" "$path"
        return
      fi
      rm -f "$path.part"
      complain "$name: what came has another SHA-256 sum than it must"
      [[ -n $was_continued ]] || break  # the older part may be wrong: download the whole file once more
    done
  done
  return 1
}

# have SET/FILE: whether a good file exists; complains about a file with another sum.
have() {
  local path=$root/$1 content
  if [[ -e $path ]]; then
    if is_good "$path" "$1"; then return; fi
    complain "$path: has another SHA-256 sum than it must; move it away and start again"
    damaged=yes
  elif [[ -e ${path%.gz} ]]; then
    content=$(known_sum "${1%.gz}")
    if [[ -z $content || $(sum_of <"${path%.gz}") == "$content" ]]; then return; fi
    complain "${path%.gz}: has another SHA-256 sum than it must; move it away and start again"
    damaged=yes
  fi
  return 1
}

# fetch_set SET MIRROR...
fetch_set() {
  local set=$1 file damaged missing=()
  shift
  mkdir -p "$root/$set"
  for file in $files; do
    damaged=
    if have "$set/$file"; then
      say "$set/$file: there already"
    elif [[ -n $damaged ]]; then
      failed=yes
    elif [[ -e $root/$set/$file.part ]] && is_good "$root/$set/$file.part" "$set/$file"; then
      mv "$root/$set/$file.part" "$root/$set/$file"
    elif ! fetch "$set/$file" "$@"; then
      missing+=("$file")
    fi
  done
  if ((${#missing[@]} > 0)); then
    failed=yes
    complain "$set: could not get ${missing[*]}"
    complain "By hand: on a machine with access, get them from one of these addresses, each followed by / and the name:"
    printf '  %s\n' "$@" >&2
    complain "put them into $root/$set and start this again: it checks them."
  fi
}

describe_nmnist() {
  cat <<END
nmnist: offered by its authors at https://www.garrickorchard.com/datasets/n-mnist
        (and https://data.mendeley.com/datasets/468j46mzdv/1); about 1 GB in two archives, training and test.
        Unpack them so that the recordings are $root/nmnist/Train/DIGIT/ID.bin and $root/nmnist/Test/DIGIT/ID.bin.
END
}

root=${GLIFR_DATA:-$repository/datasets}
sets=()
while (($# > 0)); do
  case $1 in
    --data)
      if (($# < 2)); then complain "--data: no folder was given"; exit 2; fi
      root=$2
      shift ;;
    -h | --help) usage; exit ;;
    mnist | fashion-mnist | nmnist) sets+=("$1") ;;
    *) complain "$1: unknown; accepted are --data DIR, mnist, fashion-mnist, nmnist"; exit 2 ;;
  esac
  shift
done
if ((${#sets[@]} == 0)); then sets=(mnist fashion-mnist); fi

command -v curl >/dev/null || complain "curl is not installed; without it, files can only be checked"
failed=
unreachable=
for set in "${sets[@]}"; do
  # shellcheck disable=SC2086  # the mirrors are lists
  case $set in
    mnist) fetch_set mnist $mnist_mirrors ;;
    fashion-mnist) fetch_set fashion-mnist $fashion_mnist_mirrors ;;
    nmnist) describe_nmnist ;;
  esac
done
if [[ -n $failed ]]; then exit 1; fi
say "The data root is $root: pass it as --data, or set GLIFR_DATA to it."
