#!/bin/sh
# Builds the function: ./build.sh [folder] makes folder/bootstrap and folder/function.zip (default: build/ beside this script).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/build}
PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null || { echo "build.sh: Go is missing: install golang-go, or Go 1.18 or newer into /usr/local/go" >&2; exit 1; }
command -v python3 >/dev/null || { echo "build.sh: python3 is needed to write the zip file" >&2; exit 1; }
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out/function.zip"
cd "$here"
CGO_ENABLED=0 GOTOOLCHAIN=local go build -trimpath -ldflags='-s -w' -o "$out/bootstrap" .
cd "$out"
python3 -m zipfile -c function.zip bootstrap
echo "$out/function.zip"
