#!/bin/sh
# Builds the function: ./build.sh [folder] makes folder/bootstrap and folder/function.zip (default: build/ beside this script).
# CXX chooses the compiler; without it the newest clang++ or g++ that is installed is taken.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/build}
compiler=${CXX:-}
for candidate in clang++-19 clang++ g++ c++; do
  [ -n "$compiler" ] || ! command -v "$candidate" >/dev/null || compiler=$candidate
done
[ -n "$compiler" ] || { echo "build.sh: no C++ compiler: install clang-19 or g++" >&2; exit 1; }
command -v python3 >/dev/null || { echo "build.sh: python3 is needed to write the zip file" >&2; exit 1; }
mkdir -p "$out"
rm -f "$out/function.zip"
"$compiler" -std=c++17 -D_GNU_SOURCE -O2 -Wall -Wextra -static -fno-asynchronous-unwind-tables -s -o "$out/bootstrap" "$here/bootstrap.cc"
cd "$out"
python3 -m zipfile -c function.zip bootstrap
echo "$out/function.zip"
