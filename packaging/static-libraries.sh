#!/usr/bin/env bash
# Makes the static libraries that Debian's packages do not have, from the same packages' sources: static-libraries.sh FOLDER
#
# fmt, simdjson, mimalloc and date-tz, as FOLDER/lib*.a. Needs the network once (apt's own sources); what is there is kept.
set -euo pipefail
folder=$1
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
[ -f "$folder/done" ] && exit 0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# apt's usual sources, as sources of source packages, in lists of our own: the machine's stay as they are.
mkdir -p "$scratch/parts" "$scratch/lists/partial"
chmod 755 "$scratch"
for file in /etc/apt/sources.list.d/*.sources; do
  [ -f "$file" ] && sed 's/^Types: .*/Types: deb-src/' "$file" >"$scratch/parts/$(basename "$file")"
done
grep -hs '^deb ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list | sed 's/^deb /deb-src /' >"$scratch/sources.list" || true
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$scratch/sources.list" -o "Dir::Etc::sourceparts=$scratch/parts" -o "Dir::State::lists=$scratch/lists"
  -o APT::Sandbox::User=root)
"${apt[@]}" update
cd "$scratch"
"${apt[@]}" source --download-only fmtlib simdjson mimalloc howardhinnant-date
for archive in *.orig.tar.*; do tar -xf "$archive"; done

build() {  # NAME SOURCE INCLUDE FLAGS…
  local name=$1 source=$2 include=$3
  shift 3
  "${CXX:-clang++-19}" -w -O2 -fPIC -DNDEBUG "$@" -I"$include" -c $source -o "$name.o"
  ar rcs "$folder/lib$name.a" "$name.o"
}
build fmt "$(echo fmt*/src/format.cc)" "$(echo fmt*/include)" -std=c++20
build simdjson "$(echo simdjson-*/src/simdjson.cpp)" "$(echo simdjson-*/include)" -std=c++20 -DSIMDJSON_THREADS_ENABLED=1 -I"$(echo simdjson-*/src)"
CXX=${CC:-clang-19} build mimalloc "$(echo mimalloc-*/src/static.c)" "$(echo mimalloc-*/include)" -DMI_MALLOC_OVERRIDE -DMI_STATIC_LIB
build date-tz "$(echo *date-*/src/tz.cpp)" "$(echo *date-*/include)" -std=c++20 -DUSE_OS_TZDB=1 -DHAS_REMOTE_API=0
touch "$folder/done"
