"""Which runtime clients this machine can run: interpreters, and AWS's own clients installed into a cache folder."""

import fcntl
import functools
import glob
import os
import re
import shutil
import subprocess
import sys

from client_run import NODE_CLIENT, PYTHON_CLIENT, REPOSITORY

CACHE = os.environ.get("MAYFLY_TEST_CACHE", os.path.join(REPOSITORY, "build", "test-cache"))
AWS_PYTHON_CLIENT = "awslambdaric==4.2.2"
AWS_NODE_CLIENT = "aws-lambda-ric@3.3.0"  # the last one for Node 20
INSTALL_SECONDS_MAX = 900
ZYGOTE_RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zygote_runner.py")


@functools.lru_cache(maxsize=None)
def python_interpreters():
    """{version: path} of every CPython 3.8 or newer, one for each minor version; only those in MAYFLY_TEST_PYTHONS if it is set."""
    wanted = os.environ.get("MAYFLY_TEST_PYTHONS", "").split(",")
    places = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if "shims" not in folder]
    places += ["/usr/bin", "/usr/local/bin", "/var/lang/bin"] + sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin")))
    found = {}
    for place in places:
        for path in sorted(glob.glob(os.path.join(place, "python3.*"))):
            match = re.fullmatch(r"python3\.(\d+)", os.path.basename(path))
            if match and int(match.group(1)) >= 8 and "3." + match.group(1) not in found and _runs(path):
                found["3." + match.group(1)] = path
    found = {version: path for version, path in found.items() if wanted == [""] or version in wanted}
    return dict(sorted(found.items(), key=lambda item: int(item[0][2:])))


def _runs(path):
    return subprocess.run([path, "-I", "-S", "-c", "import json, ssl"], capture_output=True).returncode == 0


def python_commands():
    """{name: function(folder, handler) -> command} of Mayfly's Python client: by exec and by zygote, on each interpreter."""
    bootstrap = os.path.join(PYTHON_CLIENT, "bootstrap.py")
    commands = {}
    for version, path in python_interpreters().items():
        commands["exec-" + version] = lambda folder, handler, path=path: [path, "-S", bootstrap]
        commands["zygote-" + version] = lambda folder, handler, path=path: [
            path, "-I", "-S", ZYGOTE_RUNNER, PYTHON_CLIENT, str(folder)]
    return commands


def _one_installs(prepare):
    """What two workers want to install is installed by the first; the other waits, and then finds it there."""

    @functools.lru_cache(maxsize=None)
    @functools.wraps(prepare)
    def prepared():
        os.makedirs(CACHE, exist_ok=True)
        with open(os.path.join(CACHE, prepare.__name__ + ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return prepare()

    return prepared


@_one_installs
def aws_python_client():
    """An interpreter that has awslambdaric: ours, or one of a virtual environment; (None, reason) when it cannot be had."""
    probe = ["-c", "import awslambdaric.bootstrap, runtime_client"]
    if subprocess.run([sys.executable, *probe], capture_output=True).returncode == 0:
        return sys.executable, None
    folder = os.path.join(CACHE, "awslambdaric")
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python) or subprocess.run([python, *probe], capture_output=True).returncode != 0:
        base = python_interpreters().get("3.11") or sys.executable
        for command in ([base, "-m", "venv", folder], [python, "-m", "pip", "install", "-q", AWS_PYTHON_CLIENT]):
            failure = _install(command, CACHE)
            if failure:
                return None, failure
    return python, None


def node():
    return shutil.which("node")


def node_command(folder, handler):
    return [node(), os.path.join(NODE_CLIENT, "bootstrap.cjs")]


@_one_installs
def aws_node_client():
    """The entry point of the older aws-lambda-ric; (None, reason) when it cannot be had. Needs a C++ compiler, cmake, autotools, npm, and minutes:
    it compiles curl, so a plain run compares with the newest one only."""
    folder = os.path.join(CACHE, "aws-lambda-ric")
    package = os.path.join(folder, "node_modules", "aws-lambda-ric")
    if not os.path.exists(os.path.join(package, "dist", "rapid-client.node")):
        if not os.environ.get("MAYFLY_TEST_ALL"):
            return None, "it is compiled by ./dev test --all"
        for tool in ("npm", "cmake", "autoreconf", "make", "c++"):
            if shutil.which(tool) is None:
                return None, tool + " is not installed"
        os.makedirs(folder, exist_ok=True)
        shutil.rmtree(os.path.join(folder, "node_modules"), ignore_errors=True)  # of an attempt that failed
        with open(os.path.join(folder, "package.json"), "w") as file:
            file.write('{"private": true}\n')
        failure = _install(["npm", "install", "--no-audit", "--no-fund", AWS_NODE_CLIENT], folder)
        if failure:
            return None, failure
    return os.path.join(package, "bin", "index.mjs"), None


def newest_aws_node_client():
    """The entry point of the aws-lambda-ric that tests/package.json installs; (None, reason) when it is not there. It asks for Node 22, and runs
    on 20."""
    package = os.path.join(CACHE, "node", "node_modules", "aws-lambda-ric")
    if node() is None or not os.path.exists(os.path.join(package, "rapid-client.node")):
        return None, "aws-lambda-ric is not among the packages in the test cache"
    return os.path.join(package, "index.mjs"), None


def _install(command, folder):
    os.makedirs(folder, exist_ok=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "%s: %s" % (" ".join(command), error)
    return None if done.returncode == 0 else "%s: %s" % (" ".join(command), done.stderr[-500:])
