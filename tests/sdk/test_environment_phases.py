"""If these fail, environments begin, freeze, fail or end otherwise than on AWS (the reference, §2.3). What needs a virtual clock stands in
src/runtime/*_sim_test.cc: Init's ten seconds, the Shutdown phases of 0, 500 and 2,000 ms."""
import re
import time

import pytest

from conftest import Functions
from daemon import Daemon, wait_until
from invocations import call, change
from packages import EXTENSION, make_zip

COUNTS = """
import os, time
began = time.monotonic()
if os.path.exists("/tmp/fail"):
    raise ValueError("as asked")
starts = len(os.listdir("/tmp"))
open("/tmp/start-%d" % starts, "w").close()
def handler(event, context):
    if event == "sleep": time.sleep(30)
    if event == "exit": os._exit(1)
    if event == "fail next": open("/tmp/fail", "w").close(); os._exit(1)
    if event == "mend": os.unlink("/tmp/fail")
    return {"starts": starts, "files": sorted(os.listdir("/tmp")), "pid": os.getpid()}
"""


@pytest.mark.parametrize("event", ["sleep", "exit"])
def test_a_reset_keeps_the_sandbox_and_its_tmp(daemon, aws, functions, event):
    name = functions(COUNTS, Timeout=1)
    assert call(aws, name).payload["starts"] == 0
    assert call(aws, name, event).error == "Unhandled"
    after = call(aws, name)
    assert after.payload["starts"] == 1 and after.payload["files"] == ["start-0", "start-1"], after
    logged = daemon.raw("GET", f"/_mayfly/logs?function={name}").body.decode()
    assert after.report["init"] is None and logged.count("INIT_START") == 2, "its Init is part of the invocation: a suppressed one"
    assert float(after.report["duration"]) < 1000


def test_a_suppressed_init_that_fails_fails_the_invocation(aws, functions):
    name = functions(COUNTS, Timeout=20)
    assert call(aws, name, "fail next").payload["errorType"] == "Runtime.ExitError"
    broken = call(aws, name)
    assert (broken.error, broken.payload["errorType"], broken.payload["errorMessage"]) == ("Unhandled", "ValueError", "as asked")
    assert re.findall(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: (\w+)\tStatus: (\w+)", broken.log) == [("invoke", "error")], broken.log
    assert broken.report["status"] == "error"


def test_a_failed_init_is_tried_again_inside_the_invocation(aws, functions):
    """The second time it is well: files of the first try are still there."""
    code = """
import os
if not os.path.exists("/tmp/tried"):
    open("/tmp/tried", "w").close()
    raise ValueError("once")
def handler(event, context):
    return os.listdir("/tmp")
"""
    answer = call(aws, functions(code))
    assert answer.payload == ["tried"] and answer.error == "", answer
    phases = re.findall(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: (\w+)\tStatus: (\w+)\tError Type: [\w.]+", answer.log)
    assert phases == [("init", "error")] and answer.report["init"] is None, answer.log
    assert answer.log.index("INIT_REPORT") < answer.log.index("START RequestId"), "what came first stands first, in the tail as in the log group"


@pytest.mark.parametrize("code, error_type, message", [
    ("raise RuntimeError('no luck')", "RuntimeError", "no luck"),
    ("import os; os._exit(0)", "Runtime.ExitError", "RequestId: ID Error: Runtime exited without providing a reason"),
    ("import os; os._exit(9)", "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 9"),
    ("import os; os.abort()", "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: signal: aborted"),
    ("import nothing_like_it", "Runtime.ImportModuleError", "Unable to import module 'index': No module named 'nothing_like_it'"),
    ("def handler(", "Runtime.UserCodeSyntaxError", None),
    ("x = bytearray(1 << 30); x[::4096] = b'1' * len(x[::4096])", "Runtime.OutOfMemory", "RequestId: ID Error: Runtime exited with error: signal: killed")])
def test_how_failed_inits_are_answered(aws, functions, code, error_type, message):
    answer = call(aws, functions(code + "\n", MemorySize=256, Timeout=30))
    assert (answer.error, answer.payload["errorType"]) == ("Unhandled", error_type), answer
    if message:
        assert answer.payload["errorMessage"] == message.replace("ID", answer.request_id, 1) if "ID Error" in message else message, answer
    assert answer.log.rindex("INIT_REPORT") < answer.log.index("START RequestId"), answer.log


def test_init_may_take_its_time_and_no_more():
    """With a limit of one second in place of ten: the first try ends there, the second has the function's own timeout."""
    with Daemon("--init-timeout", "1") as daemon:
        functions = Functions(daemon.client("lambda"))
        slow = functions("import time\ntime.sleep(1.4)\ndef handler(event, context):\n    return 'ready'\n", Timeout=5)
        answer = call(functions.aws, slow)
        assert answer.payload == "ready", answer
        first = re.search(r"INIT_REPORT Init Duration: ([\d.]+) ms\tPhase: init\tStatus: timeout\t", answer.log)
        assert first and 1000 <= float(first[1]) < 1400, "it ends before the module is loaded"
        assert answer.report["init"] is None and float(answer.report["duration"]) >= 1400
        endless = functions("import time\ntime.sleep(60)\n", Timeout=1)
        late = call(functions.aws, endless)
        assert late.payload == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {late.request_id} Error: Task timed out after 1.00 seconds"}
        assert re.findall(r"INIT_REPORT .*\tPhase: (\w+)\tStatus: (\w+)", late.log) == [("init", "timeout"), ("invoke", "timeout")], late.log


TICKS = """
import threading, time
ticks = 0
def tick():
    global ticks
    while True:
        time.sleep(0.005)
        ticks += 1
threading.Thread(target=tick, daemon=True).start()
def handler(event, context):
    time.sleep(event["work"])
    return {"ticks": ticks, "wall": time.time(), "monotonic": time.monotonic(), "boot": time.clock_gettime(time.CLOCK_BOOTTIME)}
"""


def test_nothing_runs_between_invocations_with_exact_freezing():
    """--freeze-after 0, as AWS does it: a thread that runs on would do work that is not paid for, and come to wrong ends."""
    with Daemon("--freeze-after", "0") as daemon:
        functions = Functions(daemon.client("lambda"))
        name = functions(TICKS, Timeout=10)
        first = call(functions.aws, name, {"work": 0.2}).payload
        assert first["ticks"] >= 5, "it runs while there is work"
        asked = time.monotonic() + 1.0
        wait_until(lambda: time.monotonic() >= asked, 5, "a second")
        second = call(functions.aws, name, {"work": 0}).payload
        assert second["ticks"] - first["ticks"] < 40, "200 ticks and more were due"
        gone = second["wall"] - first["wall"]
        assert gone >= 1.0
        for clock in ("monotonic", "boot"):
            assert abs(second[clock] - first[clock] - gone) < 0.1, "clocks go on while it is frozen"


def test_a_timer_that_ended_while_frozen_fires_after_thaw():
    code = """
import threading, time
fired = []
def fire(deadline):
    while time.monotonic() < deadline: time.sleep(max(deadline - time.monotonic(), 0.001))
    fired.append(time.time())
def handler(event, context):
    if event == "start":
        threading.Thread(target=fire, args=(time.monotonic() + 0.3,), daemon=True).start()
    else:
        time.sleep(0.1)
    return {"fired": fired, "now": time.time()}
"""
    with Daemon("--freeze-after", "0") as daemon:
        functions = Functions(daemon.client("lambda"))
        name = functions(code, Timeout=10)
        assert call(functions.aws, name, "start").payload["fired"] == []
        asked = time.monotonic() + 1.0
        wait_until(lambda: time.monotonic() >= asked, 5, "a second")
        told = call(functions.aws, name, "look").payload
        assert len(told["fired"]) == 1 and told["now"] - told["fired"][0] < 0.5, "late, and not in its sleep"


def test_one_environments_death_leaves_the_others_alone(aws, functions):
    """Two at once: one is killed by its memory, the other goes on in the same process."""
    import concurrent.futures
    code = """
import os, time
def handler(event, context):
    if event == "eat":
        kept = []
        while True: kept.append(bytearray(b"x" * (1 << 20)))
    time.sleep(event)
    return os.getpid(), open("/proc/self/stat").read().split()[21]
"""
    name = functions(code, MemorySize=256, Timeout=60)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        quiet = pool.submit(call, aws, name, 1.5)
        assert call(aws, name, "eat").payload["errorType"] == "Runtime.OutOfMemory"
        assert quiet.result().error == ""


ENDING = """
import http.client, json, signal, threading, time
def ended(number, frame):
    began = time.monotonic()
    while True:
        print("ending for %.3f" % (time.monotonic() - began), flush=True)
        time.sleep(0.01)
signal.signal(signal.SIGTERM, ended)
def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", 9001)
    connection.request(method, "/2020-01-01/extension/" + path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.headers, answer.read()
def take(me):
    while True: call("GET", "event/next", Lambda_Extension_Identifier=me)
if INTERNAL:
    headers, _ = call("POST", "register", json.dumps({"events": ["INVOKE"]}), Lambda_Extension_Name="inner")
    threading.Thread(target=take, args=(headers["Lambda-Extension-Identifier"],), daemon=True).start()
def handler(event, context):
    return event
"""


@pytest.mark.parametrize("extension, seconds", [(None, 0), ("internal", 0.15), ("external", 0.6)])
def test_how_long_a_runtime_may_end(daemon, aws, functions, extension, seconds):
    """Killed at once without extensions; else 30 % of 500 ms (internal ones) or of 2,000 ms."""
    layers = []
    if extension == "external":
        layers = [aws.publish_layer_version(LayerName="ending", Content={"ZipFile": make_zip({"extensions/agent": EXTENSION}, mode=0o755)})["LayerVersionArn"]]
    name = functions(ENDING.replace("INTERNAL", str(extension == "internal")), Layers=layers, Timeout=10)
    assert call(aws, name, 1).payload == 1
    asked = time.monotonic()
    change(aws, name, Description="ends the environment")

    def log():
        return daemon.raw("GET", f"/_mayfly/logs?function={name}&limit=10000").body.decode()

    def ticks():
        return [float(tick) for tick in re.findall(r"ending for ([\d.]+)", log())]
    wait_until(lambda: time.monotonic() - asked > 3, 10, "every phase is over after two seconds")
    lasted = ticks()
    if seconds == 0:
        assert lasted == []
    else:
        assert lasted and lasted[-1] <= seconds + 1, "it had its time, and no more (to the millisecond: extensions_sim_test.cc)"
    assert ("agent saw SHUTDOWN spindown" in log()) == (extension == "external")


def test_credentials_are_renewed_before_they_end():
    """Environments outlive no credentials: with eight seconds for them, one is used for four, and the next has new ones."""
    code = """
import boto3, os
def handler(event, context):
    boto3.client("lambda").list_functions(MaxItems=1)
    return os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
"""
    with Daemon("--credentials-valid", "8") as daemon:
        functions = Functions(daemon.client("lambda"))
        name = functions(code, Timeout=30, MemorySize=1769)
        keys, streams = [], []
        began = time.monotonic()
        while time.monotonic() - began < 13:
            answer = call(functions.aws, name)
            assert answer.error == "", f"its credentials hold: {answer}"
            keys.append(answer.payload[0])
            streams.append(answer.payload[1])
        assert 3 <= len(set(keys)) <= 6 and len(set(keys)) == len(set(streams)), set(keys)
        assert len(keys) > 3 * len(set(keys)), "and most invocations find a warm environment"


def test_credentials_that_have_ended_are_refused():
    """An invocation that lasts longer than they do: half an hour is left of them, so that on a real node none does."""
    code = """
import boto3, time
client = boto3.client("lambda")
def handler(event, context):
    client.list_functions()
    time.sleep(3)
    try:
        client.list_functions()
    except client.exceptions.ClientError as refused:
        return refused.response["Error"]["Code"]
"""
    with Daemon("--credentials-valid", "3") as daemon:
        functions = Functions(daemon.client("lambda"))
        assert call(functions.aws, functions(code, Timeout=20, MemorySize=1769)).payload == "ExpiredTokenException"


def test_a_package_of_another_layout_runs_from_its_layer(aws, functions):
    """provided.*: /opt/bootstrap takes the place of the package's own."""
    bootstrap = """#!/usr/bin/python3.11 -IS
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    body = event.read()
    api.request("POST", "/2018-06-01/runtime/invocation/%s/response" % event.headers["Lambda-Runtime-Aws-Request-Id"], body)
    api.getresponse().read()
"""
    layer = aws.publish_layer_version(LayerName="own-runtime", Content={"ZipFile": make_zip({"bootstrap": bootstrap}, mode=0o755)})
    name = functions(make_zip({"app.txt": "x"}), Runtime="provided.al2023", Handler="any", Layers=[layer["LayerVersionArn"]])
    assert call(aws, name, {"a": 1}).payload == {"a": 1}
