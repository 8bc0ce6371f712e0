"""The walls are the same for every runtime: what the other files try from Python at length, the least of it from all of them.

Each runtime's handler starts attacker/probe.py, which has the rights of its process and looks at that process too.
If one of these fails, a function in that language sees or changes what is not its own.
"""
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import watched_daemon  # finds the next two  # noqa: F401
from daemon import BIN
from packages import make_zip
from watched_daemon import Function

HERE = Path(__file__).resolve().parent
ATTACKER_ACCOUNT = "111111111111"
PROBE = (HERE / "attacker" / "probe.py").read_text()
COMMAND = "/usr/bin/python3.11 -IS /var/task/probe.py"
JAVA_CLIENT = BIN / ".." / "share" / "mayfly" / "runtime" / "java" / "lib"

NODE = f"""
const {{ execSync }} = require('node:child_process');
exports.handler = async (event) => JSON.parse(execSync({COMMAND!r}, {{ input: JSON.stringify(event) }}));
"""
RUBY = f"""
require 'json'
require 'open3'
def handler(event:, context:) = JSON.parse(Open3.capture2({COMMAND!r}, stdin_data: JSON.generate(event))[0])
"""
PYTHON = f"""
import json, subprocess
def handler(event, context): return json.loads(subprocess.run({COMMAND.split()!r}, input=json.dumps(event).encode(), stdout=subprocess.PIPE, check=True).stdout)
"""
JAVA = """
import java.io.*;
public class Probe {
  public void handle(InputStream in, OutputStream out) throws IOException {
    Process process = new ProcessBuilder("COMMAND".split(" ")).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (OutputStream event = process.getOutputStream()) { in.transferTo(event); }
    process.getInputStream().transferTo(out);
  }
}
""".replace("COMMAND", COMMAND)
BOOTSTRAP = """#!/bin/sh
exec /usr/bin/python3.11 -IS /var/task/loop.py
"""
LOOP = f"""
import http.client, os, subprocess
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    result = subprocess.run({COMMAND.split()!r}, input=event.read(), stdout=subprocess.PIPE, check=True).stdout
    api.request("POST", "/2018-06-01/runtime/invocation/%s/response" % event.headers["Lambda-Runtime-Aws-Request-Id"], result)
    api.getresponse().read()
"""


def java_files(folder):
    if not shutil.which("javac") or not JAVA_CLIENT.exists():
        pytest.skip("needs javac, and the Java client that tools/sdk fetches")
    Path(folder, "Probe.java").write_text(JAVA)
    subprocess.run(["javac", "--release", "11", "-d", folder, Path(folder, "Probe.java")], check=True)
    return {"Probe.class": Path(folder, "Probe.class").read_bytes()}


RUNTIMES = {
    "python-zygote": ("python3.11", "function.handler", lambda _: {"function.py": PYTHON}, {}),
    "python-exec": ("python3.11", "function.handler", lambda _: {"function.py": PYTHON}, {"Environment": {"Variables": {"PYTHONHASHSEED": "0"}}}),
    "node": ("nodejs20.x", "function.handler", lambda _: {"function.js": NODE}, {}),
    "ruby": ("ruby3.3", "function.handler", lambda _: {"function.rb": RUBY}, {}),
    "java": ("java17", "Probe::handle", java_files, {}),
    "provided": ("provided.al2023", "any", lambda _: {"bootstrap": BOOTSTRAP, "loop.py": LOOP}, {}),
}


@pytest.fixture(scope="module", params=list(RUNTIMES))
def told(request, daemon, tmp_path_factory):
    """What the probe found. Another function's process is there while it looks."""
    runtime, handler, files, settings = RUNTIMES[request.param]
    for program in {"node": ["node"], "ruby": ["ruby"]}.get(request.param, []):
        if not shutil.which(program):
            pytest.skip(f"no {program} here")
    package = make_zip({"probe.py": PROBE, **files(tmp_path_factory.mktemp("probe"))}, mode=0o755)
    function = Function.create(daemon.account(ATTACKER_ACCOUNT), f"probe-{request.param}", package, handler, runtime, MemorySize=512, Timeout=30, **settings)
    event = {"secret": str(daemon.data_dir / "secret"), "data": str(daemon.data_dir), "port": daemon.port}
    yield function.call(event)
    function.delete()


def test_no_power(told):
    """Its process has capabilities, groups or another user of the machine, or could gain some."""
    for who in ("process", "runtime"):
        status = told["status"][who]
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[name], 16) == 0, (who, name, status)
        assert (status["NoNewPrivs"], status["Seccomp"], status["Uid"].split(), status["Gid"].split()) == ("1", "2", ["993"] * 4, ["993"] * 4), (who, status)
        assert status["Groups"] in ("", "993")


def test_calls_that_change_the_machine_fail(told):
    assert set(told["calls"].values()) <= {"EPERM", "EACCES", "ENOSYS", "EINVAL", "EROFS"}, told["calls"]


def test_the_hosts_files_are_not_there(told):
    """It reads what lies beside the daemon's data, or root's files."""
    assert set(told["reads"].values()) <= {"ENOENT", "EACCES", "EPERM", "ELOOP"}, told["reads"]
    assert set(told["root"]) <= {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "sbin", "tmp", "usr", "var", "mnt", "sys", "run", "home", "root"}


def test_only_its_own_tmp_is_writable(told):
    assert told["writes"].pop("/tmp/probe") == "done"
    assert set(told["writes"].values()) <= {"EROFS", "EACCES", "EPERM", "ENOENT"}, told["writes"]


def test_it_sees_its_own_processes_alone(told, daemon, victim):
    assert len(told["processes"]) <= 6 and told["processes"]["1"] == "mayfly-init", told["processes"]
    victim.check()


def test_no_descriptor_leads_outside(told):
    """A file of the daemon or the machine is left open in the runtime's process."""
    for target in told["descriptors"]:
        inside = target.startswith(("pipe:", "socket:", "anon_inode:", "/dev/null", "/dev/urandom", "/usr/", "/var/", "/opt/", "/tmp/", "/proc/", "/memfd:", "/lib"))
        assert inside and "mayfly" not in target.replace("/var/runtime", ""), told["descriptors"]


def test_the_network_ends_at_its_own_addresses(told):
    network = told["network"]
    assert network.pop("127.0.0.1:9001") == "done" and network.pop("169.254.100.2:80") == "done"
    assert set(network.values()) <= {"ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EACCES", "EPERM"}, network
    assert told["interfaces"] == ["lo"]


def test_answers_are_json_of_the_probe(told):
    json.dumps(told)
    assert set(told) == {"status", "calls", "reads", "root", "writes", "processes", "descriptors", "network", "interfaces"}
