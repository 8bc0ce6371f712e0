#!/bin/sh
# Puts the SDKs and the Java client that tools/sdk has fetched where functions find them: link.sh FETCHED RUNTIME-FOLDER
#
# As hard links, so that it takes no room and no time. Nothing fetched yet: nothing done.
set -eu
fetched=$1
target=$2
[ -d "$fetched" ] || exit 0
for folder in python node_modules java; do
  [ -d "$fetched/$folder" ] || continue
  place=$target/$folder
  [ "$folder" = python ] && place=$target/sdk/python
  mkdir -p "$(dirname "$place")"
  rm -rf "$place"
  cp -al "$fetched/$folder" "$place" 2>/dev/null || cp -a "$fetched/$folder" "$place"
done
