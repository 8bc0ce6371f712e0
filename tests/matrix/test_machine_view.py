"""If these fail, libraries that size their pools and caches by the machine do it by this one, not by what the function has."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from cells import ROLE
from daemon import Daemon
from packages import make_zip

PYTHON = """
import multiprocessing, os, resource
def handler(event, context):
    memory = dict(line.split(":") for line in open("/proc/meminfo").read().splitlines())
    return {"memory": int(memory["MemTotal"].split()[0]), "affinity": len(os.sched_getaffinity(0)),
            "counts": [os.cpu_count(), multiprocessing.cpu_count(), os.sysconf("SC_NPROCESSORS_ONLN")],
            "limits": {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0] for name in event or ()}}
"""
NODE = """
const os = require("os");
exports.handler = async () => ({memory: os.totalmem() / 1024, affinity: (os.availableParallelism || (() => os.cpus().length))(),
                                counts: [os.cpus().length]});
"""
JAVA = """
import java.util.Map;
public class Look {
  public Map<String, Object> handle(Object event) {
    return Map.of("affinity", Runtime.getRuntime().availableProcessors(), "counts", new int[] {java.util.concurrent.ForkJoinPool.commonPool().getParallelism()});
  }
}
"""
# As shells ask.
SHELL = """#!/bin/sh
while true; do
  headers=$(mktemp)
  curl -sS -o /dev/null -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
  id=$(tr -d '\\r' < "$headers" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip')
  curl -sS -o /dev/null -d "{\\"counts\\":[$(nproc), $(grep -c ^processor /proc/cpuinfo), $(getconf _NPROCESSORS_ONLN)],\\"files\\":$(ulimit -n)}" \\
    "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""


def make(daemon, name, files, runtime="python3.11", handler="index.handler", memory=512, mode=0o644):
    client = daemon.client("lambda")
    client.create_function(FunctionName=name, Role=ROLE, Code={"ZipFile": make_zip(files, mode=mode)}, MemorySize=memory, Timeout=60, Runtime=runtime,
                           Handler=handler)
    client.get_waiter("function_active_v2").wait(FunctionName=name)

    def call(event=None):
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload
    return call


@pytest.fixture(scope="module")
def one_processor():
    """Every function has one, whatever its size: less than this machine has, where that has more."""
    with Daemon("--processors", "1") as daemon:
        yield daemon


def test_memory_and_limits(matrix_daemon):
    """128 MB and 1,024 MB look like that; the limits are those of AWS's environments."""
    for memory in (128, 1024):
        seen = make(matrix_daemon, f"view-{memory}", {"index.py": PYTHON}, memory=memory)(["NOFILE", "NPROC", "MEMLOCK", "STACK", "MSGQUEUE", "AS", "CPU"])
        assert seen["memory"] == memory * 1024
        limits = seen["limits"]
        assert (limits["NOFILE"], limits["NPROC"], limits["MEMLOCK"], limits["STACK"]) == (1024, 1024, 65536, 8 << 20), limits
        assert (limits["MSGQUEUE"], limits["AS"], limits["CPU"]) == (819200, -1, -1), limits
        processors = min(2, os.cpu_count())
        assert seen["affinity"] == processors and set(seen["counts"]) == {processors}, seen


def test_processors_of_python(one_processor):
    seen = make(one_processor, "python", {"index.py": PYTHON})()
    assert (seen["affinity"], set(seen["counts"])) == (1, {1}), seen


def test_processors_of_shells(one_processor):
    assert make(one_processor, "shell", {"bootstrap": SHELL}, "provided.al2023", "any", mode=0o755)() == {"counts": [1, 1, 1], "files": 1024}


@pytest.mark.skipif(not shutil.which("node"), reason="no node here")
def test_processors_of_node(one_processor):
    seen = make(one_processor, "node", {"index.js": NODE}, "nodejs20.x")()
    assert seen == {"memory": 512 * 1024, "affinity": 1, "counts": [1]}


@pytest.mark.skipif(not shutil.which("javac"), reason="no javac here")
def test_processors_of_java(one_processor):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "Look.java"
        source.write_text(JAVA)
        subprocess.run(["javac", "--release", "11", str(source)], check=True)
        files = {"Look.class": source.with_suffix(".class").read_bytes()}
    assert make(one_processor, "java", files, "java17", "Look::handle")() == {"affinity": 1, "counts": [1]}
