"""If these fail, a Node.js handler of the callback generation ends too early, too late, or twice."""

import json

import pytest

from fake_runtime_api import REQUEST_ID, Event


def test_callback_and_context_methods(callback_function):
    callback_function.write("index.js", """
const ways = {
  callback: (c, cb) => cb(null, 'ok'), undefinedResult: (c, cb) => cb(), error: (c, cb) => cb(new Error('no')), text: (c, cb) => cb('plain'),
  done: (c) => c.done(null, 'done'), doneError: (c) => c.done('bad'), succeed: (c) => c.succeed({ a: 1 }), fail: (c) => c.fail(new Error('f')),
  failNothing: (c) => c.fail(), twice: (c, cb) => { c.succeed(1); c.succeed(2); cb(null, 3); c.fail('x'); },
  later: (c, cb) => { setTimeout(() => cb(null, 'later'), 20); }, thrown: () => { throw new Error('sync'); },
};
exports.handler = (event, context, callback) => { ways[event](context, callback); };
""")
    names = ["callback", "undefinedResult", "done", "succeed", "twice", "later"]
    outcome = callback_function.run("index.handler", [Event(name) for name in names])
    assert [outcome.response(i) for i in range(6)] == ["ok", None, "done", {"a": 1}, 1, "later"]
    assert len(outcome.answers) == 6
    names = ["error", "text", "doneError", "fail", "failNothing", "thrown"]
    outcome = callback_function.run("index.handler", [Event(name) for name in names])
    assert [outcome.error(i)["errorMessage"] for i in range(6)] == ["no", "plain", "bad", "f", "handled", "sync"]
    assert [outcome.error(i)["errorType"] for i in range(6)] == ["Error", "string", "string", "Error", "string", "Error"]


def test_handler_that_never_answers_gives_null(callback_function):
    callback_function.write("index.js", "exports.handler = (event) => { setTimeout(() => console.log('worked'), 20); return 'ignored'; };\n")
    outcome = callback_function.run("index.handler", [Event(), Event()])
    assert outcome.response(0) is None and outcome.response(1) is None
    assert len([line for line in outcome.lines() if line.endswith("worked")]) == 2


NEVER = "exports.handler = () => new Promise(() => {});\n"


def test_promise_that_never_settles_gives_null_before_node_18(node_function):
    node_function.write("index.js", NEVER)
    outcome = node_function.run("index.handler", [Event(), Event()], {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs16.x"})
    assert outcome.response(0) is None and outcome.response(1) is None and outcome.code is None


@pytest.mark.parametrize("name,code", [
    ("index.js", NEVER),
    ("index.js", "exports.handler = async (event, context) => { await new Promise((resolve) => setTimeout(resolve, 20)); await new Promise(() => {}); };\n"),
    ("index.js", "exports.handler = awslambda.streamifyResponse(async (event, stream) => { await new Promise(() => {}); });\n"),
])
@pytest.mark.parametrize("version", ["18", "20", "22", "24"])
def test_promise_that_never_settles_is_told(node_function, name, code, version):
    node_function.write(name, code)
    outcome = node_function.run("index.handler", [Event(), Event()], {"AWS_EXECUTION_ENV": f"AWS_Lambda_nodejs{version}.x"})
    assert outcome.error(0)["errorType"] == "Runtime.NodejsExit", outcome.error(0)
    assert outcome.error(0)["errorMessage"].startswith("The Lambda runtime client detected an unexpected Node.js exit code.")
    assert outcome.code == 13 and len(outcome.answers) == 1


def test_module_that_never_loads_is_told(node_function):
    node_function.write("index.mjs", "await new Promise(() => {});\nexport const handler = async () => 1;\n")
    outcome = node_function.run("index.handler", [Event()])
    assert outcome.answers[0].path.endswith("/init/error") and outcome.answers[0].json()["errorType"] == "Runtime.NodejsExit"
    assert outcome.code == 13


def test_callback_of_an_async_handler_counts(callback_function):
    callback_function.write("index.js", "exports.handler = async (event, context, callback) => { callback(null, 'told'); await new Promise(() => {}); };\n")
    assert callback_function.run("index.handler", [Event()]).response() == "told"


def test_callback_waits_for_an_empty_event_loop(callback_function):
    callback_function.write("index.js", """
exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.wait;
  const start = Date.now();
  const result = { wait: context.callbackWaitsForEmptyEventLoop };
  setTimeout(() => { result.timer = true; }, 300);
  callback(null, result);
};
""")
    outcome = callback_function.run("index.handler", [Event({"wait": True}), Event({"wait": False}), Event({"wait": True})])
    assert outcome.response(0) == {"wait": True, "timer": True}
    assert outcome.response(1) == {"wait": False}
    assert outcome.response(2) == {"wait": True, "timer": True}


def test_promise_does_not_wait_for_an_empty_event_loop(callback_function):
    callback_function.write("index.js", "exports.handler = async () => { setTimeout(() => {}, 20000); return 1; };\n")
    outcome = callback_function.run("index.handler", [Event(), Event()])
    assert outcome.response(1) == 1


def test_second_generation_has_no_callbacks(node_function):
    if node_function.name != "node24":
        node_function.write("index.js", "exports.handler = (event, context, callback) => callback(null, arguments.length);\n")
        assert node_function.run("index.handler", [Event()]).code is None
        return
    node_function.write("index.js", "exports.handler = (event, context, callback) => callback(null, 1);\n")
    outcome = node_function.run("index.handler", [Event()])
    assert outcome.error()["errorType"] == "Runtime.CallbackHandlerDeprecated" and outcome.code == 1
    node_function.write("index.js", "exports.handler = (event) => event + 1;\n")
    outcome = node_function.run("index.handler", [Event(1), Event(2)])
    assert [outcome.response(0), outcome.response(1)] == [2, 3]


def test_console_text(callback_function):
    callback_function.write("index.js", """
console.log('at load');
exports.handler = (event, context, callback) => {
  console.log('hello %s', 'world', { a: 1 }); console.debug('d'); console.info('i'); console.warn('w'); console.error('e'); console.trace('t');
  console.fatal('f'); console.log('two\\nlines'); console.log();
  callback(null, null);
};
""")
    outcome = callback_function.run("index.handler", [Event()])
    lines = [line.split("\t")[1:] for line in outcome.lines() if not line.startswith("Executing '")]
    assert lines == [["undefined", "INFO", "at load"]] + [[REQUEST_ID % 0] + rest for rest in (
        ["INFO", "hello world { a: 1 }"], ["DEBUG", "d"], ["INFO", "i"], ["WARN", "w"], ["ERROR", "e"], ["TRACE", "t"], ["FATAL", "f"],
        ["INFO", "two\rlines"], ["INFO", "undefined"])]


def test_console_json(any_node_function):
    any_node_function.write("index.js", """
exports.handler = async () => {
  console.debug('hidden'); console.info('text'); console.info({ order: 7 }); console.warn('with %d', 5, { a: 1 });
  console.error(new TypeError('wrong')); console.error('context', new RangeError('range'));
  const loop = {}; loop.loop = loop; console.info(loop);
  throw new Error('end');
};
""")
    outcome = any_node_function.run("index.handler", [Event(headers={"Lambda-Runtime-Aws-Tenant-Id": "blue"})],
                                    {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "info"})
    records = [json.loads(line) for line in outcome.lines() if line.startswith("{")]
    assert [r["level"] for r in records] == ["INFO", "INFO", "WARN", "ERROR", "ERROR", "INFO", "ERROR"]
    assert list(records[0]) == ["timestamp", "level", "requestId", "tenantId", "message"]
    assert (records[0]["message"], records[0]["requestId"], records[0]["tenantId"]) == ("text", REQUEST_ID % 0, "blue")
    assert records[1]["message"] == {"order": 7} and records[2]["message"] == "with 5 { a: 1 }"
    assert records[3]["message"]["errorType"] == "TypeError" and records[3]["message"]["errorMessage"] == "wrong"
    assert records[3]["message"]["stackTrace"][0] == "TypeError: wrong"
    assert records[4]["errorType"] == "RangeError" and records[4]["message"].startswith("context RangeError: range")
    assert records[5]["message"].startswith("<ref *1> {")
    assert records[6]["message"]["errorMessage"] == "end"
