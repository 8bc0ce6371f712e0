"""If these fail, extensions (monitoring agents, log shippers) do not run beside functions as on AWS."""
import base64
import json
import time

import pytest

from daemon import ACCOUNT
from packages import FULL_CPU_MIB, make_zip

SHELL = "#!/usr/bin/python3.11 -IS\n"

# Calls of the APIs inside an environment, with nothing but sockets. `call` gives (status, headers, body).
CALLS = '''
import http.client, json
def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", 9001)
    connection.request(method, path, body if body is None or isinstance(body, str) else json.dumps(body),
                       {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()
def refusal(*request, **headers):
    status, _, body = call(*request, **headers)
    return [status, json.loads(body)["errorType"], json.loads(body)["errorMessage"]]
EXTENSION = "/2020-01-01/extension/"
'''

# An external extension that uses every call: it tells what it saw by lines that go into the function's log.
AGENT = SHELL + CALLS + '''
import http.server, os, sys, threading
records = []
class Take(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        records.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *arguments): pass
def say(what, value): print("agent", what, json.dumps(value), flush=True)

say("unknown", refusal("GET", EXTENSION + "event/next", Lambda_Extension_Identifier="00000000-0000-4000-8000-000000000000"))
say("nameless", refusal("POST", EXTENSION + "register", {}))
say("bad-event", refusal("POST", EXTENSION + "register", {"events": ["NEVER"]}, Lambda_Extension_Name="agent"))
status, headers, body = call("POST", EXTENSION + "register", {"events": ["INVOKE", "SHUTDOWN"]}, Lambda_Extension_Name="agent",
                             Lambda_Extension_Accept_Feature="accountId")
me = headers["Lambda-Extension-Identifier"]
say("registered", [status, json.loads(body)])
say("twice", refusal("POST", EXTENSION + "register", {}, Lambda_Extension_Name="agent")[:2])
say("environment", sorted(name for name in os.environ if name.startswith(("_", "AWS", "LAMBDA"))))
server = http.server.ThreadingHTTPServer(("sandbox.localdomain", 8080), Take)
threading.Thread(target=server.serve_forever, daemon=True).start()
say("bad-subscription", call("PUT", "/2022-07-01/telemetry", {"schemaVersion": "1999-01-01"}, Lambda_Extension_Identifier=me)[0])
subscription = {"schemaVersion": "2022-12-13", "types": ["platform", "function", "extension"], "buffering": {"timeoutMs": 25},
                "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080/take"}}
status, _, body = call("PUT", "/2022-07-01/telemetry", subscription, Lambda_Extension_Identifier=me)
say("subscribed", [status, body])
while True:
    status, headers, body = call("GET", EXTENSION + "event/next", Lambda_Extension_Identifier=me)
    event = json.loads(body)
    say("event", event)
    if event["eventType"] == "SHUTDOWN":
        break
    say("late", refusal("PUT", "/2022-07-01/telemetry", subscription, Lambda_Extension_Identifier=me))
    import time; time.sleep(0.3)
    say("records", sorted({record["type"] for record in records}))
'''

# Does what its event says with internal extensions, within the runtime's process.
INNER = CALLS + '''
import socket, threading, time
me, lines, steps = None, [], {}
def listen(server):
    connection, _ = server.accept()
    for line in connection.makefile(): lines.append(json.loads(line))
def work():
    while True:
        status, _, body = call("GET", EXTENSION + "event/next", Lambda_Extension_Identifier=me)
        if status != 200: return
        steps["event"] = json.loads(body)
steps["shutdown"] = refusal("POST", EXTENSION + "register", {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="inner")
status, headers, body = call("POST", EXTENSION + "register", {"events": ["INVOKE"]}, Lambda_Extension_Name="inner")
me = headers["Lambda-Extension-Identifier"]
steps["registered"] = [status, json.loads(body)]
steps["again"] = refusal("POST", EXTENSION + "register", {}, Lambda_Extension_Name="inner")
others = [call("POST", EXTENSION + "register", {}, Lambda_Extension_Name="x%d" % i) for i in range(10)]
steps["many"] = [status for status, _, _ in others]
server = socket.create_server(("127.0.0.1", 7000))
threading.Thread(target=listen, args=(server,), daemon=True).start()
steps["subscribed"] = call("PUT", "/2022-07-01/telemetry", {"schemaVersion": "2022-07-01", "types": ["platform", "function"],
    "buffering": {"timeoutMs": 25}, "destination": {"protocol": "TCP", "port": 7000}}, Lambda_Extension_Identifier=me)[::2]
threading.Thread(target=work, daemon=True).start()
def wait(identifier):  # the others are silent, but take part in Init
    call("GET", EXTENSION + "event/next", Lambda_Extension_Identifier=identifier)
for status, headers, _ in others:
    if status == 200: threading.Thread(target=wait, args=(headers["Lambda-Extension-Identifier"],), daemon=True).start()

def handler(event, context):
    print("a line of the function")
    steps["closed"] = refusal("POST", EXTENSION + "register", {}, Lambda_Extension_Name="late")
    time.sleep(0.2)
    return {"steps": steps, "lines": lines}
'''


def logged(daemon, name):
    return daemon.raw("GET", f"/_mayfly/logs?function={name}&limit=10000").body.decode()


def tail_of(answer):
    return base64.b64decode(answer["LogResult"]).decode()




def test_an_internal_extension_uses_every_call(aws, functions):
    name = functions(INNER, Timeout=10)
    first = json.loads(aws.invoke(FunctionName=name)["Payload"].read())
    steps = first["steps"]
    assert steps["shutdown"] == [403, "Extension.InvalidEventType", "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"]
    assert steps["registered"] == [200, {"functionName": name, "functionVersion": "$LATEST", "handler": "index.handler"}]
    assert steps["again"] == [403, "Extension.InvalidExtensionState", "Extension with this name already registered"]
    assert steps["many"] == [200] * 9 + [403]
    assert steps["subscribed"] == [200, '"OK"']
    assert steps["closed"] == [403, "Extension.RegistrationClosed", "Extension registration closed already"]
    event = steps["event"]
    assert event["eventType"] == "INVOKE" and event["invokedFunctionArn"].endswith(name) and event["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert abs(event["deadlineMs"] / 1000 - time.time() - 10) < 9
    answer = aws.invoke(FunctionName=name, LogType="Tail")
    lines = json.loads(answer["Payload"].read())["lines"]
    types = [line["type"] for line in lines]
    assert types[0] == "platform.initStart" and lines[0]["record"]["initializationType"] == "on-demand", lines
    for wanted in ("platform.telemetrySubscription", "platform.initRuntimeDone", "platform.extension", "platform.initReport", "platform.start", "function",
                   "platform.runtimeDone", "platform.report"):
        assert wanted in types, (wanted, types)
    done = next(line["record"] for line in lines if line["type"] == "platform.runtimeDone")
    assert done["status"] == "success" and done["metrics"]["producedBytes"] > 100
    assert {span["name"] for span in done["spans"]} == {"responseLatency", "responseDuration", "runtimeOverhead"}
    assert "REPORT RequestId" in tail_of(answer)


@pytest.fixture
def layered(aws, functions):
    """A function with the given files in /opt/extensions."""
    made = []

    def make(files, code="def handler(event, context):\n    print('function at work')\n    return event\n", **settings):
        package = make_zip({f"extensions/{name}": text for name, text in files.items()}, mode=settings.pop("mode", 0o755))
        layer = aws.publish_layer_version(LayerName=f"extensions-{len(made)}-{time.time_ns()}", Content={"ZipFile": package})
        made.append(layer)
        return functions(code, Layers=[layer["LayerVersionArn"]], **settings)

    yield make
    for layer in made:
        aws.delete_layer_version(LayerName=layer["LayerArn"], VersionNumber=layer["Version"])


def agent_says(text):
    """What the agent told, by its word."""
    said = {}
    for line in text.splitlines():
        if line.startswith("agent "):
            _, word, value = line.split(" ", 2)
            said.setdefault(word, []).append(json.loads(value))
    return said


def test_an_external_extension_lives_beside_the_function(daemon, aws, layered):
    name = layered({"agent": AGENT}, Timeout=10)
    answer = aws.invoke(FunctionName=name, Payload=b"1", LogType="Tail")
    assert answer["Payload"].read() == b"1", answer
    first = logged(daemon, name)
    said = agent_says(first)
    assert "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]" in first
    assert "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function, Extension]" in first
    assert first.index("EXTENSION") < first.index("START RequestId") < first.index("function at work") < first.index("REPORT")
    assert said["unknown"][0][:2] == [403, "Extension.UnknownExtensionIdentifier"]
    assert said["nameless"] == [[403, "Extension.InvalidExtensionName", "Empty extension name"]]
    assert said["bad-event"] == [[403, "Extension.InvalidEventType", "NEVER: ErrorInvalidEventType"]]
    assert said["registered"] == [[200, {"functionName": name, "functionVersion": "$LATEST", "handler": "index.handler", "accountId": ACCOUNT}]]
    assert said["twice"] == [[403, "Extension.InvalidExtensionState"]]
    assert said["bad-subscription"] == [400] and said["subscribed"] == [[200, '"OK"']]
    for hidden in ("_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_STREAM_NAME"):
        assert hidden not in said["environment"][0]
    assert {"AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"} <= set(said["environment"][0])
    assert said["late"] == [[403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed"]]
    answer = aws.invoke(FunctionName=name, Payload=b"2", LogType="Tail")
    said = agent_says(tail_of(answer))
    assert said["event"][0]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    for wanted in ("platform.initStart", "platform.extension", "platform.start", "platform.runtimeDone", "platform.report", "function", "extension"):
        assert wanted in said["records"][0], said


def test_the_caller_does_not_wait_for_extensions(aws, layered):
    slow = SHELL + CALLS + '''
import time
me = call("POST", EXTENSION + "register", {"events": ["INVOKE"]}, Lambda_Extension_Name="slow")[1]["Lambda-Extension-Identifier"]
while True:
    call("GET", EXTENSION + "event/next", Lambda_Extension_Identifier=me)
    time.sleep(15)
'''
    name = layered({"slow": slow}, Timeout=30)
    for _ in range(2):  # the second in an environment of its own
        started = time.monotonic()
        aws.invoke(FunctionName=name)
        assert time.monotonic() - started < 12


@pytest.mark.parametrize("program, mode, error, message", [
    ("raise SystemExit(3)", 0o755, "Extension.Crash", "exit status 3"),
    ("pass", 0o644, "Extension.LaunchError", "fork/exec /opt/extensions/agent: permission denied"),
    ('me = call("POST", EXTENSION + "register", {}, Lambda_Extension_Name="agent")[1]["Lambda-Extension-Identifier"]\n'
     'call("POST", EXTENSION + "init/error", "{}", Lambda_Extension_Identifier=me, Lambda_Extension_Function_Error_Type="Extension.Config")\n'
     "raise SystemExit(1)", 0o755, "Extension.InitError", "exit status 1"),
])
def test_extensions_that_spoil_init_are_named(aws, layered, program, mode, error, message):
    name = layered({"agent": SHELL + CALLS + program}, mode=mode)
    answer = aws.invoke(FunctionName=name, LogType="Tail")
    document = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled" and document["errorType"] == error
    assert document["errorMessage"] == f"RequestId: {answer['ResponseMetadata']['RequestId']} Error: {message}"
    assert f"Status: error\tError Type: {error}" in tail_of(answer)


def test_shutdown_is_told_before_the_end(aws, layered):
    teller = SHELL + CALLS + '''
import sys
me = call("POST", EXTENSION + "register", {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="teller")[1]["Lambda-Extension-Identifier"]
event = json.loads(call("GET", EXTENSION + "event/next", Lambda_Extension_Identifier=me)[2])
print("told of", event["shutdownReason"], flush=True)
open("/tmp/told", "w").write(event["shutdownReason"])
'''
    code = '''
import os, time
def handler(event, context):
    if event: time.sleep(20)
    return open("/tmp/told").read() if os.path.exists("/tmp/told") else None
'''
    name = layered({"teller": teller}, code=code, Timeout=1)
    assert json.loads(aws.invoke(FunctionName=name, Payload=b"0")["Payload"].read()) is None
    answer = aws.invoke(FunctionName=name, Payload=b"1", LogType="Tail")
    assert json.loads(answer["Payload"].read())["errorType"] == "Sandbox.Timedout"
    assert "told of timeout" in tail_of(answer)
    assert json.loads(aws.invoke(FunctionName=name, Payload=b"0")["Payload"].read()) == "timeout", "the sandbox and its /tmp are kept"


def test_json_logs_hold_platform_events_and_obey_levels(daemon, aws, functions):
    code = '''
import json
def handler(event, context):
    for level in ("DEBUG", "INFO", "ERROR"):
        print(json.dumps({"level": level, "timestamp": "2026-01-31T00:00:00Z", "message": "at " + level}))
    return 1
'''
    name = functions(code, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "DEBUG"})
    lines = [json.loads(line) for line in tail_of(aws.invoke(FunctionName=name, LogType="Tail")).splitlines()]
    assert [line.get("message") for line in lines if "message" in line] == ["at ERROR"], lines
    types = ["platform.start", "platform.runtimeDone", "platform.report"]
    assert [line["type"] for line in lines if "type" in line] == types
    assert [json.loads(line[line.index("{"):]).get("type") for line in logged(daemon, name).splitlines() if '"type"' in line] == [
        "platform.initStart", "platform.initRuntimeDone", "platform.initReport", *types]
    report = next(line for line in lines if line.get("type") == "platform.report")["record"]
    assert report["status"] == "success" and report["metrics"]["memorySizeMB"] == FULL_CPU_MIB and report["metrics"]["initDurationMs"] > 0
    aws.update_function_configuration(FunctionName=name, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "TRACE", "SystemLogLevel": "WARN"})
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    lines = [json.loads(line) for line in tail_of(aws.invoke(FunctionName=name, LogType="Tail")).splitlines()]
    assert [line.get("message") for line in lines] == ["at DEBUG", "at INFO", "at ERROR"], lines


def test_framed_logs_keep_messages_whole(aws, functions):
    bootstrap = SHELL + '''
import http.client, os, struct
log = int(os.environ["_LAMBDA_TELEMETRY_LOG_FD"])
def frame(kind, text): os.write(log, struct.pack(">IIQ", kind, len(text), 0) + text)
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = connection.getresponse()
    body = answer.read()
    frame(0xA55A0003, b"one\\ntwo\\nthree")
    connection.request("POST", "/2018-06-01/runtime/invocation/%s/response" % answer.headers["Lambda-Runtime-Aws-Request-Id"], body)
    connection.getresponse().read()
'''
    name = functions(make_zip({"bootstrap": bootstrap}, mode=0o755), Runtime="provided.al2023", Handler="any")
    answer = aws.invoke(FunctionName=name, Payload=b"1", LogType="Tail")
    assert answer["Payload"].read() == b"1"
    assert "\none\ntwo\nthree\nEND" in tail_of(answer)
