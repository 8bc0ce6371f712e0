"""If these fail, Mayfly's Python client wastes round trips, loses an answer, or hangs where it should go on or end."""

import subprocess

import pytest

from client_run import Outcome, function_environment, run_client
from fake_runtime_api import Event, FakeRuntimeApi

ECHO = "def handler(event, context):\n    if event == 'fail':\n        raise ValueError('asked to')\n    return event\n"


def test_answer_and_next_request_travel_together(python_function):
    python_function.write("app.py", ECHO)
    large = "x" * 3000000
    events = [Event(i, hold_answer_until_next=True) for i in (1, "fail", 3, large, 5)]
    outcome = python_function.run("app.handler", events)
    assert [a.path.rsplit("/", 1)[1] for a in outcome.answers] == ["response", "error", "response", "response", "response"]
    assert outcome.response(3) == large
    assert outcome.api.pipelined == 5 and outcome.api.connections == 1


def test_warm_invocation_is_one_send_and_one_receive(python_function):
    if subprocess.run(["strace", "-V"], capture_output=True).returncode != 0:
        pytest.skip("strace is not installed")
    python_function.write("app.py", ECHO)
    trace = python_function.folder / "trace"
    command = ["strace", "-f", "-e", "trace=sendto,sendmsg,recvfrom", "-o", str(trace)] + python_function.command("app.handler")
    outcome = run_client(command, python_function.folder, "app.handler", [Event(i, hold_answer_until_next=True) for i in range(20)])
    assert outcome.response(19) == 19
    lines = trace.read_text().splitlines()
    function = [line for line in lines if "recvfrom(" in line][-1].split()[0]
    lines = [line for line in lines if line.split()[0] == function]  # a zygote rehearses before it forks
    # strace may be ended before it has written the last call down.
    assert len([line for line in lines if "sendto(" in line or "sendmsg(" in line]) in (20, 21)
    # The first invocation learns what an acknowledgement looks like; from then on it is received together with the next event.
    assert len([line for line in lines if "recvfrom(" in line]) <= 24


def test_events_of_every_size_arrive_whole(python_function):
    # The end of an event may come alone and be shorter than what a receive of a small event waits for.
    python_function.write("app.py", "def handler(event, context):\n    return len(event)\n")
    sizes = list(range(64800, 66400, 23)) + [1, 131072, 2, 200000, 65536, 3]
    outcome = python_function.run("app.handler", [Event("x" * size) for size in sizes])
    assert [outcome.response(i) for i in range(len(sizes))] == sizes


@pytest.mark.parametrize("status", [413, 400, 403])
def test_refused_answer_is_logged_and_the_next_event_served(python_function, status):
    python_function.write("app.py", ECHO)
    outcome = python_function.run("app.handler", [Event("big", status=status), Event("next")])
    assert outcome.response(1) == "next" and outcome.code is None
    assert "Http response code: %d." % status in outcome.stderr


def test_refusal_before_the_body_was_read(python_function):
    # The platform answers 413 and closes while the client still sends: neither a hang nor a lost event may follow.
    python_function.write("app.py", "def handler(event, context):\n    return 'x' * event\n")
    outcome = python_function.run("app.handler", [Event(10, refuse_early=True), Event(2)])
    assert outcome.response(1) == "xx" and outcome.api.connections == 2
    huge = python_function.run("app.handler", [Event(30 << 20, refuse_early=True), Event(2)])
    if huge.code is None:
        assert huge.response(1) == "xx" and "413" not in huge.stdout
    else:  # the reset outran the answer: then the process ends and says why
        assert huge.code == 1 and "LAMBDA_RUNTIME the connection broke" in huge.stderr


def test_platform_closes_after_its_answer(python_function):
    python_function.write("app.py", ECHO)
    outcome = python_function.run("app.handler", [Event(1, close_after_answer=True), Event(2), Event(3)])
    assert [outcome.response(i) for i in range(3)] == [1, 2, 3] and outcome.api.connections == 2


def test_platform_failure_ends_the_process(python_function):
    python_function.write("app.py", ECHO)
    outcome = python_function.run("app.handler", [Event(1, status=500), Event(2)])
    assert outcome.code == 1 and "LAMBDA_RUNTIME the platform failed: 500" in outcome.stderr


def test_refused_init_error_ends_the_process(python_function):
    outcome = python_function.run("missing.handler", [], init_error_status=403)
    assert outcome.code == 1 and "the platform refused the init error: 403" in outcome.stderr


def test_no_platform(python_function):
    python_function.write("app.py", ECHO)
    outcome = python_function.run("app.handler", [], {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})
    assert outcome.code == 1 and "LAMBDA_RUNTIME cannot connect to 127.0.0.1:1" in outcome.stderr


def test_chunked_event(python_function):
    python_function.write("app.py", ECHO)
    value = ["y" * 5000, "é"]
    outcome = python_function.run("app.handler", [Event(value, chunked=True), Event(1)])
    assert outcome.response(0) == value and outcome.response(1) == 1


def test_invocation_id_is_echoed(python_function):
    python_function.write("app.py", ECHO)
    outcome = python_function.run("app.handler", [
        Event(1, headers={"Lambda-Runtime-Invocation-Id": "attempt-1"}), Event("fail", headers={"Lambda-Runtime-Invocation-Id": "attempt-2"}),
        Event(3)])
    assert [a.headers.get("lambda-runtime-invocation-id") for a in outcome.answers] == ["attempt-1", "attempt-2", None]


def test_error_type_header(python_function):
    python_function.write("app.py", "class Fehlerstück(Exception): pass\ndef handler(event, context):\n    raise Fehlerstück('\\udc80 \\n x')\n")
    outcome = python_function.run("app.handler", [Event()])
    assert outcome.answers[0].headers["lambda-runtime-function-error-type"] == "Fehlerst?ck"
    assert outcome.error()["errorType"] == "Fehlerstück"


def test_huge_error_is_told_without_a_cause(python_function):
    python_function.write("app.py", "def handler(event, context):\n    raise ValueError('é' * 200000)\n")
    outcome = python_function.run("app.handler", [Event()])
    assert len(outcome.error()["errorMessage"]) == 200000
    assert len(outcome.answers[0].headers["lambda-runtime-function-xray-error-cause"]) < 32768


def test_signal_handler_runs_while_waiting(python_function):
    # SIGTERM comes to an idle environment at shutdown; a handler of the function's own must run then.
    python_function.write("app.py", """
import os, signal, sys, threading, time
def stop(number, frame):
    print("stopping")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
def handler(event, context):
    threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.SIGTERM))).start()
""")
    outcome = run_until_exit(python_function, [Event()])
    assert outcome.lines() == ["stopping"] and outcome.code == 0


def run_until_exit(function, events):
    api = FakeRuntimeApi(events)
    process = subprocess.Popen(function.command("app.handler"), cwd=str(function.folder), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=function_environment(api, function.folder, "app.handler"))
    try:
        stdout, stderr = process.communicate(timeout=20)
    finally:
        process.kill()
        api.stop()
    return Outcome(api, stdout.decode(), stderr.decode(), process.returncode)
