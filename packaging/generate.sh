#!/bin/sh
# Manual pages and shell completions, written by the program itself: generate.sh MAYFLY FOLDER
set -eu
mayfly=$1
folder=$2
"$mayfly" man mayfly >"$folder/mayfly.1"
"$mayfly" man mayflyd >"$folder/mayflyd.8"
"$mayfly" completion bash >"$folder/mayfly.bash"
"$mayfly" completion zsh >"$folder/_mayfly"
"$mayfly" completion fish >"$folder/mayfly.fish"
