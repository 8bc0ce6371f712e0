"""If these fail, an operator cannot see what serves a runtime, or add an interpreter of their own."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import ROLE
from daemon import BIN, Daemon
from packages import make_zip


def mayfly(*arguments, fails=0):
    done = subprocess.run([BIN / "mayfly", "runtime", *arguments], capture_output=True, text=True)
    assert done.returncode == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def root(tmp_path_factory):
    """A Node.js of its own, in a folder that lies outside /usr. Libraries come from the machine."""
    folder = tmp_path_factory.mktemp("lang")
    folder.chmod(0o755)
    (folder / "programs").mkdir()
    shutil.copy(os.path.realpath(shutil.which("node")), folder / "programs" / "node")
    return folder


def node_identifier():
    version = subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True, check=True).stdout
    return f"nodejs{version.split('.')[0]}.x"


def test_list_names_every_identifier():
    text = mayfly("list")
    for identifier in ("python3.11", "nodejs20.x", "java21", "ruby3.3", "dotnet8", "provided.al2023"):
        assert identifier in text


def test_an_added_runtime_serves_after_the_next_start(root):
    identifier = node_identifier()
    with Daemon() as daemon:
        daemon.stop()
        said = mayfly("add", identifier, "--root", str(root), "--interpreter", "programs/node", "--data-dir", str(daemon.data_dir))
        assert identifier in said
        assert json.loads((daemon.data_dir / "runtimes.json").read_text())["runtimes"][0]["root"] == str(root)
        daemon.start()
        aws = daemon.client()
        aws.create_function(FunctionName="f", Runtime=identifier, Handler="index.handler", Role=ROLE,
                            Code={"ZipFile": make_zip({"index.mjs": "export const handler = async () => process.execPath;"})})
        assert json.loads(aws.invoke(FunctionName="f")["Payload"].read()) == "/var/lang/programs/node"
        mayfly("remove", identifier, "--data-dir", str(daemon.data_dir))
        assert json.loads((daemon.data_dir / "runtimes.json").read_text())["runtimes"] == []


def test_what_cannot_be_added(root, tmp_path):
    data = ["--data-dir", str(tmp_path)]
    assert "no identifier" in mayfly("add", "cobol85", "--root", str(root), *data, fails=1)
    assert "no directory" in mayfly("add", "nodejs20.x", "--root", str(root / "none"), *data, fails=1)
    assert "bin/node" in mayfly("add", "nodejs20.x", "--root", str(root), *data, fails=1)
    assert "is not python3.12" in mayfly("add", "python3.12", "--root", "/usr", "--interpreter", "bin/python3.11", *data, fails=1)
    (root / "programs" / "node").chmod(0o777)
    assert "only root" in mayfly("add", node_identifier(), "--root", str(root), "--interpreter", "programs/node", *data, fails=1)


def test_a_list_that_others_may_write_does_not_count(root, tmp_path):
    mayfly("add", node_identifier(), "--root", str(root), "--interpreter", "programs/node", "--data-dir", str(tmp_path))
    assert str(root) in mayfly("list", "--data-dir", str(tmp_path))
    (tmp_path / "runtimes.json").chmod(0o666)
    assert str(root) not in mayfly("list", "--data-dir", str(tmp_path))
