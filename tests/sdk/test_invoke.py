"""If these fail, functions get another event, context or environment than on AWS, or callers another answer."""
import base64
import http.client
import json
import re
from urllib.parse import urlsplit

import pytest

from conftest import Functions
from daemon import ACCOUNT, REGION
from packages import ECHO, NODE_ECHO, TELL

PATH = "/2015-03-31/functions/{}/invocations"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def echo(aws):
    made = Functions(aws)
    yield made(ECHO)
    made.delete_all()


def call(aws, name, event=None, **arguments):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **arguments)
    answer["Payload"] = json.loads(answer["Payload"].read())
    return answer


@pytest.mark.parametrize("event", [None, True, 0, -1.5, "text", "ünïcode \u2603 \U0001f600", [], {}, {"deep": [{"a": [1, 2, {"b": None}]}]}, 12345678901234567890])
def test_events_come_back_as_they_were_sent(aws, echo, event):
    answer = call(aws, echo, event)
    assert answer["Payload"] == event and answer["StatusCode"] == 200 and "FunctionError" not in answer


def test_no_payload_is_an_empty_object(aws, functions):
    assert json.loads(aws.invoke(FunctionName=functions(ECHO))["Payload"].read()) == {}


def test_no_result_is_null(aws, functions):
    assert aws.invoke(FunctionName=functions("def handler(event, context):\n    pass\n"))["Payload"].read() == b"null"


def test_large_payloads_both_ways(aws, functions):
    name = functions(ECHO, Timeout=60)
    text = "x" * (6291456 - 2)
    assert call(aws, name, text)["Payload"] == text


def test_answers_beyond_6_mb(aws, functions):
    answer = call(aws, functions("def handler(event, context):\n    return 'x' * 6291556\n", Timeout=60))
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"] == {"errorType": "Function.ResponseSizeTooLarge",
                                 "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes)."}


def test_the_context_object(aws, functions):
    name = functions(TELL, MemorySize=192, Timeout=20, Environment={"Variables": {"OWN": "value"}})
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}, "env": {"locale": "de"}, "client": {"app_title": "t"}}).encode()).decode()
    variables = ["OWN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                 "AWS_LAMBDA_FUNCTION_VERSION", "_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_EXECUTION_ENV",
                 "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "TZ"]
    answer = call(aws, name, {"variables": variables}, ClientContext=context)
    told = answer["Payload"]
    assert told["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert told["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert (told["name"], told["version"], told["memory"]) == (name, "$LATEST", "192")
    assert told["client"] == {"custom": {"k": "v"}, "env": {"locale": "de"}}
    assert 15000 < told["remaining"] <= 20000
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01].*", told["trace"])
    assert told["environment"] == {
        "OWN": "value", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "192", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "_HANDLER": "index.handler",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}", "TZ": ":UTC"}


def test_the_qualifier_shows_in_the_invoked_arn(aws, functions):
    name = functions(TELL)
    answer = call(aws, name, {}, Qualifier="$LATEST")
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["Payload"]["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST"


def test_trace_header_of_the_caller_is_passed_on(daemon, functions):
    name = functions(TELL)
    answer = daemon.raw("POST", PATH.format(name), {}, headers={"X-Amzn-Trace-Id": "Root=1-5e1b4151-5ac6c58a5ac6c58a5ac6c58a;Parent=53995c3f42cd8ad8;Sampled=1"})
    assert answer.json["trace"].startswith("Root=1-5e1b4151-5ac6c58a5ac6c58a5ac6c58a;")


def test_log_tail(aws, functions):
    name = functions("def handler(event, context):\n    print('one'); print('two')\n", MemorySize=128)
    answer = call(aws, name, LogType="Tail")
    request_id = answer["ResponseMetadata"]["RequestId"]
    text = base64.b64decode(answer["LogResult"]).decode()
    assert f"START RequestId: {request_id} Version: $LATEST\none\ntwo\nEND RequestId: {request_id}\n" in text, text
    assert re.search(rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: "
                     r"\d+ MB\tInit Duration: [\d.]+ ms\t\n", text), text
    again = base64.b64decode(call(aws, name, LogType="Tail")["LogResult"]).decode()
    assert "Init Duration" not in again and "REPORT" in again
    assert "LogResult" not in call(aws, name)


def test_log_tail_is_the_last_4_kb(aws, functions):
    answer = call(aws, functions("def handler(event, context):\n    for i in range(2000): print('line', i)\n"), LogType="Tail")
    tail = base64.b64decode(answer["LogResult"])
    assert len(tail) <= 4096 and b"line 1999\n" in tail and b"REPORT" in tail


def test_dry_run_answers_204_and_runs_nothing(aws, functions):
    name = functions("raise SystemExit(1)\n")
    answer = aws.invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b"" and "FunctionError" not in answer


def test_headers_of_an_answer(daemon, functions):
    answer = daemon.raw("POST", PATH.format(functions(ECHO)), {"a": 1})
    assert answer.status == 200 and answer.body == b'{"a": 1}'
    assert answer.headers["x-amz-executed-version"] == "$LATEST"
    assert answer.headers["content-type"] == "application/json"
    assert re.fullmatch(UUID, answer.headers["x-amzn-requestid"])
    assert "x-amz-function-error" not in answer.headers and "x-amz-log-result" not in answer.headers


def test_chunked_bodies_and_kept_connections(daemon, functions):
    name = functions(ECHO)
    connection = http.client.HTTPConnection(urlsplit(daemon.url).netloc, timeout=60)
    for number in range(5):
        connection.request("POST", PATH.format(name), body=iter([b"[", str(number).encode(), b"]"]), encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"[%d]" % number)
    connection.close()


# --- functions that fail --------------------------------------------------------------------------------------------------

def failed(aws, name, event=None):
    answer = call(aws, name, event)
    assert (answer["StatusCode"], answer["FunctionError"], answer["ExecutedVersion"]) == (200, "Unhandled", "$LATEST")
    return answer["Payload"], answer["ResponseMetadata"]["RequestId"]


def test_exceptions_of_python(aws, functions):
    name = functions("class Trouble(Exception): pass\ndef handler(event, context):\n    raise Trouble('no ' + event)\n")
    error, request_id = failed(aws, name, "luck")
    assert (error["errorType"], error["errorMessage"], error["requestId"]) == ("Trouble", "no luck", request_id)
    assert error["stackTrace"] == ['  File "/var/task/index.py", line 3, in handler\n    raise Trouble(\'no \' + event)\n']


def test_exceptions_of_node(aws, functions):
    name = functions({"index.mjs": "export const handler = async () => { throw new RangeError('no luck'); };"}, Runtime="nodejs20.x")
    error, _ = failed(aws, name)
    assert (error["errorType"], error["errorMessage"]) == ("RangeError", "no luck")
    assert error["trace"][0] == "RangeError: no luck" and "/var/task/index.mjs:1" in error["trace"][1]


@pytest.mark.parametrize("settings, error_type, message", [
    ({"Handler": "other.handler"}, "Runtime.ImportModuleError", "Unable to import module 'other': No module named 'other'"),
    ({"Handler": "index.other"}, "Runtime.HandlerNotFound", "Handler 'other' missing on module 'index'"),
    ({"Handler": "nodot"}, "Runtime.MalformedHandlerName", "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)"),
])
def test_handlers_that_are_not_there(aws, functions, settings, error_type, message):
    error, _ = failed(aws, functions(ECHO, **settings))
    assert (error["errorType"], error["errorMessage"]) == (error_type, message)


def test_syntax_errors(aws, functions):
    error, _ = failed(aws, functions("def handler(event, context)\n    return 1\n"))
    assert error["errorType"] == "Runtime.UserCodeSyntaxError" and error["errorMessage"].startswith("Syntax error in module 'index': ")


def test_results_that_are_no_json(aws, functions):
    error, _ = failed(aws, functions("def handler(event, context):\n    return {1, 2}\n"))
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"


def test_timeouts(aws, functions):
    name = functions("import time\ndef handler(event, context):\n    if event: time.sleep(30)\n    return 'quick'\n", Timeout=1)
    error, request_id = failed(aws, name, "slow")
    assert error == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds"}
    assert call(aws, name, "")["Payload"] == "quick", "the next invocation must find a fresh environment"


@pytest.mark.parametrize("code, reason", [
    ("os._exit(7)", "Runtime exited with error: exit status 7"), ("os._exit(0)", "Runtime exited without providing a reason"),
    ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault")])
def test_processes_that_end(aws, functions, code, reason):
    name = functions(f"import os\ndef handler(event, context):\n    if event: {code}\n    return 'alive'\n")
    error, request_id = failed(aws, name, 1)
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].startswith(f"RequestId: {request_id} Error: {reason}"), error
    assert call(aws, name, 0)["Payload"] == "alive"


def test_out_of_memory(aws, functions):
    name = functions("def handler(event, context):\n    return len(bytearray(event) + b'x' * event)\n", MemorySize=256, Timeout=60)
    error, request_id = failed(aws, name, 600_000_000)
    assert error["errorType"] == "Runtime.OutOfMemory", error
    assert error["errorMessage"].startswith(f"RequestId: {request_id} Error: Runtime exited with error: signal: killed")
    assert call(aws, name, 10)["Payload"] == 20


def test_errors_while_a_module_loads(aws, functions):
    error, _ = failed(aws, functions("raise ValueError('at load')\n"))
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "at load")


# --- environments ---------------------------------------------------------------------------------------------------------

def test_warm_environments_keep_their_state_and_serve_one_at_a_time(aws, functions):
    name = functions("count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n")
    assert [call(aws, name)["Payload"] for _ in range(4)] == [1, 2, 3, 4]


def test_tmp_is_writable_and_the_rest_is_not(aws, functions):
    code = """
import os
def attempt(path):
    try:
        with open(path, "w") as file: file.write("x")
        return "written"
    except OSError as error:
        return error.strerror
def handler(event, context):
    return [attempt("/tmp/file"), attempt("/var/task/file"), attempt("/etc/file"), os.getuid() != 0]
"""
    assert call(aws, functions(code))["Payload"] == ["written", "Read-only file system", "Read-only file system", True]


def test_node(aws, functions):
    name = functions({"index.mjs": NODE_ECHO}, Runtime="nodejs20.x")
    answer = call(aws, name, {"a": [1]})
    assert answer["Payload"] == {"event": {"a": [1]}, "requestId": answer["ResponseMetadata"]["RequestId"], "name": name}


@pytest.mark.parametrize("runtime, code, handler", [
    ("python3.8", ECHO, "index.handler"), ("python3.12", ECHO, "index.handler"), ("python3.13", ECHO, "index.handler"), ("python3.14", ECHO, "index.handler"),
    ("nodejs18.x", {"index.js": "exports.handler = async event => event;"}, "index.handler"),
    ("nodejs22.x", {"src/app.mjs": "export const run = (event, context, callback) => callback(null, event);"}, "src/app.run"),
    ("nodejs24.x", {"index.mjs": "export const handler = async event => event;"}, "index.handler")])
def test_identifiers_run_on_the_nearest_interpreter(aws, functions, runtime, code, handler):
    name = functions(code, Runtime=runtime, Handler=handler)
    assert aws.get_function_configuration(FunctionName=name)["Runtime"] == runtime
    assert call(aws, name, {"a": 1})["Payload"] == {"a": 1}
