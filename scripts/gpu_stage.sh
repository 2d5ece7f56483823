#!/usr/bin/env bash
# Makes an archive (default build-gpu/glifr-gpu-check.tar.gz): all that scripts/gpu_check.sh needs on a machine with a GPU, which may have nothing but the CUDA Toolkit's libraries
# and reach no network: tests, glifr_train, the libraries that they need, and the check itself. Needs no GPU.
#
#   scripts/gpu_stage.sh [--architectures LIST] [--data DIR] [--torch-peer FILE] [--with-cublas] [--build DIR] [--out FILE]
#
# --architectures: compute capabilities, as CMAKE_CUDA_ARCHITECTURES takes them (default 80-real;90-real). --data (or $GLIFR_DATA): the folder of the data
# sets; its mnist goes along, for trainings in full. --torch-peer: a Python program that times the same steps in PyTorch. --with-cublas: cuBLAS goes along
# (600 MB), for a machine without the toolkit. --build: an existing build of cuda_test and glifr_train, instead of a new one.
set -euo pipefail
trap 'printf "gpu_stage.sh: failed: %s\n" "$BASH_COMMAND" >&2' ERR

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
architectures="80-real;90-real" data=${GLIFR_DATA:-$root/datasets} peer="" build="" with_cublas=no out=$root/build-gpu/glifr-gpu-check.tar.gz
fail() {
  printf 'gpu_stage.sh: %s\n' "$*" >&2
  exit 2
}
while (($#)); do
  case $1 in
    --architectures) architectures=${2:?--architectures needs a list} && shift ;;
    --data) data=${2:?--data needs a folder} && shift ;;
    --torch-peer) peer=${2:?--torch-peer needs a file} && shift ;;
    --build) build=$(realpath "${2:?--build needs a folder}") && shift ;;
    --out) out=${2:?--out needs a file} && shift ;;
    --with-cublas) with_cublas=yes ;;
    *) fail "$1 is no option; accepted: --architectures, --data, --torch-peer, --build, --out, --with-cublas" ;;
  esac
  shift
done

PATH=$PATH:/usr/local/cuda/bin
cuda=$(dirname "$(dirname "$(command -v nvcc)")") || fail "there is no nvcc: the CUDA Toolkit is needed"
if [[ -z $build ]]; then
  build=$root/build-gpu
  cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DGLIFR_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$architectures"
  cmake --build "$build" --target cuda_test glifr_train --parallel "$(nproc)"
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
tree=$stage/glifr-gpu-check
mkdir -p "$tree/lib" "$tree/data" "$(dirname "$out")"
for program in tests/device/cuda_test apps/glifr_train/glifr_train; do
  [[ -x $build/$program ]] || fail "there is no $build/$program"
  strip -o "$tree/$(basename "$program")" "$build/$program"
done
# All libraries but the C library's, which belong to the system that the programs run on.
ldd "$tree/cuda_test" "$tree/glifr_train" | awk '$3 ~ /^\// {print $3}' | sort -u |
  grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv)\.so' | xargs -I{} cp -L {} "$tree/lib/"
if [[ $with_cublas == yes ]]; then cp -L "$cuda"/lib64/libcublas.so.1[0-9] "$cuda"/lib64/libcublasLt.so.1[0-9] "$tree/lib/"; fi
cp "$root/scripts/gpu_check.sh" "$tree/"
if [[ -n $peer ]]; then cp "$peer" "$tree/torch_peer.py"; fi
if [[ -d $data/mnist ]]; then cp -rL "$data/mnist" "$tree/data/"; fi
chmod -R a+rX,go-w "$tree"
tar -C "$stage" --owner=0 --group=0 -czf "$out" glifr-gpu-check
ls -l "$out"
