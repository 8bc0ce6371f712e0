"""If these fail, somebody who works with Mayfly all day cannot see, run or watch functions from the command line, or a script cannot rely on it."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROLE
from daemon import BIN, Daemon
from packages import make_zip
from terminal import ENVIRONMENT, on_terminal

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import time
def handler(event, context):
    print("HEARD", event)
    if event.get("raise"): raise ValueError("as asked")
    time.sleep(event.get("seconds", 0))
    return {"got": event}
"""


def mayfly(url, *arguments, fails=0, event=None, environment=None):
    words = [str(BIN / "mayfly"), *arguments]
    endpoint = ["--endpoint", url] if url else []
    done = subprocess.run([*words, *endpoint], input=event, capture_output=True, text=True, timeout=60, env={**ENVIRONMENT, **(environment or {})})
    assert done.returncode == fails, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def own():
    """A daemon whose functions are known."""
    with Daemon() as daemon:
        aws = daemon.client()
        aws.create_function(FunctionName="echo", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(CODE)}, Timeout=20,
                            Description="says what it hears \x1b[31mred", Environment={"Variables": {"SECRET": "hidden-value"}}, Tags={"team": "a"})
        aws.get_waiter("function_active_v2").wait(FunctionName="echo", WaiterConfig={"Delay": 0.1})
        version = aws.publish_version(FunctionName="echo")["Version"]
        aws.create_alias(FunctionName="echo", Name="live", FunctionVersion=version)
        aws.create_function(FunctionName="other", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(CODE)})
        yield daemon


def test_list(own):
    """Functions are missing in the list, or a description gives orders to the terminal."""
    lines = mayfly(own.url, "list").stdout.splitlines()
    assert lines[0].split() == ["FUNCTION", "RUNTIME", "MEMORY", "TIMEOUT", "CODE", "CHANGED", "DESCRIPTION"]
    assert [line.split()[0] for line in lines[1:]] == ["echo", "other"] and "\x1b" not in "".join(lines)
    assert [function["FunctionName"] for function in json.loads(mayfly(own.url, "list", "--json").stdout)] == ["echo", "other"]
    assert mayfly(own.url, "list", "--names").stdout == "echo\nother\n"
    assert mayfly(own.url, "list", "--region", "eu-west-1", "--names").stdout == ""


def test_describe(own):
    """A function's facts are missing, or secrets are shown to whoever looks over the shoulder."""
    text = mayfly(own.url, "describe", "echo").stdout
    for fact in ("arn:aws:lambda:us-east-1:000000000000:function:echo", "Active", "python3.11", "live → 1", "team=a", "SECRET", "128 MB"):
        assert fact in text, text
    assert "hidden-value" not in text
    everything = json.loads(mayfly(own.url, "describe", "echo", "--json").stdout)
    assert everything["Configuration"]["Environment"]["Variables"] == {"SECRET": "hidden-value"}
    assert [alias["Name"] for alias in everything["Aliases"]] == ["live"]
    assert "Function not found" in mayfly(own.url, "describe", "absent", fails=5).stderr


def test_invoke(own, tmp_path):
    """An event from a file, standard input or the line does not reach the function, or its answer is mixed with other text."""
    (tmp_path / "event.json").write_text('{"n": 1}')
    assert json.loads(mayfly(own.url, "invoke", "echo", "--event", str(tmp_path / "event.json")).stdout) == {"got": {"n": 1}}
    assert json.loads(mayfly(own.url, "invoke", "echo", "-e", "-", event='{"n": 2}').stdout) == {"got": {"n": 2}}
    assert json.loads(mayfly(own.url, "invoke", "echo:live", "-e", '{"n": 3}').stdout) == {"got": {"n": 3}}
    assert json.loads(mayfly(own.url, "invoke", "echo").stdout) == {"got": {}}
    tailed = mayfly(own.url, "invoke", "echo", "--qualifier", "live", "-e", '{"n": 4}', "--tail")
    assert json.loads(tailed.stdout) == {"got": {"n": 4}} and "HEARD {'n': 4}" in tailed.stderr and "REPORT RequestId" in tailed.stderr
    document = json.loads(mayfly(own.url, "invoke", "echo", "-e", '{"n": 5}', "--tail", "--json").stdout)
    assert document["Payload"] == {"got": {"n": 5}} and document["StatusCode"] == 200 and "HEARD" in document["Log"]
    assert mayfly(own.url, "invoke", "echo", "--dry-run").stdout == ""
    assert "accepted" in mayfly(own.url, "invoke", "echo", "--async").stderr
    assert "standard input, or JSON itself" in mayfly(own.url, "invoke", "echo", "--event", str(tmp_path / "none"), fails=2).stderr


def test_invoke_says_how_it_ended(own):
    """A script cannot tell a function that failed from one that is not there, or from a daemon that is not."""
    failed = mayfly(own.url, "invoke", "echo", "-e", '{"raise": 1}', fails=6)
    assert json.loads(failed.stdout)["errorType"] == "ValueError" and "the function failed (Unhandled)" in failed.stderr
    assert "Function not found" in mayfly(own.url, "invoke", "absent", fails=5).stderr
    assert "cannot reach the daemon at http://127.0.0.1:1" in mayfly("http://127.0.0.1:1", "invoke", "echo", fails=3).stderr
    assert mayfly(own.url, "invoke", "echo", "-e", "{no json", fails=1).stdout == ""
    assert json.loads(mayfly(own.url, "invoke", "echo", "-e", '{"raise": 1}', "--json", fails=6).stdout)["FunctionError"] == "Unhandled"


def test_status(own):
    """What the daemon does is shown as blobs of JSON, or not at all."""
    text = mayfly(own.url, "status").stdout
    assert re.search(r"^functions +2$", text, re.M) and re.search(r"^environments +\d+ live", text, re.M), text
    assert re.search(r"^RUNTIME +RUNS ON$", text, re.M) and re.search(r"^python3\.11 +python:3\.11", text, re.M), text
    assert "{" not in text
    assert json.loads(mayfly(own.url, "status", "--json").stdout)["functions"] == 2


def test_top(own):
    """The figures of a function are not those of what it just did."""
    arguments = ["top", "--interval", "1.5", "--json", "--endpoint", own.url]
    watching = subprocess.Popen([BIN / "mayfly", *arguments, "-n", "2"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    aws = own.client()
    done = 0
    line = None
    while watching.poll() is None and done < 2000:
        aws.invoke(FunctionName="other", Payload=json.dumps({"raise": 1} if done % 10 == 0 else {}))
        done += 1
    for line in watching.stdout:
        shown = json.loads(line)
    assert watching.wait() == 0 and line
    row = next(row for row in shown["functions"] if row["function"] == "other")
    assert row["invocations"] > 5 and row["errors"] > 0 and row["invocations_per_second"] > 1
    assert 0 < row["p50_ms"] <= row["p99_ms"] and row["environments"] >= 1 and row["memory_bytes"] > 0
    table = mayfly(own.url, "top", "-d", "0.1").stdout
    assert table.splitlines()[2].split()[:4] == ["FUNCTION", "CALLS/S", "CALLS", "ERRORS"] and "other" in table and "\x1b" not in table


def test_top_is_live_on_a_terminal(own):
    """On a terminal it shows one table and ends, scrolls away, or cannot be ended by ^C."""
    mayfly(own.url, "invoke", "echo")
    seen, code = on_terminal(["top", "-d", "0.1", "--endpoint", own.url], until=lambda text: text.count("\x1b[H\x1b[J") >= 3)
    assert seen.count("\x1b[H\x1b[J") >= 3 and "echo" in seen and code == -2


def test_colours_are_for_terminals(own):
    """Colours in a file or a pipe, or on the terminal of somebody who asked for none; lines longer than the terminal."""
    seen, code = on_terminal(["describe", "echo", "--endpoint", own.url])
    assert "\x1b[32mActive" in seen and code == 0
    assert "\x1b" not in on_terminal(["describe", "echo", "--endpoint", own.url], {"NO_COLOR": "1"})[0]
    assert "\x1b" not in on_terminal(["describe", "echo", "--endpoint", own.url], {"TERM": "dumb"})[0]
    assert "\x1b" not in mayfly(own.url, "describe", "echo").stdout
    narrow, _ = on_terminal(["list", "--endpoint", own.url], {"NO_COLOR": "1"}, columns=40)
    assert all(len(line) <= 40 for line in narrow.split("\r\n")), narrow


def test_wrong_lines():
    """A slip of the fingers gets a riddle, or an exit code that scripts take for something else."""
    for words, problem, hint in ((["statsu"], "'statsu' is no command of 'mayfly'", "did you mean 'status'?"),
                                 (["invoke", "f", "--evnt", "x"], "'--evnt' is no option of 'mayfly invoke'", "did you mean '--event'?"),
                                 (["runtime", "instal", "x"], "'instal' is no command of 'mayfly runtime'", "did you mean 'install'?"),
                                 (["invoke"], "function", "mayfly invoke --help"),
                                 (["logs", "f", "--since", "yesterday"], "--since yesterday", "10m"),
                                 (["help", "invok"], "no help for 'invok'", "did you mean 'invoke'?")):
        said = mayfly(None, *words, fails=2).stderr
        assert problem in said and hint in said, said
    assert "mayfly invoke my-function" in mayfly(None, fails=2).stderr


def test_exit_codes_are_documented():
    """The meaning of an exit code stands nowhere, or not in the manual page."""
    text = mayfly(None, "help", "exit-codes").stdout
    page = mayfly(None, "man").stdout
    assert ".SH EXIT STATUS" in page
    for code in range(7):
        assert re.search(rf"^  {code}  \S", text, re.M) and f".B {code}\n" in page
    assert "mayfly invoke" in mayfly(None, "help", "invoke").stdout and "exit-codes" in mayfly(None, "help").stdout


def test_a_shell_completes_function_names(own):
    """Completion knows commands, and not what one works with."""
    script = mayfly(None, "completion", "bash").stdout + '\nCOMP_WORDS=(mayfly invoke ec); COMP_CWORD=2; _mayfly; echo "${COMPREPLY[*]}"\n'
    environment = {**ENVIRONMENT, "PATH": f"{BIN}:{os.environ['PATH']}", "MAYFLY_ENDPOINT": own.url}
    assert subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True).stdout == "echo\n"


def test_strict_daemons_are_asked_with_credentials(tmp_path):
    """In strict mode a command is refused although the environment, or AWS's files, have credentials; or nobody says that there are none."""
    with Daemon(auth="strict") as daemon:
        root = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        key, secret = root["access_key_id"], root["secret_access_key"]
        assert "no credentials were found" in mayfly(daemon.url, "list", fails=4).stderr
        assert "were sent" in mayfly(daemon.url, "status", fails=4, environment={"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "wrong"}).stderr
        by_variables = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
        (tmp_path / "credentials").write_text(f"[work]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
        by_profile = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"), "AWS_PROFILE": "work"}
        aws = daemon.client("lambda", key, secret)
        aws.create_function(FunctionName="f", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(CODE)})
        aws.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
        for environment in (by_variables, by_profile):
            assert mayfly(daemon.url, "list", "--names", environment=environment).stdout == "f\n"
            assert json.loads(mayfly(daemon.url, "invoke", "f", "-e", '{"a b": "ü"}', environment=environment).stdout) == {"got": {"a b": "ü"}}
            assert "must sign" in mayfly(daemon.url, "status", environment=environment).stdout
            assert "HEARD" in mayfly(daemon.url, "logs", "f", environment=environment).stdout
            assert "f" in mayfly(daemon.url, "top", "-d", "0.1", environment=environment).stdout
            assert "python3.11" in mayfly(daemon.url, "describe", "f", environment=environment).stdout


def test_readme_loop(own, tmp_path):
    """The first minute of the README does not run as it stands."""
    if not os.path.exists("/usr/bin/aws"):
        pytest.skip("the AWS CLI is not installed")
    block = re.search(r"Then use it as you use Lambda:\n\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    assert "http://127.0.0.1:4566" in block
    script = block.replace("http://127.0.0.1:4566", own.url).replace("build/release/bin/mayfly", str(BIN / "mayfly")).replace(" --follow", "")
    environment = {**ENVIRONMENT, "HOME": str(tmp_path), "AWS_PAGER": ""}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"hello": "you"}' in done.stdout and '{"goodbye": "you"}' in done.stdout, done.stdout + done.stderr
