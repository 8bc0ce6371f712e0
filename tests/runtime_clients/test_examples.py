"""If these fail, an example does not build, does not start, or answers wrongly."""

import base64
import json
import os
import re
import shutil
import struct
import subprocess
import zipfile

import pytest

from built_examples import package_of
from client_run import run_client
from clients import node_command, node, python_commands
from fake_runtime_api import REQUEST_ID, Event

CXX = ["clang++-19", "clang++", "g++", "c++"]
TOOLS = {"bootstrap-cpp": CXX, "stream-cpp": CXX, "bootstrap-go": ["go", "/usr/local/go/bin/go"],
         "bootstrap-rust": ["rustc", os.path.expanduser("~/.cargo/bin/rustc")]}
GPL = "/usr/share/common-licenses/GPL-3"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """An example: the folder with what its zip file holds, and the modes in it."""
    folders = {}

    def build(name):
        if name in TOOLS and not any(shutil.which(tool) for tool in TOOLS[name]):
            pytest.skip("no compiler for " + name)
        if name not in folders:
            folder = tmp_path_factory.mktemp(name)
            with zipfile.ZipFile(package_of(name)) as archive:
                archive.extractall(str(folder / "task"))
                modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
            folders[name] = (folder / "task", modes)
        return folders[name]

    return build


def test_wordcount(built):
    folder, _ = built("wordcount")
    command = next(iter(python_commands().values()))(folder, "wordcount.handler")
    with open(GPL) as file:
        text = file.read()
    outcome = run_client(command, folder, "wordcount.handler", [
        Event({"text": "The cat and the hat. Don\u2019t the \u00c9cole \u00e9cole 42!", "limit": 3}), Event({"text": text}), Event({"text": ""}),
        Event({}), Event({"text": 5})])
    assert outcome.response(0) == {"words": 9, "unique": 6, "top": [["the", 3], ["école", 2], ["and", 1]]}
    # Counted another way: a word is a run of letters, with single apostrophes inside.
    words = [w for w in re.split(r"[^a-z\u00c0-\u024f'\u2019]+", text.lower()) if w.strip("'\u2019")]
    found = outcome.response(1)
    assert abs(found["words"] - len(words)) <= 3 and found["top"][0] == ["the", words.count("the")] and len(found["top"]) == 10
    assert outcome.response(2) == {"words": 0, "unique": 0, "top": []}
    assert outcome.error(3)["errorType"] == "KeyError" and outcome.error(4)["errorType"] == "TypeError"


def test_hello_node(built):
    if node() is None:
        pytest.skip("node is not installed")
    folder, _ = built("hello-node")
    outcome = run_client(node_command(folder, ""), folder, "index.handler", [Event({"name": "Ada"}), Event(None)])
    assert outcome.response(0)["message"] == "Hello, Ada!" and outcome.response(0)["requestId"] == REQUEST_ID % 0
    assert outcome.response(1)["message"] == "Hello, world!" and outcome.response(1)["invocations"] == 2


@pytest.mark.parametrize("name", ["bootstrap-cpp", "bootstrap-go", "bootstrap-rust"])
def test_bootstrap(built, name):
    folder, modes = built(name)
    assert modes["bootstrap"] & 0o111 == 0o111  # the zip file carries the executable bits
    program = str(folder / "bootstrap")
    os.chmod(program, 0o755)
    values = [{"a": 1}, "Gr\u00fc\u00dfe", None, "x" * 3000000, [1, 2], "y" * 60, "z" * 300000, 7]
    outcome = run_client([program], folder, "unused", [Event(value) for value in values])
    for index, value in enumerate(values):
        response = outcome.response(index)
        if name == "bootstrap-cpp":
            assert response == value
        else:
            assert response["event"] == value and response["language"] == name[10:] and 20000 < response["remainingMs"] <= 30000
    assert outcome.code is None and outcome.api.connections == 1


@pytest.mark.parametrize("name", ["bootstrap-go", "bootstrap-rust"])
def test_bootstrap_reports_errors(built, name):
    folder, _ = built(name)
    os.chmod(str(folder / "bootstrap"), 0o755)
    outcome = run_client([str(folder / "bootstrap")], folder, "unused", [Event(body=b""), Event(1)])
    assert outcome.error(0)["errorType"] == "Function.HandlerFailed"
    assert outcome.answers[0].headers["lambda-runtime-function-error-type"] == "Function.HandlerFailed"
    assert outcome.response(1)["event"] == 1


def told_behind(answer):
    """The error that a streamed answer ended with."""
    return json.loads(base64.b64decode(answer.trailers["lambda-runtime-function-error-body"]))


def test_stream_python(built):
    folder, modes = built("stream-python")
    assert modes["bootstrap"] & 0o111 == 0o111
    os.chmod(str(folder / "bootstrap"), 0o755)
    url_event = {"body": json.dumps({"from": 2, "pause": 0})}
    outcome = run_client([str(folder / "bootstrap")], folder, "countdown.handler",
                         [Event({"from": 3, "pause": 0}), Event(url_event), Event({"from": "x"}), Event({"from": 1, "pause": 0})])
    for answer, lines in zip(outcome.answers, (["3", "2", "1"], ["2", "1"], [], ["1"])):
        assert answer.headers["lambda-runtime-function-response-mode"] == "streaming"
        assert answer.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
        head, body = answer.body.split(bytes(8))
        assert json.loads(head)["statusCode"] == 200
        assert body.decode().split() == lines + ["done"] * bool(lines)
        assert len(answer.chunks) == len(lines) + 1 + bool(lines)  # each line on its way by itself
    assert told_behind(outcome.answers[2])["errorType"] == "ValueError" and outcome.answers[3].trailers == {}
    (folder / "other.py").write_text("def value(event, context): return {'event': event}\ndef failing(event, context): raise KeyError(event)\n")
    assert run_client([str(folder / "bootstrap")], folder, "other.value", [Event([1])]).response() == {"event": [1]}
    assert run_client([str(folder / "bootstrap")], folder, "other.failing", [Event("k")]).error()["errorType"] == "KeyError"
    assert run_client([str(folder / "bootstrap")], folder, "nothing.handler", []).error()["errorType"] == "ModuleNotFoundError"


def test_stream_cpp(built):
    folder, _ = built("stream-cpp")
    os.chmod(str(folder / "bootstrap"), 0o755)
    outcome = run_client([str(folder / "bootstrap")], folder, "unused", [Event(200000), Event({"body": "5"}), Event("no number"), Event(0)])
    assert [len(answer.body) for answer in outcome.answers] == [200000, 5, 0, 0]
    assert [len(chunk) for chunk in outcome.answers[0].chunks] == [65536, 65536, 65536, 200000 - 3 * 65536]
    assert told_behind(outcome.answers[2])["errorType"] == "Function.NoNumber" and outcome.answers[3].trailers == {}
    assert outcome.code is None


def test_native_bootstrap_is_static_and_sends_once_for_each_invocation(built):
    folder, _ = built("bootstrap-cpp")
    program = str(folder / "bootstrap")
    os.chmod(program, 0o755)
    with open(program, "rb") as file:
        image = file.read()
    (table,), (entry_bytes, entries) = struct.unpack_from("<Q", image, 32), struct.unpack_from("<HH", image, 54)
    kinds = [struct.unpack_from("<I", image, table + i * entry_bytes)[0] for i in range(entries)]
    assert 1 in kinds and 3 not in kinds  # PT_LOAD, and no PT_INTERP: nothing has to be found at run time
    if subprocess.run(["strace", "-V"], capture_output=True).returncode != 0:
        pytest.skip("strace is not installed")
    trace = folder / "trace"
    events = [Event(i, hold_answer_until_next=True) for i in range(20)]
    outcome = run_client(["strace", "-f", "-e", "trace=writev,recvfrom,setsockopt", "-o", str(trace), program], folder, "unused", events)
    assert outcome.response(19) == 19 and outcome.api.pipelined == 20
    calls = [line.split("(")[0].split()[-1] for line in trace.read_text().splitlines() if "(" in line and "resumed" not in line]
    assert calls.count("writev") in (20, 21)  # strace may be ended before it has written the last call down
    # The first invocation learns the size of the acknowledgement; each of the others needs one receive.
    assert calls.count("recvfrom") <= 24 and calls.count("setsockopt") <= 3
