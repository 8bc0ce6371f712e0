"""What happens to functions, and what callers and logs must then show: the shapes of reference/lambda-api.md, §2.1, §2.2 and §2.6.

A cell is a function of a Stage and a Family: it makes its function, invokes it and asserts.
"""
import base64
import collections
import json
import re
import threading

from builds import Unavailable
from daemon import ACCOUNT, REGION
from invocations import change, send
from packages import EXTENSION, FULL_CPU_MIB, make_zip

ROLE = f"arn:aws:iam::{ACCOUNT}:role/test"
PAYLOAD_MAX = 6_291_456
RESPONSE_MAX = 6_291_556
CLIENT = {"installation_id": "i", "app_title": "t", "app_version_name": "n", "app_version_code": "c", "app_package_name": "p"}


class Function:
    def __init__(self, client, name):
        self.client = client
        self.name = name

    def call(self, do, **arguments):
        return self.send(json.dumps({"do": do, **arguments}).encode())

    def send(self, payload, **settings):
        return send(self.client, self.name, payload, **settings)

    def fails(self, do, error_type, message=None, **arguments):
        """The answer to an event after which the caller must see this error."""
        answer = self.call(do, **arguments)
        assert answer.error == "Unhandled", answer
        wanted = error_type if isinstance(error_type, tuple) else (error_type,)
        assert answer.payload["errorType"] in wanted, answer
        if message is not None:
            assert answer.payload["errorMessage"] == message.replace("REQUEST_ID", answer.request_id), answer
        return answer

    def serves(self):
        """What went before has done the function no lasting harm."""
        answer = self.call("echo", after="all")
        assert answer.error == "" and answer.payload == {"do": "echo", "after": "all"}, answer
        return answer


class Stage:
    def __init__(self, daemon):
        self.daemon = daemon
        self.client = daemon.client("lambda")
        self.locks = collections.defaultdict(threading.Lock)  # one build per family

    def run(self, family, cell):
        cell(self, family)

    def package(self, family):
        with self.locks[family.name]:
            return family.package

    def make(self, family, cell, **settings):
        settings = {"Timeout": 30, "MemorySize": family.memory, **family.settings, **settings}
        name = f"{family.name}-{cell}"
        self.client.create_function(FunctionName=name, Runtime=family.runtime, Role=ROLE, Code={"ZipFile": self.package(family)},
                                    **{"Handler": family.handler, **settings})
        return Function(self.client, name)

    def logged(self, function):
        return self.daemon.raw("GET", f"/_mayfly/logs?function={function.name}&limit=10000").body.decode()

    def layer(self, name, files, mode=0o644):
        return self.client.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip(files, mode=mode)})["LayerVersionArn"]


# --- what goes well ---------------------------------------------------------------------------------------------------------

def echo(stage, family):
    function = stage.make(family, "echo")
    event = {"do": "echo", "text": "ünï \u2603 \U0001f600 \"quoted\" \\", "numbers": [1, -2, 2.5, 0], "yes": True,
             "deep": {"list": [{"a": []}, {}]}, "empty": "", **family.nulls}
    first = function.send(json.dumps(event).encode())
    assert first.error == "" and first.payload == event, first
    assert float(first.report["init"]) > 0 and first.report["size"] == str(family.memory) and 0 < int(first.report["used"]) <= family.memory
    assert abs(int(first.report["billed"]) - float(first.report["duration"]) - float(first.report["init"])) <= 1.01
    assert first.log.index("START RequestId: " + first.request_id + " Version: $LATEST\n") < first.log.index("END RequestId: " + first.request_id)
    again = function.send(json.dumps(event, ensure_ascii=False).encode())
    assert again.payload == event and again.report["init"] is None and again.report["status"] is None
    deep_events(function, family.levels)
    assert function.call("print").payload is None
    assert "a printed line\n" in function.call("print").log


def deep_events(function, levels):
    """As deep as Mayfly takes them, of lists and of objects: as text, since Python's own parser goes less deep."""
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        text = '{"do":"echo","deep":' + opening * (levels - 1) + closing * (levels - 1) + "}" if opening == "[" else (
            '{"do":"echo","deep":' + opening * (levels - 2) + "{}" + closing * (levels - 2) + "}")
        answer = function.client.invoke(FunctionName=function.name, Payload=text.encode())
        payload = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, payload[:500]
        told = "".join(payload.split())
        assert text[len('{"do":"echo",'):-1] in told, (opening, told[:200])


def context(stage, family):
    function = stage.make(family, "context", Timeout=20)
    client = base64.b64encode(json.dumps({"custom": {"k": "v"}, "client": CLIENT, "env": {}}).encode()).decode()
    answer = function.send(b'{"do":"context"}', ClientContext=client, Qualifier="$LATEST")
    told = answer.payload
    assert answer.error == "", told
    assert told["request_id"] == answer.request_id and told["name"] == function.name and told["version"] == "$LATEST"
    assert told["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.name}:$LATEST"
    assert told["memory"] == family.memory and told["group"] == f"/aws/lambda/{function.name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", told["stream"])
    assert 10_000 < told["remaining"] <= 20_000 and told["client"] == {"k": "v"}
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0(;Lineage=.*)?", told["trace"]), told
    other = function.call("context").payload
    assert other["request_id"] != told["request_id"] and other["trace"] != told["trace"] and other["stream"] == told["stream"]
    assert other["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.name}" and other.get("client") is None


def environment(stage, family):
    own = {**family.settings.get("Environment", {}).get("Variables", {}), "OWN": "value", "lower_case": "ü 1"}
    function = stage.make(family, "environment", Environment={"Variables": own})
    seen = function.call("environment").payload
    expected = {
        "OWN": "value", "lower_case": "ü 1", "_HANDLER": family.handler, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": function.name, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(family.memory), "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "LANG": "en_US.UTF-8",
        "TZ": ":UTC", "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000", "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1", "_AWS_XRAY_DAEMON_PORT": "2000",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"}
    assert {name: seen.get(name) for name in expected} == expected
    assert seen.get("AWS_EXECUTION_ENV") == (f"AWS_Lambda_{family.runtime}" if family.managed else None)
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA") and seen["AWS_SECRET_ACCESS_KEY"] and seen["AWS_SESSION_TOKEN"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", seen["AWS_LAMBDA_LOG_STREAM_NAME"])
    strange = [name for name in seen if name.startswith(("MAYFLY", "LC_"))]
    assert strange == ([] if family.managed else strange) and set(strange) <= {"LC_CTYPE"}, strange  # CPython itself may name a locale


def unended(stage, family):
    """What was written when an invocation ends belongs to its log, also without a line's end."""
    function = stage.make(family, "unended")
    for _ in range(2):
        answer = function.call("unended")
        assert re.search(r"no line's end\nEND RequestId: " + answer.request_id, answer.log), answer.log
    assert "no line's end" not in function.call("echo").log


def asynchronous(stage, family):
    function = stage.make(family, "asynchronous")
    assert function.call("async", number=21).payload == {"doubled": 42}
    assert function.call("async", number=4).payload == {"doubled": 8}


# --- what fails -------------------------------------------------------------------------------------------------------------

def error(stage, family):
    function = stage.make(family, "error")
    answer = function.fails("error", family.error_type, "as asked")
    assert answer.report["status"] is None, "a handled error is no failure of the environment"
    after = function.serves()
    assert after.report["init"] is None, "it serves on in the same process"


def crash(stage, family):
    function = stage.make(family, "crash")
    answer = function.fails("crash", "Runtime.ExitError", f"RequestId: REQUEST_ID Error: {family.crash}")
    assert (answer.report["status"], answer.report["error"]) == ("error", "Runtime.ExitError")
    assert f"RequestId: {answer.request_id} Error: {family.crash}\nRuntime.ExitError\n" in answer.log
    function.serves()
    logged = stage.daemon.raw("GET", f"/_mayfly/logs?function={function.name}&limit=10000").body.decode()
    assert logged.count("INIT_START") >= 2, "in a new process"


def leaves(stage, family):
    function = stage.make(family, "leaves")
    answer = function.fails("exit", "Runtime.ExitError", "RequestId: REQUEST_ID Error: Runtime exited with error: exit status 3")
    assert (answer.report["status"], answer.report["error"]) == ("error", "Runtime.ExitError")
    function.serves()


def timeout(stage, family):
    function = stage.make(family, "timeout", Timeout=1, MemorySize=FULL_CPU_MIB)
    function.call("echo")  # so that the limit is the handler's alone
    answer = function.fails("sleep", "Sandbox.Timedout", "RequestId: REQUEST_ID Error: Task timed out after 1.00 seconds")
    assert (answer.report["status"], answer.report["error"]) == ("timeout", None)
    assert 1000 <= float(answer.report["duration"]) < 3000
    assert re.search(rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {answer.request_id} Task timed out after 1\.00 seconds$", answer.log, re.M), answer.log
    change(stage.client, function.name, Timeout=30)
    function.serves()


def memory(stage, family):
    function = stage.make(family, "memory")
    answer = function.fails("memory", family.out_of_memory)
    if answer.payload["errorType"] == "Runtime.OutOfMemory":
        assert answer.payload["errorMessage"] == f"RequestId: {answer.request_id} Error: Runtime exited with error: signal: killed"
        assert (answer.report["status"], answer.report["error"]) == ("error", "Runtime.OutOfMemory")
        assert int(answer.report["used"]) >= family.memory - 2, "all of it was used"
    function.serves()


def large(stage, family):
    function = stage.make(family, "large", MemorySize=FULL_CPU_MIB, Timeout=60)
    event = {"do": "echo", "text": ""}
    event["text"] = "x" * (PAYLOAD_MAX - len(json.dumps(event, separators=(",", ":"))))
    answer = function.send(json.dumps(event, separators=(",", ":")).encode())
    assert answer.error == "" and answer.payload == event
    longest = RESPONSE_MAX - 2  # with its quotes
    answer = function.call("large", size=longest)
    assert answer.error == "" and answer.payload == "x" * longest
    answer = function.fails("large", "Function.ResponseSizeTooLarge",
                            "Response payload size exceeded maximum allowed payload size (6291556 bytes).", size=longest + 1)
    function.serves()


# --- streamed answers -------------------------------------------------------------------------------------------------------

def stream(stage, family):
    """More than a buffered answer may hold, behind a prelude; then one that fails in its midst."""
    if not family.streaming:
        raise Unavailable("its client streams no answers")
    function = stage.make(family, "stream", Handler=family.streaming, MemorySize=FULL_CPU_MIB)
    content_type = "application/vnd.awslambda.http-integration-response"

    def streamed(**event):
        answer = stage.client.invoke_with_response_stream(FunctionName=function.name, Payload=json.dumps({"do": "stream", **event}).encode())
        pieces, complete = [], None
        for part in answer["EventStream"]:
            pieces.append(part.get("PayloadChunk", {}).get("Payload", b""))
            complete = part.get("InvokeComplete", complete)
        if not family.streams_whole:
            assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-remapped-content-type"] == content_type
        return b"".join(pieces), complete

    def body_of(data):
        prelude, _, body = data.partition(bytes(8))
        prelude = json.loads(prelude)
        assert prelude["statusCode"] == 201 and {name.lower(): value for name, value in prelude["headers"].items()} == {"content-type": "text/letters"}
        return body

    def letters(count):
        return b"".join(bytes([letter]) * (1 << 20) for letter in b"abcdefgh"[:count])

    count = 5 if family.streams_whole else 8
    data, complete = streamed(pieces=count)
    assert body_of(data) == letters(count) and "ErrorCode" not in complete, complete
    data, complete = streamed(pieces=2, fail=True)
    if family.error_in_body:
        assert body_of(data).startswith(letters(2) + b"Lambda-Runtime-Function-Error-Type: ") and "ErrorCode" not in complete, complete
    else:
        assert complete["ErrorCode"] and (data == b"" if family.streams_whole else letters(2).startswith(body_of(data))), complete
    data, complete = streamed(pieces=1)
    assert body_of(data) == letters(1) and "ErrorCode" not in complete, "the function goes on"


# --- what is added ----------------------------------------------------------------------------------------------------------

def layer(stage, family):
    with stage.locks[family.name]:
        files = {"layer.txt": "text of a layer", **family.layer()}
    function = stage.make(family, "layer", Layers=[stage.layer(f"{family.name}-layer", files)])
    told = function.call("layer").payload
    assert told.get("file") == "text of a layer" and told.get("library") == family.library, told


def extension(stage, family):
    arn = stage.layer(f"{family.name}-extension", {"extensions/agent": EXTENSION}, mode=0o755)
    function = stage.make(family, "extension", Layers=[arn])
    first = function.call("echo")
    registered = "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n"
    assert first.payload == {"do": "echo"} and stage.logged(function).count(registered) == 1
    second = function.call("echo")
    assert f"agent saw INVOKE {second.request_id}\n" in second.log and "REPORT RequestId: " + second.request_id in second.log
    function.fails("exit", "Runtime.ExitError")
    function.serves()
    assert stage.logged(function).count(registered) == 2, "both are started again"


CELLS = [echo, context, environment, unended, asynchronous, error, crash, leaves, timeout, memory, large, stream, layer, extension]
