#!/bin/sh
# Starts a runtime through the function's wrapper script: with-wrapper.sh PROGRAM ARGUMENT...
wrapper=$AWS_LAMBDA_EXEC_WRAPPER
if [ ! -f "$wrapper" ]; then
  echo "$wrapper: does not exist" >&2
  exit 127
fi
if [ ! -x "$wrapper" ]; then
  echo "$wrapper: is not an executable" >&2
  exit 126
fi
exec "$wrapper" "$@"
