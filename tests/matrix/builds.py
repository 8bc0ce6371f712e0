"""Programs for the matrix, built once and kept below MAYFLY_TEST_CACHE/matrix, named by what they are made of.

Each builder gives bytes, or says by Unavailable what is missing here.
"""
import fcntl
import hashlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import zipfile
from contextlib import contextmanager
from pathlib import Path

from daemon import BIN
from packages import collect

HANDLERS = Path(__file__).resolve().parent / "handlers"
CACHE = Path(os.environ.get("MAYFLY_TEST_CACHE", Path(__file__).resolve().parents[2] / "build" / "test-cache")).resolve()
JAVA_CLIENT = BIN / ".." / "share" / "mayfly" / "runtime" / "java" / "lib"
GO = shutil.which("go") or "/usr/local/go/bin/go"
CARGO = shutil.which("cargo") or os.path.expanduser("~/.cargo/bin/cargo")
RUST_MIN = (1, 82)  # of lambda_runtime


class Unavailable(Exception):
    """What cannot be built here, and why."""


@contextmanager
def _locked():
    """One builder at a time on this machine, whichever tree it belongs to."""
    folder = CACHE / "matrix"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _digest(folder, more=""):
    digest = hashlib.sha256(more.encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "target" not in path.parts):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _run(command, what, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode == 0:
        return done.stdout
    if re.search(r"could not resolve|no such host|network|dial tcp|lookup |failed to download|--offline", done.stderr, re.I):
        raise Unavailable(f"{what}: its packages cannot be fetched: {done.stderr.strip().splitlines()[-1]}")
    raise AssertionError(f"{what} does not build:\n{done.stderr[-4000:]}")


def _built(name, make, more=""):
    with _locked() as folder:
        program = folder / f"{name}-{_digest(HANDLERS / name, more)}"
        if not program.exists():
            part = folder / f"{name}-part"
            make(part)
            part.rename(program)
        return program.read_bytes()


def go():
    if not shutil.which(GO):
        raise Unavailable("no Go here: apt-get install golang-go")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    return _built("go", lambda out: _run([GO, "build", "-trimpath", "-ldflags=-s -w", "-o", out, "."], "the Go handler",
                                         cwd=HANDLERS / "go", env=environment))


def rust():
    if not shutil.which(CARGO):
        raise Unavailable("no cargo here: install Rust 1.82 or newer")
    version = re.search(r"(\d+)\.(\d+)", _run([CARGO, "--version"], "cargo"))
    if (int(version[1]), int(version[2])) < RUST_MIN:
        raise Unavailable(f"cargo {version[0]} is older than what lambda_runtime needs")

    def make(out):
        target = CACHE / "matrix" / "rust-target"
        _run([CARGO, "build", "--release", "--locked", "--quiet"], "the Rust handler", cwd=HANDLERS / "rust",
             env={**os.environ, "CARGO_TARGET_DIR": str(target)})
        shutil.copy(target / "release" / "bootstrap", out)
    return _built("rust", make)


def cpp():
    compiler = next((found for found in map(shutil.which, ("clang++-19", "clang++", "g++", "c++")) if found), None)
    if not compiler:
        raise Unavailable("no C++ compiler here")
    return _built("cpp", lambda out: _run([compiler, "-std=c++17", "-O1", "-static", "-s", "-pthread", "-o", out, HANDLERS / "cpp" / "bootstrap.cc"],
                                          "the C++ handler"))


def java():
    """{class file: bytes} of the handler, and of the layer's class."""
    if not shutil.which("javac"):
        raise Unavailable("no javac here: apt-get install openjdk-17-jdk-headless")
    if not JAVA_CLIENT.exists():
        raise Unavailable("the Java client has not been fetched: run tools/sdk")

    def make(out):
        folder = CACHE / "matrix" / "java-classes"
        shutil.rmtree(folder, ignore_errors=True)
        _run(["javac", "--release", "11", "-cp", f"{JAVA_CLIENT}/*", "-d", folder, *(HANDLERS / "java").glob("*.java")], "the Java handler")
        with zipfile.ZipFile(out, "w") as archive:
            for path in folder.rglob("*.class"):
                archive.write(path, path.relative_to(folder))
    with zipfile.ZipFile(io.BytesIO(_built("java", make))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def awslambdaric():
    found = importlib.util.find_spec("awslambdaric")
    if not found:
        raise Unavailable("awslambdaric is not installed: tests/requirements.txt names it")
    root = Path(found.origin).parents[1]
    extension = next(root.glob("runtime_client*.so"))
    if not shutil.which("python3.11", path="/usr/bin"):
        raise Unavailable("awslambdaric's native part is built for python3.11")
    return collect(root, ["awslambdaric", "simplejson", "snapshot_restore_py.py", extension.name])


def aws_lambda_ric():
    for folder in (CACHE / "node", CACHE / "aws-lambda-ric"):
        client = folder / "node_modules" / "aws-lambda-ric"
        if (client / "index.mjs").exists() and list(client.rglob("rapid-client.node")):
            files = collect(folder, ["node_modules/aws-lambda-ric"])
            return {name: data for name, data in files.items() if "/deps/" not in name and "node-addon-api" not in name}
    raise Unavailable("aws-lambda-ric is not installed: tests/package.json names it")
