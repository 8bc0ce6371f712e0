"""The walls are the same for every runtime, and for images: what the other files try from Python, tried from each of them.

Each runtime's handler starts attacker/run.py, which has the rights of its process: it looks at that process (probe.py), runs attempts of
the other files, and becomes a static program that makes raw system calls. In an image whose root tries everything that an image can,
it is a child of the entry point.
If one of these fails, a function in that language sees or changes what is not its own.
"""
import errno
import inspect
import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import test_host_files
import test_image_files
import test_other_functions
import test_privileges
import test_system_calls
import watched_daemon  # finds the next two  # noqa: F401
from conftest import ATTACKER_FILES, Attacker
from daemon import BIN
from images import entry, folder, libraries_of, python_entries, symlink, tree_entries
from packages import make_zip
from test_image_files import directory  # noqa: F401
from test_other_functions import abstract_listener, host_pids  # noqa: F401
from watched_daemon import Function

HERE = Path(__file__).resolve().parent
ATTACKER_ACCOUNT = "111111111111"
PROGRAMS = {name: (HERE / "attacker" / name).read_text() for name in ("probe.py", "run.py")} | ATTACKER_FILES
COMMAND = "/usr/bin/python3.11 -IS /var/task/run.py"
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
    "python-zygote": ("python3.11", "entry.handler", lambda _: {"entry.py": PYTHON}, {}),
    "python-exec": ("python3.11", "entry.handler", lambda _: {"entry.py": PYTHON}, {"Environment": {"Variables": {"PYTHONHASHSEED": "0"}}}),
    "node": ("nodejs20.x", "entry.handler", lambda _: {"entry.js": NODE}, {}),
    "ruby": ("ruby3.3", "entry.handler", lambda _: {"entry.rb": RUBY}, {}),
    "java": ("java17", "Probe::handle", java_files, {}),
    "provided": ("provided.al2023", "any", lambda _: {"bootstrap": BOOTSTRAP, "loop.py": LOOP}, {}),
}


@pytest.fixture(scope="module", params=[*RUNTIMES, "image"])
def family(request):
    for program in {"node": ["node"], "ruby": ["ruby"]}.get(request.param, []):
        if not shutil.which(program):
            pytest.skip(f"no {program} here")
    return request.param


IMAGES_OWN = ["/etc/shadow", "/sys"]  # what the image brings along: no file of the machine, and a link to the cage's /proc/sys


def make_image(daemon, images, raw):
    programs = ("/usr/bin/id", "/usr/bin/true")
    system = [*python_entries(), symlink("usr/bin/python3", "python3.11"), *tree_entries(*programs), *libraries_of(*programs), folder("var/tmp")]
    files = [entry("var/task/" + name, text, 0o777) for name, text in {**PROGRAMS, "loop.py": LOOP}.items()]
    return test_image_files.make_function(daemon, test_image_files.image_of(
        images, "every-runtime", [[*system, *test_image_files.HOSTILE], [folder("var/task", 0o777), *files, *raw]],
        Entrypoint=["/usr/bin/python3.11", "-IS", "/var/task/loop.py"], User="0:0", Env=["LD_PRELOAD=/evil.so", "HOME=/root"]), MemorySize=1769)


@pytest.fixture(scope="module")
def caged(family, daemon, directory, raw_program, tmp_path_factory):  # noqa: F811
    """An attacker in this family's cage."""
    if family == "image":
        made = make_image(daemon, directory, [entry("var/task/" + name, raw_program, 0o6777) for name in ("raw", "bootstrap")])
    else:
        runtime, handler, files, settings = RUNTIMES[family]
        package = make_zip({"bootstrap": "", **PROGRAMS, "raw": raw_program, **files(tmp_path_factory.mktemp("probe"))}, mode=0o755)
        made = Function.create(daemon.account(ATTACKER_ACCOUNT), f"probe-{family}", package, handler, runtime, Timeout=60, **settings)
    yield Attacker(made)
    made.delete()


@pytest.fixture(scope="module")
def told(caged, daemon, victim):
    """What the probe found. Another function's process is there while it looks."""
    return caged.function.call({"secret": str(daemon.data_dir / "secret"), "data": str(daemon.data_dir), "port": daemon.port})


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


def test_the_hosts_files_are_not_there(told, family):
    """It reads what lies beside the daemon's data, or root's files."""
    if family == "image":
        assert told["reads"].pop("/etc/shadow") == "done" and {"etc", "su"} <= set(told["root"])
        told["root"] = []
    assert set(told["reads"].values()) <= {"ENOENT", "EACCES", "EPERM", "ELOOP"}, told["reads"]
    assert set(told["root"]) <= {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "sbin", "tmp", "usr", "var", "mnt", "sys", "run", "home", "root", "node_modules"}


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
    assert sorted(told["interfaces"]) in (["eth0", "lo"], ["lo"])  # the second: this machine lets nobody make networks


def test_answers_are_json_of_the_probe(told):
    json.dumps(told)
    assert set(told) == {"status", "calls", "reads", "root", "writes", "processes", "descriptors", "network", "interfaces"}


# --- what the other files try ---------------------------------------------------------------------------------------------------

ATTEMPTS = [
    *(getattr(test_host_files, "test_" + name) for name in (
        "unreadable", "empty", "unwritable", "tmp_is_writable", "secrets_of_the_machine", "data_directory", "nothing_of_the_daemon_below_the_root",
        "only_harmless_devices", "hostname_is_not_the_machines", "mounts", "hard_links_out_of_the_package", "writing_to_its_own_code")),
    *(getattr(test_privileges, "test_" + name) for name in (
        "pid_1_has_no_power_either", "setuid_and_system_programs", "own_setuid_program", "file_capabilities", "resource_limits_cannot_be_raised",
        "out_of_memory_order", "routing_netlink_changes_nothing", "cpu_affinity_stays_its_own")),
    *(getattr(test_other_functions, "test_" + name) for name in (
        "code_of_another_function", "temporary_files_of_another_function", "secrets_in_proc", "signals_to_numbers_of_the_machine",
        "tracing_and_memory_of_numbers_of_the_machine", "shared_memory_of_others", "abstract_sockets", "the_daemons_api_on_loopback",
        "other_addresses", "names_do_not_keep_a_function_waiting", "the_only_listeners_are_its_runtime_api_and_the_aws_endpoint", "answering_for_the_victim",
        "command_line_tells_nothing", "signals_to_pid_1", "memory_of_pid_1", "limits_of_pid_1")),
]


def cases_of(attempt):
    """The arguments with which a parametrised test is called."""
    marks = [mark.args for mark in getattr(attempt, "pytestmark", []) if mark.name == "parametrize"]
    for values in itertools.product(*(values for _, values in marks)):
        yield {names: value for (names, _), value in zip(marks, values)}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__[5:])
def test_attempts(request, caged, family, victim, attempt):
    """An attempt that fails from Python succeeds from here."""
    failures = []
    for case in cases_of(attempt):
        if family == "image" and attempt is test_host_files.test_unreadable and case["path"] in IMAGES_OWN:
            continue
        given = {name: request.getfixturevalue(name) for name in inspect.signature(attempt).parameters if name not in case and name != "attacker"}
        try:
            attempt(attacker=caged, **given, **case)
        except pytest.skip.Exception:
            pass  # a program that this machine does not have
        except AssertionError as failure:
            failures.append((case, str(failure)[:500]))
    assert failures == []
    victim.check()


def test_raw_system_calls(caged):
    """A static program that the handler starts may make a call that functions may not."""
    rows = [*test_system_calls.FORBIDDEN, *((name, call, None) for name, call in test_system_calls.ALLOWED)]
    answers = caged.function.call({"calls": [call for _, call, _ in rows]})
    assert len(answers) == len(rows)
    told = {name: errno.errorcode.get(answer["errno"], answer["errno"]) if "errno" in answer else None for (name, _, _), answer in zip(rows, answers)}
    assert told == {name: error for name, _, error in rows}
