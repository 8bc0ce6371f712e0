#!/bin/sh
# Starts a .NET function on the host's dotnet, as AWS's runtimes do: bootstrap.sh DOTNET
#
# A handler without colons is an assembly with a Main of its own (Amazon.Lambda.RuntimeSupport's LambdaBootstrap), or a program.
# ASSEMBLY::TYPE::METHOD is a class library's: it needs AWS's program Amazon.Lambda.RuntimeSupport.dll, which is not published by itself.
# Exit codes are those of AWS's script: 103 no handler, 104 no assembly, 105 no .deps.json, 106 no .runtimeconfig.json.
dotnet=$1
handler=$_HANDLER
root=${LAMBDA_TASK_ROOT:-/var/task}

fail() {
  code=$1
  shift
  echo "Error: $*" >&2
  exit "$code"
}

# only FOLDER PATTERN: the file that fits, when exactly one does.
only() {
  found=
  for file in "$1"/*"$2"; do
    [ -f "$file" ] || continue
    [ -z "$found" ] || return 1
    found=$file
  done
  [ -n "$found" ]
}

start() {
  [ -z "$AWS_LAMBDA_EXEC_WRAPPER" ] || exec /bin/sh /var/runtime/with-wrapper.sh "$@"
  exec "$@"
}

[ -n "$handler" ] || fail 103 "no handler was specified"
case $handler in
  *:*) ;;
  *)
    assembly=$root/${handler%.dll}.dll
    [ ! -f "$assembly" ] || start "$dotnet" exec "$assembly"
    [ ! -f "$root/$handler" ] || start "$root/$handler"
    fail 104 "executable assembly $assembly or binary $root/$handler not found."
    ;;
esac

name=${LAMBDA_DOTNET_MAIN_ASSEMBLY:-${handler%%:*}}
name=${name%.dll}
found=$root/$name.deps.json
[ -f "$found" ] || only "$root" .deps.json || fail 105 "$root is missing the required .deps.json file."
dependencies=$found
found=$root/$name.runtimeconfig.json
[ -f "$found" ] || only "$root" .runtimeconfig.json || fail 106 "$root is missing the required .runtimeconfig.json file."
configuration=$found
for support in /var/runtime/dotnet/Amazon.Lambda.RuntimeSupport.dll /opt/dotnet/Amazon.Lambda.RuntimeSupport.dll; do
  [ ! -f "$support" ] || start "$dotnet" exec --depsfile "$dependencies" --runtimeconfig "$configuration" "$support" "$handler"
done
fail 107 "the handler $handler is a class library's: it needs AWS's Amazon.Lambda.RuntimeSupport.dll as a program, which its base image has" \
  "(mayfly runtime add RUNTIME --image …). An assembly with a Main of its own (LambdaBootstrapBuilder), with its name as the handler, runs as it is."
