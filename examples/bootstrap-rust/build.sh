#!/bin/sh
# Builds the function: ./build.sh [folder] makes folder/bootstrap and folder/function.zip (default: build/ beside this script).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/build}
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
command -v rustc >/dev/null || { echo "build.sh: Rust is missing: install rustc (1.65 or newer)" >&2; exit 1; }
command -v python3 >/dev/null || { echo "build.sh: python3 is needed to write the zip file" >&2; exit 1; }
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out/function.zip"
rustc --edition 2021 -O -C target-feature=+crt-static -C strip=symbols -o "$out/bootstrap" "$here/main.rs"
cd "$out"
python3 -m zipfile -c function.zip bootstrap
echo "$out/function.zip"
