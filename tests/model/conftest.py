"""What the tests of the service model share: the model as JSON, and the two SDKs' own models.

The SDK packages are fetched into MAYFLY_TEST_CACHE (default build/test-cache) by pip and npm, the newest of their kind, and
kept for a week. Nothing of them is run but one script that prints a table.
"""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from model_paths import MODEL, MODELC, ROOT  # noqa: E402

KEEP_SECONDS = 7 * 24 * 3600


def cache_directory(name: str) -> pathlib.Path:
    cache = pathlib.Path(os.environ.get("MAYFLY_TEST_CACHE", ROOT / "build" / "test-cache"))
    directory = cache / "model" / name
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def is_fresh(directory: pathlib.Path) -> bool:
    stamp = directory / "fetched"
    return stamp.exists() and time.time() - stamp.stat().st_mtime < KEEP_SECONDS


def fetch(directory: pathlib.Path, command: list) -> None:
    """Runs a package manager in an empty directory; an old copy serves when there is no network."""
    fresh = directory.with_name(directory.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    result = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=600)
    if result.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        if (directory / "fetched").exists():
            return
        pytest.fail(f"{' '.join(command)}: {result.stderr[-2000:]}")
    (fresh / "fetched").touch()
    shutil.rmtree(directory, ignore_errors=True)
    fresh.rename(directory)


def read_model(path: pathlib.Path, folder: pathlib.Path) -> dict:
    """A service's model as modelc understands it. `folder`: an empty one to write to."""
    output = folder / "model.json"
    subprocess.run([sys.executable, str(MODELC), str(path), "--json", str(output)], check=True)
    return json.loads(output.read_text(encoding="utf-8"))


def required(members):
    """{name: whether it is required} of members in our model."""
    return {name: member["required"] for name, member in (members or {}).items()}


def members_of(shape):
    """The same of a shape of botocore's."""
    return {} if shape is None else {name: name in shape.required_members for name in shape.members}


def check_operation(ours, theirs, name):
    """What an operation takes, gives and may answer with instead. `ours`: the model (read_model); `theirs`: botocore's."""
    operation, model = ours["operations"][name], theirs.operation_model(name)
    assert required(operation["input"]) == members_of(model.input_shape), name
    assert required(operation["output"] and ours["structs"][operation["output"]]["members"]) == members_of(model.output_shape), name
    assert set(operation["errors"]) == {error.name for error in model.error_shapes}, name


def read_botocore(service: str, version: str) -> dict:
    """botocore's description of a service: everything, with limits, patterns and error lists."""
    directory = cache_directory("botocore")
    if not is_fresh(directory):
        fetch(directory, [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", ".",
                          "botocore"])
    packed = directory / "botocore" / "data" / service / version / "service-2.json.gz"
    return json.loads(gzip.decompress(packed.read_bytes()))


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> dict:
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def botocore() -> dict:
    return read_botocore("lambda", "2015-03-31")


@pytest.fixture(scope="session")
def javascript() -> dict:
    """@aws-sdk/client-lambda's schemas: operations, members, bindings and enums, without limits and error lists."""
    directory = cache_directory("client-lambda")
    if not is_fresh(directory):
        fetch(directory, ["npm", "pack", "--silent", "@aws-sdk/client-lambda"])
    if not (directory / "package").exists():
        archive = next(directory.glob("*.tgz"))
        shutil.unpack_archive(archive, directory)
    script = pathlib.Path(__file__).with_name("read_schemas.cjs")
    printed = subprocess.run(["node", str(script), str(directory / "package" / "dist-es")], check=True, capture_output=True, text=True)
    return json.loads(printed.stdout)
