#!/bin/sh
# Runs the Java client once and keeps the classes that it loaded, so that functions start three times as fast:
#
#   class_archive.sh JAVA RUNTIME-FOLDER ARCHIVE
#
# As root: the JVM compares the class path with that of the archive, so the folder must be at /var/runtime here as well, in a mount
# namespace of our own. RUNTIME-FOLDER holds java/lib.
set -eu
if [ "${4:-}" != inside ]; then exec unshare -m -- "$0" "$1" "$2" "$3" inside; fi
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "$2" && pwd)
mount -t tmpfs mayfly-var /var
work=/var/work
mkdir /var/task "$work"
ln -s "$folder" /var/runtime
/usr/bin/python3 "$here/training_api.py" >"$work/api" &
api=$!
trap 'kill $api 2>/dev/null' EXIT
until [ -s "$work/api" ]; do sleep 0.05; done
# AWS's client unpacks its native library to a fixed name there, which the host shall not keep. What we were given may lie in /tmp, too.
mkdir "$work/tmp" "$work/overlay"
mount -t overlay -o "lowerdir=/tmp,upperdir=$work/tmp,workdir=$work/overlay" mayfly-tmp /tmp
export AWS_LAMBDA_RUNTIME_API="127.0.0.1:$(head -1 "$work/api")" AWS_LAMBDA_FUNCTION_NAME=f AWS_LAMBDA_FUNCTION_VERSION=1
export AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512 AWS_LAMBDA_LOG_GROUP_NAME=g AWS_LAMBDA_LOG_STREAM_NAME=s AWS_REGION=us-east-1 LAMBDA_TASK_ROOT=/var/task
"$1" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit="$work/archive" -Xlog:cds=off -Xlog:cds+dynamic=off -cp '/var/runtime/java/lib/*' \
  com.amazonaws.services.lambda.runtime.api.client.AWSLambda java.util.Objects::isNull >"$work/log" 2>&1 &
java=$!
for _ in $(seq 300); do
  if grep -q done "$work/api" || ! kill -0 $java 2>/dev/null; then break; fi
  sleep 0.1
done
kill $java 2>/dev/null || true
wait $java || true
grep -q done "$work/api" || { cat "$work/log" >&2; exit 1; }
umount /tmp
mv "$work/archive" "$3"
chmod a+r "$3"
