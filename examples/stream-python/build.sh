#!/bin/sh
# Packs the function: ./build.sh [folder] makes folder/function.zip (default: build/ beside this script).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/build}
command -v python3 >/dev/null || { echo "build.sh: python3 is needed to write the zip file" >&2; exit 1; }
mkdir -p "$out"
rm -f "$out/function.zip"
cd "$here"
python3 -m zipfile -c "$out/function.zip" bootstrap countdown.py
echo "$out/function.zip"
