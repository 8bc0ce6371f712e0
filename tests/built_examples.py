"""The examples as packages, each built once by its build.sh and kept in MAYFLY_TEST_CACHE/examples, named by what it is made of."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
CACHE = Path(os.environ.get("MAYFLY_TEST_CACHE", ROOT / "build" / "test-cache")).resolve() / "examples"


def _digest(folder):
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def package_of(name):
    """The path of its function.zip."""
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / ("%s-%s" % (name, _digest(EXAMPLES / name)))
    with open(CACHE / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of tests that run beside us
        if not folder.exists():
            part = CACHE / (name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            done = subprocess.run([EXAMPLES / name / "build.sh", part], capture_output=True, text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
            assert done.returncode == 0, done.stderr
            assert done.stdout.strip() == str(part / "function.zip"), "it does not tell where the package is: " + done.stdout
            part.rename(folder)
    return folder / "function.zip"
