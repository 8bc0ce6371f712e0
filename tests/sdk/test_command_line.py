"""If these fail, the unmodified AWS CLI (Debian's version 2 and the current version 1) cannot drive Mayfly."""
import base64
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import ROLE
from daemon import wait_until
from packages import ECHO, make_zip

CLIENTS = {"debian": "/usr/bin/aws", "current": str(Path(sys.executable).parent / "aws")}


@pytest.fixture(params=CLIENTS)
def cli(request, daemon, tmp_path):
    program = CLIENTS[request.param]
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""}

    def run(*arguments, fails=0):
        done = subprocess.run([program, "--endpoint-url", daemon.url, "lambda", *arguments], env=environment, cwd=tmp_path,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == fails, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if fails == 0 and done.stdout.strip() else done.stderr
    run.folder = tmp_path
    run.in_base64 = request.param == "debian"  # version 2 takes blobs in base64 by default
    run.refused = 254 if request.param == "debian" else 255  # the exit code of an answer that is an error
    return run


def test_life_of_a_function(cli, name):
    (cli.folder / "one.zip").write_bytes(make_zip(ECHO))
    (cli.folder / "two.zip").write_bytes(make_zip("def handler(event, context):\n    return 'two'\n"))
    made = cli("create-function", "--function-name", name, "--runtime", "python3.11", "--handler", "index.handler", "--role", ROLE,
               "--zip-file", "fileb://one.zip", "--environment", "Variables={COLOR=1,SHAPE=two}", "--timeout", "10", "--tags", "team=a")
    assert made["State"] == "Pending" and made["Environment"]["Variables"] == {"COLOR": "1", "SHAPE": "two"}
    cli("wait", "function-active-v2", "--function-name", name)
    payload = '{"a": 1}'
    answer = cli("invoke", "--function-name", name, "--payload", base64.b64encode(payload.encode()).decode() if cli.in_base64 else payload,
                 "--log-type", "Tail", "out.json")
    assert answer["StatusCode"] == 200 and b"REPORT" in base64.b64decode(answer["LogResult"])
    assert (cli.folder / "out.json").read_text() == payload

    cli("update-function-code", "--function-name", name, "--zip-file", "fileb://two.zip")
    cli("wait", "function-updated-v2", "--function-name", name)
    cli("update-function-configuration", "--function-name", name, "--memory-size", "256", "--description", "changed")
    cli("wait", "function-updated", "--function-name", name)
    cli("invoke", "--function-name", name, "out.json")
    assert (cli.folder / "out.json").read_text() == '"two"'
    got = cli("get-function", "--function-name", name)
    assert (got["Configuration"]["MemorySize"], got["Configuration"]["Description"], got["Tags"]) == (256, "changed", {"team": "a"})
    assert any(function["FunctionName"] == name for function in cli("list-functions")["Functions"])
    cli("delete-function", "--function-name", name)
    text = cli("get-function", "--function-name", name, fails=cli.refused)
    assert "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: Function not found: " in text


def test_errors_are_shown(cli, name):
    with zipfile.ZipFile(cli.folder / "bad.zip", "w") as package:  # the CLI itself refuses what is no zip file
        package.writestr("../escape.py", "x")
    text = cli("create-function", "--function-name", name, "--runtime", "python3.11", "--handler", "index.handler", "--role", ROLE,
               "--zip-file", "fileb://bad.zip", fails=cli.refused)
    assert ("An error occurred (InvalidParameterValueException) when calling the CreateFunction operation: Could not unzip uploaded file. "
            "Please check your file, then try to upload again.") in text


def test_an_event(cli, functions, daemon):
    name = functions("def handler(event, context):\n    print('HEARD', event['a'])\n")
    payload = '{"a": 1}'
    blob = base64.b64encode(payload.encode()).decode() if cli.in_base64 else payload
    answer = cli("invoke", "--function-name", name, "--invocation-type", "Event", "--payload", blob, "out.json")
    assert answer["StatusCode"] == 202 and "FunctionError" not in answer and (cli.folder / "out.json").read_text() == ""
    (cli.folder / "event.json").write_text('{"a": 2}')
    assert cli("invoke-async", "--function-name", name, "--invoke-args", "event.json")["Status"] == 202
    log = f"/_mayfly/logs?function={name}"
    wait_until(lambda: {b"HEARD 1", b"HEARD 2"} <= set(re.findall(rb"HEARD \d", daemon.send("GET", log).body)), 30, "both events are run")
