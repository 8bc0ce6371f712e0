"""Where the compiled programs are, and the functions that benchmarks deploy."""

import functools
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# MAYFLY_BIN: another build's programs. MAYFLY_BENCH_BIN: reference, load client and store_bench, where they are built apart.
FOLDERS = [Path(os.environ[name]) for name in ("MAYFLY_BENCH_BIN", "MAYFLY_BIN") if name in os.environ] + [ROOT / "build/release/bin"]


def find_program(name):
    """Path of a built program, or None."""
    return next((str(folder / name) for folder in FOLDERS if (folder / name).exists()), None)


def program(name):
    path = find_program(name)
    if not path:
        sys.exit(f"bench/run: {name} is not built (looked in {', '.join(map(str, FOLDERS))}): run ./dev build")
    return path


@dataclass(frozen=True)
class Package:
    """A function's code. `exits` is a command that boots the same runtime bare and ends: what a cold start is compared with."""
    title: str
    runtime: str
    handler: str
    zip_bytes: bytes
    exits: tuple
    idles: tuple = ()  # the bare runtime that loads what any runtime client needs, and waits for the end of stdin


def make_zip(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (data, mode) in files.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100000 | mode) << 16
            archive.writestr(info, data)
    return out.getvalue()


@functools.lru_cache(None)
def native():
    """examples/bootstrap-cpp. Without AWS_LAMBDA_RUNTIME_API it exits at once."""
    folder = Path(tempfile.gettempdir()) / f"mayfly-bench-native-{os.getpid()}"
    subprocess.run(["sh", str(ROOT / "examples/bootstrap-cpp/build.sh"), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return Package("native", "provided.al2023", "bootstrap", (folder / "function.zip").read_bytes(), (str(folder / "bootstrap"),))


@functools.lru_cache(None)
def stream_native():
    """examples/stream-cpp."""
    folder = Path(tempfile.gettempdir()) / f"mayfly-bench-stream-{os.getpid()}"
    subprocess.run(["sh", str(ROOT / "examples/stream-cpp/build.sh"), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return Package("native, streaming", "provided.al2023", "bootstrap", (folder / "function.zip").read_bytes(), (str(folder / "bootstrap"),))


def remove_native():
    for package in (native, stream_native):
        if package.cache_info().currsize:
            shutil.rmtree(Path(package().exits[0]).parent, ignore_errors=True)


@functools.lru_cache(None)
def python():
    """On the runtime of the interpreter that runs this file, so that reference and subject are the same program."""
    zip_bytes = make_zip({"index.py": ("def handler(event, context):\n    return event\n", 0o644)})
    return Package("Python", f"python{sys.version_info[0]}.{sys.version_info[1]}", "index.handler", zip_bytes, (sys.executable, "-c", "pass"),
                   (sys.executable, "-c", "import json, http.client, sys; sys.stdin.read()"))


@functools.lru_cache(None)
def node():
    """None where there is no Node."""
    path = shutil.which("node")
    if not path:
        return None
    major = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout.strip().lstrip("v").split(".")[0]
    zip_bytes = make_zip({"index.mjs": ("export const handler = async (event) => event;\n", 0o644)})
    return Package("Node", f"nodejs{major}.x", "index.handler", zip_bytes, (os.path.realpath(path), "-e", "0"),
                   (os.path.realpath(path), "-e", "require('http'); process.stdin.resume()"))
