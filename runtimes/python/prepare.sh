#!/bin/sh
# Makes the folder that is mounted as /var/runtime/python: prepare.sh TARGET INTERPRETER...
#
# Copies the client and compiles it for every interpreter given. Inside a cage the folder is read-only, so nothing can be compiled
# there later: without this step each start of a function compiles the client again, which takes four times as long as the start.
# The compiled files are not compared with the sources when they are loaded; run this again after a change.
set -eu
[ $# -ge 2 ] || { echo "usage: prepare.sh TARGET INTERPRETER..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
target=$1
shift
mkdir -p "$target/mayfly_client"
cp "$here/bootstrap.py" "$here/starting.py" "$here/zygote.py" "$target/"
cp "$here"/mayfly_client/*.py "$target/mayfly_client/"
chmod -R a+rX "$target"
for interpreter in "$@"; do
  "$interpreter" -I -m compileall -q -f --invalidation-mode unchecked-hash "$target"
done
chmod -R a+rX "$target"
