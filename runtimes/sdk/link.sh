#!/bin/sh
# Puts the SDKs and the Java client that tools/sdk has fetched where functions find them: link.sh FETCHED RUNTIME-FOLDER
#
# As hard links, so that it takes no room and no time; as copies where the file system has none between the two. What is not there, or goes
# meanwhile since newer ones are being fetched, is left out: tools/sdk calls this again when it has fetched.
set -eu
fetched=$1
target=$2
[ -d "$fetched" ] || exit 0
for folder in python python3.8 python3.9 python3.10 python3.11 node_modules nodejs16 ruby java; do
  [ -d "$fetched/$folder" ] || continue
  case $folder in
    node_modules | java) place=$target/$folder ;;
    *) place=$target/sdk/$folder ;;
  esac
  mkdir -p "$(dirname "$place")"
  rm -rf "$place"
  cp -al "$fetched/$folder" "$place" 2>/dev/null && continue
  rm -rf "$place"
  cp -a "$fetched/$folder" "$place" && continue
  rm -rf "$place"
  [ ! -d "$fetched/$folder" ]  # it went meanwhile, or the copy failed
done
