"""If these fail, a Python handler sees or says something else here than on AWS. AWS's own client passes them as well."""

import json
import re

import pytest

from fake_runtime_api import ARN, REQUEST_ID, Event

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_event_goes_in_and_result_comes_out(any_python_function):
    any_python_function.write("app.py", "def handler(event, context):\n    return event\n")
    values = [{"a": [1, 2.5, None, True, {"b": "c"}]}, None, "text", 0, [], "Gr\u00fc\u00dfe \U0001F98B \u2028", 12345678901234567890]
    outcome = any_python_function.run("app.handler", [Event(value) for value in values])
    assert [outcome.response(i) for i in range(len(values))] == values
    assert outcome.answers[1].body == b"null"
    assert outcome.answers[0].headers["content-type"] == "application/json"
    assert [a.path for a in outcome.answers] == [
        "/2018-06-01/runtime/invocation/" + REQUEST_ID % i + "/response" for i in range(len(values))]
    assert outcome.code is None


@pytest.mark.parametrize("environment,expected", [
    ("AWS_Lambda_python3.11", b'"\\u00e9 \\ud83e\\udd8b"'), ("AWS_Lambda_python3.12", '"é \U0001F98B"'.encode())])
def test_text_is_escaped_as_the_runtime_identifier_has_it(any_python_function, environment, expected):
    any_python_function.write("app.py", "def handler(event, context):\n    return event\n")
    outcome = any_python_function.run("app.handler", [Event("é \U0001F98B")], {"AWS_EXECUTION_ENV": environment})
    assert outcome.answers[0].body == expected


def test_results_that_json_does_not_know(any_python_function):
    any_python_function.write("app.py", """
import collections, decimal, enum, math
Point = collections.namedtuple("Point", "x y")
class Kind(enum.IntEnum):
    ONE = 1
class Text(str):
    pass
VALUES = [Point(1, [Point(2, 3)]), decimal.Decimal("1.10"), decimal.Decimal("NaN"), {"k": decimal.Decimal("7")}, b"raw",
          {"b": b"\\xc3\\xa9"}, (1, 2), math.nan, -math.inf, Kind.ONE, {Kind.ONE: 1, None: 2, True: 3, 1.5: 4, b"b": 5}, Text("t"),
          collections.OrderedDict(z=1, a=2), [], {}, [[], {}], (), {"nested": {"p": Point(None, True)}}]
def handler(event, context):
    return VALUES[event]
""")
    expected = [b'{"x": 1, "y": [{"x": 2, "y": 3}]}', b"1.10", b"NaN", b'{"k": 7}', b"raw", b'{"b": "\\u00e9"}', b"[1, 2]", b"NaN",
                b"-Infinity", b"1", b'{"1": 1, "null": 2, "1.5": 4, "b": 5}', b'"t"', b'{"z": 1, "a": 2}', b"[]", b"{}", b"[[], {}]",
                b"[]", b'{"nested": {"p": {"x": null, "y": true}}}']
    outcome = any_python_function.run("app.handler", [Event(i) for i in range(len(expected))])
    bodies = [answer.body for answer in outcome.answers]
    # Kind.ONE and True are equal keys of one dict: the first key stays, the last value wins.
    expected[10] = b'{"1": 3, "null": 2, "1.5": 4, "b": 5}'
    assert bodies == expected
    assert outcome.answers[4].headers["content-type"] == "application/unknown"


def test_results_that_cannot_be_json(any_python_function):
    any_python_function.write("app.py", """
loop = []
loop.append(loop)
VALUES = [{1, 2}, object, {(1, 2): 3}, loop, {"deep": [complex(1)]}, {"b": b"\\xff"}]
async def coroutine(): pass
def handler(event, context):
    return VALUES[event]
""")
    texts = ["Object of type set is not JSON serializable", "Object of type type is not JSON serializable",
             "keys must be str, int, float, bool or None, not tuple", "Circular reference detected",
             "Object of type complex is not JSON serializable",
             "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"]
    outcome = any_python_function.run("app.handler", [Event(i) for i in range(len(texts))])
    for index, text in enumerate(texts):
        assert outcome.error(index) == {"errorMessage": "Unable to marshal response: " + text, "errorType": "Runtime.MarshalError",
                                        "requestId": REQUEST_ID % index, "stackTrace": []}
    assert outcome.code is None


def test_async_handler_is_refused(any_python_function):
    any_python_function.write("app.py", "async def handler(event, context):\n    return 1\n")
    outcome = any_python_function.run("app.handler", [Event()])
    assert outcome.error()["errorMessage"] == "Unable to marshal response: Object of type coroutine is not JSON serializable"


def test_event_that_is_not_json(any_python_function):
    any_python_function.write("app.py", "def handler(event, context):\n    return 1\n")
    outcome = any_python_function.run("app.handler", [Event(body=b"nope"), Event(body=b""), Event(body=b"\xff")])
    for index in range(3):
        assert outcome.error(index)["errorType"] == "Runtime.UnmarshalError"
        assert outcome.error(index)["errorMessage"].startswith("Unable to unmarshal input: ")
    assert outcome.error(0)["errorMessage"] == "Unable to unmarshal input: Expecting value: line 1 column 1 (char 0)"
    assert outcome.code is None


def test_event_of_another_content_type_is_bytes(any_python_function):
    any_python_function.write("app.py", "def handler(event, context):\n    return [type(event).__name__, event.decode()]\n")
    outcome = any_python_function.run("app.handler", [Event(body=b"plain", headers={"Content-Type": "text/plain"})])
    assert outcome.response() == ["bytes", "plain"]


def test_context(any_python_function):
    any_python_function.write("app.py", """
def handler(event, context):
    client = context.client_context
    return {
        "plain": [context.aws_request_id, context.function_name, context.function_version, context.invoked_function_arn,
                  context.memory_limit_in_mb, context.log_group_name, context.log_stream_name, context.tenant_id],
        "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
        "client": client and [client.custom, client.env, client.client and [client.client.installation_id, client.client.app_title,
                   client.client.app_version_name, client.client.app_version_code, client.client.app_package_name]],
        "remaining": context.get_remaining_time_in_millis(), "type": type(context.get_remaining_time_in_millis()).__name__,
        "repr": repr(context), "w3c": context.w3c(),
    }
""")
    client_context = json.dumps({"custom": {"k": "v"}, "env": {"e": 1}, "client": {"installation_id": "i", "app_title": "t"},
                                 "w3c": {"traceparent": "00-1", "other": "x"}})
    outcome = any_python_function.run("app.handler", [
        Event({}),
        Event({}, headers={"Lambda-Runtime-Client-Context": client_context,
                           "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId": "ci", "cognitoIdentityPoolId": "cp"}',
                           "Lambda-Runtime-Aws-Tenant-Id": "tenant-7"}, timeout_ms=5000),
        Event({}, timeout_ms=-5000)])
    first, second, third = (outcome.response(i) for i in range(3))
    stream = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
    assert first["plain"] == [REQUEST_ID % 0, "sample", "$LATEST", ARN, "128", "/aws/lambda/sample", stream, None]
    assert first["identity"] == [None, None] and first["client"] is None and first["w3c"] == {}
    assert 20000 < first["remaining"] <= 30000 and first["type"] == "int"
    assert first["repr"] == (
        "LambdaContext([aws_request_id=%s,log_group_name=/aws/lambda/sample,log_stream_name=%s,function_name=sample,"
        "memory_limit_in_mb=128,function_version=$LATEST,invoked_function_arn=%s,client_context=None,"
        "identity=CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None]),tenant_id=None])"
        % (REQUEST_ID % 0, stream, ARN))
    assert second["identity"] == ["ci", "cp"]
    assert second["client"] == [{"k": "v"}, {"e": 1}, ["i", "t", None, None, None]]
    assert second["plain"][7] == "tenant-7" and second["w3c"] == {"traceparent": "00-1"}
    assert 0 < second["remaining"] <= 5000
    assert "client_context=ClientContext([custom={'k': 'v'},env={'e': 1},client=Client([installation_id=i,app_title=t," in second["repr"]
    assert third["remaining"] == 0


def test_broken_context_headers(any_python_function):
    any_python_function.write("app.py", "def handler(event, context):\n    return 1\n")
    outcome = any_python_function.run("app.handler", [Event({}, headers={"Lambda-Runtime-Client-Context": "{"}), Event({})])
    assert outcome.error()["errorType"] == "Runtime.LambdaContextUnmarshalError"
    assert outcome.error()["errorMessage"].startswith("Unable to parse Client Context JSON: ")
    assert outcome.response(1) == 1


def test_trace_id_is_in_the_environment_of_each_invocation(any_python_function):
    any_python_function.write("app.py", """
import os, subprocess
def handler(event, context):
    inherited = subprocess.run(["/bin/sh", "-c", "echo $_X_AMZN_TRACE_ID"], stdout=subprocess.PIPE).stdout.decode().strip()
    return [os.environ.get("_X_AMZN_TRACE_ID"), inherited]
""")
    outcome = any_python_function.run("app.handler", [Event(), Event(), Event(remove=["Lambda-Runtime-Trace-Id"])])
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e7%02x;Parent=9a9197af755a6419;Sampled=1"
    assert [outcome.response(i) for i in range(2)] == [[trace % i] * 2 for i in range(2)]
    assert outcome.response(2) == [None, ""]


def test_error_of_the_handler(any_python_function):
    path = any_python_function.write("app.py", """class Refused(Exception):
    pass
def inner():
    raise Refused("not today, Gr\u00fc\u00dfe")
def handler(event, context):
    inner()
""")
    outcome = any_python_function.run("app.handler", [Event(), Event()])
    assert outcome.error(0) == {
        "errorMessage": "not today, Grüße", "errorType": "Refused", "requestId": REQUEST_ID % 0,
        "stackTrace": ['  File "%s", line 6, in handler\n    inner()\n' % path,
                       '  File "%s", line 4, in inner\n    raise Refused("not today, Gr\u00fc\u00dfe")\n' % path]}
    assert outcome.error(1)["requestId"] == REQUEST_ID % 1  # the environment survives an error
    assert outcome.answers[0].path.endswith(REQUEST_ID % 0 + "/error")
    indent = "\u00a0\u00a0"
    first = outcome.lines()[0]
    assert first == ("[ERROR] Refused: not today, Grüße\rTraceback (most recent call last):\r"
                     + indent + 'File "%s", line 6, in handler\r' % path + indent * 2 + "inner()\r"
                     + indent + 'File "%s", line 4, in inner\r' % path + indent * 2 + 'raise Refused("not today, Gr\u00fc\u00dfe")')
    cause = json.loads(outcome.answers[0].headers["lambda-runtime-function-xray-error-cause"])
    assert cause["exceptions"][0]["type"] == "Refused"
    assert cause["exceptions"][0]["stack"][1] == {"label": "inner", "path": str(path), "line": 4}


def test_recursion_and_empty_messages(any_python_function):
    any_python_function.write("app.py", """
def again(n):
    return again(n + 1)
def handler(event, context):
    if event:
        raise ValueError
    again(0)
""")
    outcome = any_python_function.run("app.handler", [Event(0), Event(1)])
    assert outcome.error(0)["errorType"] == "RecursionError"
    assert any("Previous line repeated" in line for line in outcome.error(0)["stackTrace"])
    assert (outcome.error(1)["errorType"], outcome.error(1)["errorMessage"]) == ("ValueError", "")


@pytest.mark.parametrize("handler,files,error_type,message", [
    ("missing.handler", {}, "Runtime.ImportModuleError", "Unable to import module 'missing': No module named 'missing'"),
    ("app.handler", {"app.py": "import no_such_package\n"}, "Runtime.ImportModuleError",
     "Unable to import module 'app': No module named 'no_such_package'"),
    ("app.other", {"app.py": "def handler(e, c): pass\n"}, "Runtime.HandlerNotFound", "Handler 'other' missing on module 'app'"),
    ("nodot", {}, "Runtime.MalformedHandlerName", "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)"),
    ("sys.exit", {}, "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ("app.handler", {"app.py": "raise RuntimeError('at import')\n"}, "RuntimeError", "at import"),
])
def test_function_that_cannot_be_loaded(any_python_function, handler, files, error_type, message):
    for name, text in files.items():
        any_python_function.write(name, text)
    outcome = any_python_function.run(handler, [Event()])
    assert [a.path for a in outcome.answers] == ["/2018-06-01/runtime/init/error"]
    error = outcome.error()
    assert (error["errorType"], error["errorMessage"], error["requestId"]) == (error_type, message, "")
    assert outcome.answers[0].headers["lambda-runtime-function-error-type"] == error_type
    assert outcome.code == 1
    assert re.match(r"\[WARNING\]\t" + TIME + r"\t\tLAMBDA_WARNING: Unhandled exception", outcome.lines()[0])
    assert outcome.lines()[1].startswith("[ERROR] %s: %s" % (error_type, message))
    if error_type == "RuntimeError":
        assert error["stackTrace"][-1].endswith("app.py\", line 1, in <module>\n    raise RuntimeError('at import')\n")
    else:
        assert error["stackTrace"] == []


def test_syntax_error(any_python_function):
    path = any_python_function.write("app.py", "def handler(event, context)\n    return 1\n")
    outcome = any_python_function.run("app.handler", [Event()])
    error = outcome.error()
    assert error["errorType"] == "Runtime.UserCodeSyntaxError" and outcome.code == 1
    assert error["errorMessage"].startswith("Syntax error in module 'app': ")
    assert error["errorMessage"].endswith("(app.py, line 1)")
    assert error["stackTrace"] == ['  File "%s" Line 1\n    def handler(event, context)\n' % path]


@pytest.mark.parametrize("handler", ["lambdas/api/app.handler", "lambdas.api.app.handler"])
def test_handler_in_a_folder(any_python_function, handler):
    any_python_function.write("lambdas/api/app.py", "def handler(event, context):\n    return __name__\n")
    assert any_python_function.run(handler, [Event()]).response() == "lambdas.api.app"


@pytest.mark.parametrize("statement,code", [("sys.exit(7)", 7), ("sys.exit()", 0), ("os._exit(9)", 9), ("exit(3)", 3)])
def test_exit_inside_the_handler_ends_the_process(any_python_function, statement, code):
    any_python_function.write("app.py", "import os, sys\ndef handler(event, context):\n    print('bye')\n    sys.stdout.flush()\n    %s\n"
                              % statement)
    outcome = any_python_function.run("app.handler", [Event()])
    assert outcome.answers == [] and outcome.code == code and outcome.lines() == ["bye"]


def test_exit_at_import_ends_the_process(any_python_function):
    any_python_function.write("app.py", "import sys\nsys.exit(4)\n")
    outcome = any_python_function.run("app.handler", [Event()])
    assert outcome.answers == [] and outcome.code == 4


def test_state_and_threads_live_on_between_invocations(any_python_function):
    any_python_function.write("app.py", """
import threading, time
count = 0
def work():
    global count
    while True:
        count += 1
        time.sleep(0.001)
threading.Thread(target=work, daemon=True).start()
def handler(event, context):
    time.sleep(0.05)
    return count
""")
    outcome = any_python_function.run("app.handler", [Event(), Event()])
    assert 0 < outcome.response(0) < outcome.response(1)


def test_large_events_and_results(any_python_function):
    any_python_function.write("app.py", "def handler(event, context):\n    return event[::-1]\n")
    text = "0123456789abcde\u00e9" * (6 * 1024 * 1024 // 18)
    outcome = any_python_function.run("app.handler", [Event(text), Event("ab")], {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"})
    assert outcome.response(0) == text[::-1]
    assert outcome.response(1) == "ba"
