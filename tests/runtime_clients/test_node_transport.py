"""If these fail, Mayfly's Node.js client wastes round trips, loses an answer, or hangs where it should go on or end."""

import os
import re
import struct
import subprocess

import pytest

from client_run import NODE_CLIENT, run_client
from fake_runtime_api import REQUEST_ID, Event

ECHO = "exports.handler = async (event) => { if (event === 'fail') throw new Error('asked to'); return event; };\n"


def test_answer_and_next_request_travel_together(node_function):
    node_function.write("index.js", ECHO)
    large = "x" * 3000000
    outcome = node_function.run("index.handler", [Event(i, hold_answer_until_next=True) for i in (1, "fail", 3, large, 5)])
    assert [a.path.rsplit("/", 1)[1] for a in outcome.answers] == ["response", "error", "response", "response", "response"]
    assert outcome.response(3) == large
    assert outcome.api.pipelined == 5 and outcome.api.connections == 1


def test_small_answer_is_one_write(node_function):
    if subprocess.run(["strace", "-V"], capture_output=True).returncode != 0:
        pytest.skip("strace is not installed")
    node_function.write("index.js", ECHO)
    trace = node_function.folder / "trace"
    command = ["strace", "-f", "-e", "trace=write,writev,sendto,sendmsg", "-s", "40", "-o", str(trace)] + node_function.command("index.handler")
    outcome = run_client(command, node_function.folder, "index.handler", [Event(1), Event(2)])
    assert outcome.response(1) == 2
    sends = [line for line in trace.read_text().splitlines() if re.search(r'"(GET|POST) /2018', line) or "HTTP/1.1" in line]
    assert len(sends) in (2, 3)  # strace may be ended before it has written the last call down


@pytest.mark.parametrize("status", [413, 400, 403])
def test_refused_answer_is_logged_and_the_next_event_served(node_function, status):
    node_function.write("index.js", ECHO)
    outcome = node_function.run("index.handler", [Event("big", status=status), Event("next")])
    assert outcome.response(1) == "next" and outcome.code is None
    assert "Http response code: %d." % status in outcome.stderr


def test_refusal_before_the_body_was_read(node_function):
    node_function.write("index.js", "exports.handler = async (event) => 'x'.repeat(event);\n")
    outcome = node_function.run("index.handler", [Event(10, refuse_early=True), Event(2)])
    assert outcome.response(1) == "xx" and outcome.api.connections == 2
    huge = node_function.run("index.handler", [Event(30 << 20, refuse_early=True), Event(2)])
    if huge.code is None:
        assert huge.response(1) == "xx"
    else:  # the reset outran the answer: then the process ends and says why
        assert huge.code == 1 and "LAMBDA_RUNTIME the connection broke" in huge.stderr


def test_platform_closes_after_its_answer(node_function):
    node_function.write("index.js", ECHO)
    outcome = node_function.run("index.handler", [Event(1, close_after_answer=True), Event(2), Event(3)])
    assert [outcome.response(i) for i in range(3)] == [1, 2, 3] and outcome.api.connections == 2


def test_platform_failure_ends_the_process(node_function):
    node_function.write("index.js", ECHO)
    outcome = node_function.run("index.handler", [Event(1, status=500), Event(2)])
    assert outcome.code == 1 and "LAMBDA_RUNTIME the platform failed: 500" in outcome.stderr


def test_no_platform(node_function):
    node_function.write("index.js", ECHO)
    outcome = node_function.run("index.handler", [], {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})
    assert outcome.code == 1 and "LAMBDA_RUNTIME the connection broke: connect ECONNREFUSED" in outcome.stderr


def test_chunked_event(node_function):
    node_function.write("index.js", ECHO)
    value = ["y" * 200000, "é"]
    outcome = node_function.run("index.handler", [Event(value, chunked=True), Event(1)])
    assert outcome.response(0) == value and outcome.response(1) == 1


def test_invocation_id_is_echoed(node_function):
    node_function.write("index.js", ECHO)
    outcome = node_function.run("index.handler", [
        Event(1, headers={"Lambda-Runtime-Invocation-Id": "attempt-1"}), Event("fail", headers={"Lambda-Runtime-Invocation-Id": "attempt-2"}),
        Event(3)])
    assert [a.headers.get("lambda-runtime-invocation-id") for a in outcome.answers] == ["attempt-1", "attempt-2", None]


def test_framed_log_descriptor(any_node_function):
    any_node_function.write("index.js", "exports.handler = async () => { console.warn('one\\ntwo'); process.stdout.write('plain\\n'); };\n")
    reader, writer = os.pipe()
    outcome = any_node_function.run("index.handler", [Event()], {"_LAMBDA_TELEMETRY_LOG_FD": str(writer)}, pass_fds=(writer,))
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    kind, size, micros = struct.unpack(">IIQ", data[:16])
    assert kind == 0xA55A0013 and size == len(data) - 16 and 1.6e15 < micros < 9e15
    assert data[16:].decode().endswith("\t" + REQUEST_ID % 0 + "\tWARN\tone\ntwo\n")
    assert outcome.lines()[-1] == "plain"


def test_default_module_path(node_function):
    node_function.write("index.js", "exports.handler = async () => [process.env.NODE_PATH, require('module').globalPaths];\n")
    path, places = node_function.run("index.handler", [Event()]).response()
    major = node_function.name[4:]
    assert path == "/opt/nodejs/node%s/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task" % major
    assert places[:5] == path.split(":")


def test_answers_in_any_cut(node_function):
    # The reader must not depend on where the network cuts.
    program = """
const { AnswerReader } = require(process.argv[1]);
const answers = ['HTTP/1.1 100 Continue\\r\\n\\r\\n', 'HTTP/1.1 202 Accepted\\r\\nContent-Length: 4\\r\\n\\r\\nbody', 'HTTP/1.1 200 OK\\r\\nA: \u00e9\\r\\nContent-Length: 3\\r\\n\\r\\n\u00e9x',
  'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3;a=b\\r\\nabc\\r\\n2\\r\\nde\\r\\n0\\r\\nT: 1\\r\\n\\r\\n', 'HTTP/1.1 202 X\\r\\n\\r\\n'];
const bytes = Buffer.from(answers.join(''));
const expected = '202 body|200 \u00e9x|200 abcde|202 ';
for (let first = 0; first <= bytes.length; first += 1) {
  for (const second of [first, first + 1, first + 7, bytes.length]) {
    const got = [];
    const reader = new AnswerReader((a) => { got.push(`${a.status} ${a.body}`); return true; }, (m) => got.push(m));
    for (const part of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]) reader.push(Buffer.from(part));
    if (got.join('|') !== expected) { console.log(first, second, got); process.exit(1); }
  }
}
for (const bad of ['nonsense\\r\\n\\r\\n', 'HTTP/1.1 200 OK\\r\\nContent-Length: -1\\r\\n\\r\\n', 'HTTP/1.1 200 OK\\r\\nContent-Length: 99999999999\\r\\n\\r\\n',
                   'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n', 'x'.repeat(2 << 20)]) {
  let broken = 0;
  new AnswerReader(() => true, () => { broken += 1; }).push(Buffer.from(bad));
  if (broken !== 1) { console.log('accepted', bad.slice(0, 80)); process.exit(1); }
}
"""
    done = subprocess.run(["node", "-e", program, os.path.join(NODE_CLIENT, "runtime_api.cjs")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
