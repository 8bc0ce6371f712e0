"""If these fail, programs in Go (aws-sdk-go-v2) or Java (SDK v2) cannot use topics, queues, events or objects as on AWS; the tests themselves are
go/main.go and java/Clients.java. Programs are built once for each version of their sources, into MAYFLY_TEST_CACHE."""
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("MAYFLY_TEST_CACHE", HERE.parents[1] / "build" / "test-cache"))
SECONDS = 900  # for what is fetched and compiled the first time, on a machine that does other things


def built(name, build):
    """The folder of a program that `build(sources, folder)` makes; skips where it cannot be made."""
    sources = HERE / name
    stamp = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(sources.iterdir()))).hexdigest()[:16]
    folder = CACHE / f"{name}-sdk" / stamp
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            for command, fetches in build(sources, making):
                done = subprocess.run(command, cwd=sources, capture_output=True, text=True, timeout=SECONDS)
                if done.returncode != 0 and fetches:
                    pytest.skip(f"the packages of {name} are not to be had: {(done.stderr or done.stdout)[-500:]}")
                assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
            for old in folder.parent.iterdir():
                if old not in (making, folder):
                    shutil.rmtree(old, ignore_errors=True)
            try:
                making.rename(folder)
            except OSError:
                pass  # another worker was faster
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder


def build_go(sources, folder):
    yield ["go", "mod", "download"], True
    yield ["go", "build", "-p", "2", "-o", str(folder / "clients"), "."], False


def build_java(sources, folder):
    yield ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}"], True
    yield ["javac", "-d", str(folder), "-cp", f"{folder}/lib/*", "Clients.java"], False


def drive(daemon, command):
    done = subprocess.run([*command, daemon.url, f"-{os.getpid()}"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.skipif(not shutil.which("go"), reason="no go here")
def test_go(daemon):
    drive(daemon, [str(built("go", build_go) / "clients")])


@pytest.mark.skipif(not (shutil.which("mvn") and shutil.which("javac")), reason="no mvn and javac here: apt-get install maven openjdk-17-jdk-headless")
def test_java(daemon):
    folder = built("java", build_java)
    drive(daemon, ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}:{folder}/lib/*", "Clients"])
