"""If these fail, a Node.js handler sees or says something else here than on AWS. AWS's own client passes them as well."""

import json
import re

import pytest

from fake_runtime_api import ARN, REQUEST_ID, Event

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def log_lines(outcome):
    """The function's lines; AWS's client begins with one of its own."""
    return [line for line in outcome.lines() if not line.startswith("Executing '")]


def test_event_goes_in_and_result_comes_out(any_node_function):
    any_node_function.write("index.js", "exports.handler = async (event) => event;\n")
    values = [{"a": [1, 2.5, None, True, {"b": "c"}]}, None, "text", 0, [], "Gr\u00fc\u00dfe \U0001F98B \u2028"]
    outcome = any_node_function.run("index.handler", [Event(value) for value in values])
    assert [outcome.response(i) for i in range(len(values))] == values
    assert outcome.answers[1].body == b"null"
    assert outcome.answers[5].body == json.dumps(values[5], ensure_ascii=False).encode()
    assert [a.path for a in outcome.answers] == [
        "/2018-06-01/runtime/invocation/" + REQUEST_ID % i + "/response" for i in range(len(values))]
    assert outcome.code is None


def test_undefined_is_null(any_node_function):
    any_node_function.write("index.js", "exports.handler = async () => {};\n")
    assert any_node_function.run("index.handler", [Event()]).answers[0].body == b"null"


@pytest.mark.parametrize("name,handler,files", [
    ("commonjs", "index.handler", {"index.js": "exports.handler = async () => 'found';"}),
    ("folder", "src/api/index.handler", {"src/api/index.js": "exports.handler = async () => 'found';"}),
    ("nested", "index.a.b.handler", {"index.js": "exports.a = { b: { handler: async () => 'found' } };"}),
    ("mjs", "index.handler", {"index.mjs": "const v = await Promise.resolve('found');\nexport const handler = async () => v;"}),
    ("cjs", "index.handler", {"index.cjs": "exports.handler = async () => 'found';"}),
    ("type-module", "index.handler", {"index.js": "import fs from 'node:fs';\nexport const handler = async () => fs && 'found';",
                                      "package.json": '{"type": "module"}'}),
    ("type-module-above", "src/index.handler", {"src/index.js": "export const handler = async () => 'found';",
                                                "package.json": '{"type": "module"}'}),
    ("package", "pack.handler", {"node_modules/pack/index.js": "exports.handler = async () => 'found';"}),
    ("js-before-mjs", "index.handler", {"index.js": "exports.handler = async () => 'found';",
                                        "index.mjs": "export const handler = async () => 'wrong';"}),
])
def test_handler_is_found(any_node_function, name, handler, files):
    for file, text in files.items():
        any_node_function.write(file, text)
    assert any_node_function.run(handler, [Event()]).response() == "found"


def test_context(any_node_function):
    any_node_function.write("index.js", """
exports.handler = async (event, context) => {
  const { functionName, functionVersion, invokedFunctionArn, memoryLimitInMB, logGroupName, logStreamName, awsRequestId, tenantId } = context;
  return {
    plain: [awsRequestId, functionName, functionVersion, invokedFunctionArn, memoryLimitInMB, logGroupName, logStreamName, tenantId],
    client: context.clientContext, identity: context.identity, keys: Object.keys(context).sort(),
    remaining: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
    inherited: require("child_process").execSync("echo $_X_AMZN_TRACE_ID").toString().trim(),
  };
};
""")
    client = {"custom": {"k": "v\u00e9"}, "env": {}, "client": {"installation_id": "i"}}
    outcome = any_node_function.run("index.handler", [
        Event({}, headers={"Lambda-Runtime-Client-Context": json.dumps(client, ensure_ascii=False),
                           "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId": "ci", "cognitoIdentityPoolId": "cp"}',
                           "Lambda-Runtime-Aws-Tenant-Id": "tenant-7"}, timeout_ms=5000),
        Event({}, timeout_ms=-5000)])
    first, second = outcome.response(0), outcome.response(1)
    assert first["plain"] == [REQUEST_ID % 0, "sample", "$LATEST", ARN, "128", "/aws/lambda/sample",
                              "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef", "tenant-7"]
    assert first["client"] == client and first["identity"] == {"cognitoIdentityId": "ci", "cognitoIdentityPoolId": "cp"}
    assert "client" not in second and "identity" not in second  # undefined
    assert 0 < first["remaining"] <= 5000 and -6000 < second["remaining"] < -4000
    assert first["trace"] == first["inherited"] == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
    assert second["trace"] == second["inherited"] != first["trace"]
    common = {"awsRequestId", "clientContext", "functionName", "functionVersion", "getRemainingTimeInMillis", "identity",
              "invokedFunctionArn", "logGroupName", "logStreamName", "memoryLimitInMB", "tenantId"}
    if any_node_function.name == "node24":
        assert set(first["keys"]) == common | {"xRayTraceId"}
    else:
        assert set(first["keys"]) == common | {"callbackWaitsForEmptyEventLoop", "succeed", "fail", "done"}


@pytest.mark.parametrize("body", ["throw new TypeError('boom');", "await null; throw new TypeError('boom');"])
def test_error_of_the_handler(any_node_function, body):
    path = any_node_function.write("index.js", "exports.handler = async () => { %s };\n" % body)
    outcome = any_node_function.run("index.handler", [Event(), Event()])
    error = outcome.error(0)
    assert (error["errorType"], error["errorMessage"], error["trace"][0]) == ("TypeError", "boom", "TypeError: boom")
    assert str(path) + ":1:" in error["trace"][1] and set(error) == {"errorType", "errorMessage", "trace"}
    assert outcome.answers[1].path.endswith(REQUEST_ID % 1 + "/error")
    line = log_lines(outcome)[0].split("\t", 4)
    assert re.fullmatch(TIME, line[0]) and line[1:4] == [REQUEST_ID % 0, "ERROR", "Invoke Error "]
    logged = json.loads(line[4])
    assert logged["errorType"] == "TypeError" and logged["errorMessage"] == "boom" and logged["stack"] == error["trace"]
    cause = json.loads(outcome.answers[0].headers["lambda-runtime-function-xray-error-cause"])
    assert cause["exceptions"][0]["stack"][0]["path"] == str(path)


def test_values_that_are_thrown(any_node_function):
    any_node_function.write("index.js", """
class Refused extends Error { constructor(m) { super(m); this.name = 'Refused'; this.code = 42; this.order = 'o1'; } }
const values = ['text', 7, { some: 'object' }, new Refused('no'), Object.assign(new Error('x'), { message: '' })];
exports.handler = async (event) => { throw values[event]; };
""")
    outcome = any_node_function.run("index.handler", [Event(i) for i in range(5)])
    assert outcome.error(0) == {"errorType": "string", "errorMessage": "text", "trace": []}
    assert outcome.error(1) == {"errorType": "number", "errorMessage": "7", "trace": []}
    assert outcome.error(2) == {"errorType": "object", "errorMessage": "[object Object]", "trace": []}
    assert outcome.error(3)["errorType"] == "Refused"
    logged = json.loads([line for line in log_lines(outcome) if REQUEST_ID % 3 in line][0].split("\t", 4)[4])
    assert (logged["code"], logged["order"], logged["errorType"]) == (42, "o1", "Refused")
    assert outcome.error(4)["errorMessage"] == ""


def test_result_that_cannot_be_json(any_node_function):
    any_node_function.write("index.js", "exports.handler = async (event) => event ? 1n : (() => { const a = {}; a.a = a; return a; })();\n")
    outcome = any_node_function.run("index.handler", [Event(0), Event(1)])
    for index in range(2):
        assert outcome.error(index)["errorMessage"] == "Unable to stringify response body"
        assert outcome.error(index)["errorType"] == ("Runtime.JSONStringifyError" if any_node_function.name == "node24" else "Error")


def test_event_that_is_not_json(any_node_function):
    any_node_function.write("index.js", "exports.handler = async () => 1;\n")
    outcome = any_node_function.run("index.handler", [Event(body=b"nope"), Event(1)])
    assert outcome.error()["errorType"] == "SyntaxError"
    assert outcome.response(1) == 1


def test_broken_context_header(any_node_function):
    any_node_function.write("index.js", "exports.handler = async () => 1;\n")
    outcome = any_node_function.run("index.handler", [Event(headers={"Lambda-Runtime-Client-Context": "{"}), Event(1)])
    assert outcome.error()["errorMessage"].startswith("Cannot parse ClientContext as json: SyntaxError")
    assert outcome.response(1) == 1


INIT_FAILURES = [
    ("missing.handler", {}, "Runtime.ImportModuleError", "Error: Cannot find module 'missing'\nRequire stack:\n- "),
    ("index.handler", {"index.js": "require('no-such-package');"}, "Runtime.ImportModuleError", "Error: Cannot find module 'no-such-package'\n"),
    ("index.other", {"index.js": "exports.handler = 1;"}, "Runtime.HandlerNotFound", "index.other is undefined or not exported"),
    ("index.handler", {"index.js": "exports.handler = 1;"}, "Runtime.HandlerNotFound", "index.handler is not a function"),
    ("index", {"index.js": ""}, "Runtime.MalformedHandlerName", "Bad handler"),
    ("../index.handler", {}, "Runtime.MalformedHandlerName", "'../index.handler' is not a valid handler name. "),
    ("index.handler", {"index.js": "exports.handler = () => {"}, "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
    ("index.handler", {"index.js": "throw new RangeError('at load');"}, "RangeError", "at load"),
]


@pytest.mark.parametrize("handler,files,error_type,message", INIT_FAILURES)
def test_function_that_cannot_be_loaded(node_function, handler, files, error_type, message):
    for name, text in files.items():
        node_function.write(name, text)
    outcome = node_function.run(handler, [Event()])
    assert [a.path for a in outcome.answers] == ["/2018-06-01/runtime/init/error"]
    error = outcome.error()
    assert error["errorType"] == error_type and error["errorMessage"].startswith(message)
    assert error["trace"][0].startswith("%s: %s" % (error_type, message.split("\n")[0]))
    assert outcome.answers[0].headers["lambda-runtime-function-error-type"] == error_type
    newer = node_function.name == "node24"
    assert outcome.code == (1 if newer else 129)
    assert re.match(TIME + "\t" + ("-\tERROR\tInit Error" if newer else "undefined\tERROR\tUncaught Exception") + " \t{\"errorType\":\""
                    + error_type, log_lines(outcome)[0])


def test_missing_module_names_the_place_as_aws_does(node_function):
    outcome = node_function.run("missing.handler", [])
    assert outcome.error()["errorMessage"] == "Error: Cannot find module 'missing'\nRequire stack:\n- /var/runtime/index.mjs"


@pytest.mark.parametrize("statement,error_type,message,code", [
    ("setTimeout(() => { throw new Error('late'); }, 1)", "Error", "late", 129),
    ("Promise.reject(new Error('floating'))", "Runtime.UnhandledPromiseRejection", "Error: floating", 128),
])
def test_error_that_nobody_caught(any_node_function, statement, error_type, message, code):
    any_node_function.write("index.js", "exports.handler = async () => { %s; await new Promise((r) => setTimeout(r, 3000)); };\n" % statement)
    outcome = any_node_function.run("index.handler", [Event(), Event()])
    assert (outcome.error()["errorType"], outcome.error()["errorMessage"]) == (error_type, message)
    assert outcome.answers[0].path.endswith(REQUEST_ID % 0 + "/error")
    assert outcome.code == code and len(outcome.answers) == 1
    title = "Uncaught Exception" if code == 129 else "Unhandled Promise Rejection"
    line = log_lines(outcome)[0].split("\t", 4)
    assert line[2:4] == ["ERROR", title + " "] and json.loads(line[4])["errorType"] == error_type
    if code == 128:
        assert json.loads(line[4])["reason"]["errorMessage"] == "floating"


def test_rejection_at_load(node_function):
    node_function.write("index.js", "Promise.reject(new Error('early'));\nexports.handler = async () => 1;\n")
    outcome = node_function.run("index.handler", [])
    assert outcome.answers[0].path == "/2018-06-01/runtime/init/error" and outcome.code == 128
    assert outcome.error()["errorType"] == "Runtime.UnhandledPromiseRejection"


def test_process_exit_ends_the_process(any_node_function):
    any_node_function.write("index.js", "exports.handler = async () => { console.log('bye'); process.exit(7); };\n")
    outcome = any_node_function.run("index.handler", [Event()])
    assert outcome.answers == [] and outcome.code == 7 and log_lines(outcome)[0].endswith("\tINFO\tbye")


def test_large_events_and_results(any_node_function):
    any_node_function.write("index.js", "exports.handler = async (event) => event + event.length;\n")
    text = "0123456789abcde\u00e9" * (6 * 1024 * 1024 // 18)
    outcome = any_node_function.run("index.handler", [Event(text), Event("ab")])
    assert outcome.response(0) == text + str(len(text)) and outcome.response(1) == "ab2"


def test_state_lives_on_between_invocations(any_node_function):
    any_node_function.write("index.js", "let count = 0;\nexports.handler = async () => ++count;\n")
    outcome = any_node_function.run("index.handler", [Event() for _ in range(20)])
    assert [outcome.response(i) for i in range(20)] == list(range(1, 21))


def test_async_context_does_not_leak_into_the_next_invocation(any_node_function):
    any_node_function.write("index.js", """
const { AsyncLocalStorage } = require('async_hooks');
const storage = new AsyncLocalStorage();
exports.handler = async (event) => { const before = storage.getStore() ?? null; storage.enterWith(event); await null; return before; };
""")
    outcome = any_node_function.run("index.handler", [Event("one"), Event("two"), Event("three")])
    assert outcome.response(0) is None
    if any_node_function.name != "aws-lambda-ric":  # there it leaks; nobody can build on that
        assert [outcome.response(1), outcome.response(2)] == [None, None]
