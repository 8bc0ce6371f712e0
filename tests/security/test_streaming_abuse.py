"""If one of these fails, a function that streams its answer can confuse or exhaust the daemon, or those who read the stream."""

import http.client
import json
import secrets
import time
from urllib.parse import urlsplit

import pytest

from packages import make_zip
from test_runtime_api_abuse import BOOTSTRAP
from watched_daemon import Function

# A runtime that answers by hand: the event's code runs with `send` (bytes to the Runtime API), `begin` (the head of a streamed answer) and `id`.
BY_HAND = BOOTSTRAP + """
import socket, time
while True:
    response, event = ask("GET", "invocation/next")
    id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(event)
    connection = socket.create_connection(("127.0.0.1", 9001), 60)
    send = connection.sendall
    def begin(content_type="text/plain", more=b""):
        send(b"POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: %s\\r\\n"
             b"Lambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n%s\\r\\n" % (id.encode(), content_type.encode(), more))
    def chunk(data):
        send(b"%x\\r\\n%b\\r\\n" % (len(data), data))
    code = json.loads(event["body"])["code"] if "body" in event else event["code"]
    try:
        exec(code)
        connection.recv(1000)
    except OSError:
        pass
    connection.close()
"""

BREAKS = {
    "an immense chunk": r'begin(); chunk(b"good"); send(b"ffffffffffffffff\r\nx")',
    "a chunk of 2^64 and more": r'begin(); chunk(b"good"); send(b"10000000000000000\r\nx")',
    "a chunk of 2^63": r'begin(); chunk(b"good"); send(b"8000000000000000\r\nx" + b"y" * 100)',
    "a negative chunk": r'begin(); chunk(b"good"); send(b"-1\r\nx\r\n")',
    "no number": r'begin(); chunk(b"good"); send(b"zz\r\nx\r\n")',
    "a chunk longer than it says": r'begin(); chunk(b"good"); send(b"1\r\nxyz\r\n0\r\n\r\n")',
    "a chunk extension of 1 MB": r'begin(); chunk(b"good"); send(b"1;" + b"a" * 1000000 + b"\r\nx\r\n")',
    "a trailer of 10 MB": r'begin(); chunk(b"good"); send(b"0\r\nLambda-Runtime-Function-Error-Type: " + b"a" * 10000000 + b"\r\n\r\n")',
    "100,000 trailers": r'begin(); chunk(b"good"); send(b"0\r\n" + b"a: b\r\n" * 100000 + b"\r\n")',
    "a cut connection": r'begin(); chunk(b"good"); send(b"5\r\nab"); connection.close()',
    "the end of the process": r'begin(); chunk(b"good"); send(b"5\r\nab"); import os; os._exit(3)',
}


def make(daemon, **settings):
    settings = {"MemorySize": 512, "Timeout": 10, **settings}
    return Function.create(daemon.account("111111111111", read_timeout=60), "streamer-" + secrets.token_hex(4),
                           make_zip({"bootstrap": BY_HAND}, mode=0o755), runtime="provided.al2023", **settings)


@pytest.fixture(scope="module")
def streamer(daemon):
    return make(daemon)


def stream(function, code):
    """(the bytes, InvokeComplete)."""
    answer = function.client.invoke_with_response_stream(FunctionName=function.name, Payload=json.dumps({"code": code}).encode())
    events = list(answer["EventStream"])
    return b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1]), events[-1]["InvokeComplete"]


@pytest.mark.parametrize("code", BREAKS.values(), ids=BREAKS)
def test_streams_that_break(daemon, streamer, code):
    """A body that is no body counts as a whole answer, or its bytes reach somebody as something else."""
    before = daemon.resident_mib()
    data, complete = stream(streamer, code)
    assert data.startswith(b"good") and len(data) < 100
    assert json.loads(complete["ErrorDetails"])["errorType"] in ("Runtime.TruncatedResponse", "Runtime.ExitError"), complete
    assert daemon.resident_mib() < before + 20
    assert stream(streamer, r'begin(); chunk(b"well"); send(b"0\r\n\r\n")') == (b"well", {})


def test_trailers_that_are_no_error_documents(streamer):
    """What a function calls its error is trusted to be what it should be."""
    data, complete = stream(streamer, r'begin(); chunk(b"good"); send(b"0\r\nLambda-Runtime-Function-Error-Type: \x01\xff<script>\r\n'
                                      r'Lambda-Runtime-Function-Error-Body: !!!\r\n\r\n")')
    assert data == b"good" and complete["ErrorCode"] == "Unhandled"
    data, complete = stream(streamer, r'begin(); send(b"0\r\nLambda-Runtime-Function-Error-Type: Own.Error\r\n\r\n")')
    assert data == b"" and json.loads(complete["ErrorDetails"]) == {"errorType": "Own.Error"}


def test_errors_that_grow_in_json(daemon, streamer):
    """An error document that becomes too large for a message of the stream ends the daemon."""
    for size, told in ((6_000_000, "Function.Unknown"), (1_000_000, None)):
        data, complete = stream(streamer, rf'ask("POST", "invocation/%s/error" % id, b"\x01" * {size}); connection.close()')
        assert data == b"" and complete["ErrorCode"] == "Unhandled"
        assert json.loads(complete["ErrorDetails"])["errorType"] == told if told else complete["ErrorDetails"] == "\x01" * size
    daemon.health()


def test_content_types_that_are_too_long_for_a_header(streamer):
    """The content type that a function names makes the client's HTTP library fail."""
    assert stream(streamer, r'begin("a/" + "b" * 100000); chunk(b"good"); send(b"0\r\n\r\n")') == (b"good", {})


def test_many_tiny_chunks(daemon, streamer):
    """A chunk of one byte costs more than a byte."""
    started, before = time.monotonic(), daemon.resident_mib()
    data, complete = stream(streamer, r'begin(); send(b"1\r\nx\r\n" * 500000); send(b"0\r\n\r\n")')
    assert data == b"x" * 500000 and complete == {}
    assert time.monotonic() - started < 60 and daemon.resident_mib() < before + 20


def test_an_endless_stream_is_cut_at_the_limit(daemon, streamer):
    """A stream without an end goes on for ever, or fills the daemon's memory."""
    before, size = daemon.resident_mib(), 0
    answer = streamer.client.invoke_with_response_stream(FunctionName=streamer.name, Payload=json.dumps({"code": r'''
begin()
while True: chunk(bytes(1 << 20))'''}).encode())
    for event in answer["EventStream"]:
        size += len(event.get("PayloadChunk", {}).get("Payload", b""))
    assert size <= 200 << 20
    assert json.loads(event["InvokeComplete"]["ErrorDetails"])["errorType"] in ("Function.ResponseSizeTooLarge", "Sandbox.Timedout")
    assert daemon.resident_mib() < before + 20
    assert stream(streamer, r'begin(); chunk(b"well"); send(b"0\r\n\r\n")') == (b"well", {})


def test_nobody_reads_an_endless_stream(daemon):
    """A stream whose reader stands still holds its environment beyond the function's timeout."""
    function = make(daemon, Timeout=2)
    answer = function.client.invoke_with_response_stream(FunctionName=function.name, Payload=json.dumps({"code": r'''
begin()
while True: chunk(bytes(1 << 20))'''}).encode())
    end = time.monotonic() + 20
    while daemon.status()["invocations_running"] > 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    *_, last = answer["EventStream"]
    assert json.loads(last["InvokeComplete"]["ErrorDetails"])["errorType"] in ("Sandbox.Timedout", "Function.ResponseSizeTooLarge")
    function.delete()


def test_a_second_answer_while_the_first_streams(streamer):
    """A stream is mixed with another answer."""
    data, complete = stream(streamer, r'''
begin(); chunk(b"first ")
seen = [ask("POST", "invocation/%s/%s" % (id, verb), b"second")[0].status for verb in ("response", "error")] + [ask("GET", "invocation/next")[0].status]
chunk(repr(seen).encode()); send(b"0\r\n\r\n")''')
    assert (data, complete) == (b"first [403, 403, 403]", {})


def test_an_unknown_mode_is_refused(streamer):
    """A mode that is none of AWS's is taken for one of them."""
    data, complete = stream(streamer, r'''
refused, text = ask("POST", "invocation/%s/response" % id, b"x", {"Lambda-Runtime-Function-Response-Mode": "flooding"})
begin(); chunk(str(refused.status).encode() + text); send(b"0\r\n\r\n")''')
    assert data.startswith(b"400") and b"InvalidFunctionResponseMode" in data and complete == {}


PRELUDES = {
    "100 MB without an end": r'for _ in range(100): chunk(b"x" * 1000000)',
    "100 MB of spaces": r'for _ in range(100): chunk(b" " * 1000000)',
    "deep JSON": r'chunk(b"[" * 50000 + bytes(8) + b"x")',
    "no JSON": r'chunk(b"{" + bytes(8) + b"x")',
    "headers that split": r'chunk(json.dumps({"statusCode": 200, "headers": {"a": "b\r\nSet-Cookie: c=d"}}).encode() + bytes(8) + b"x")',
    "an end at once": r'chunk(bytes(8) + b"x")',
}


@pytest.mark.parametrize("code", PRELUDES.values(), ids=PRELUDES)
def test_preludes_that_are_none(daemon, streamer, code):
    """A function URL's prelude fills memory, or forges a response."""
    client = streamer.client
    if not client.list_function_url_configs(FunctionName=streamer.name)["FunctionUrlConfigs"]:
        client.create_function_url_config(FunctionName=streamer.name, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
        for statement in ({"StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
                          {"StatementId": "invoke", "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}):
            client.add_permission(FunctionName=streamer.name, Principal="*", **statement)
    host = urlsplit(client.get_function_url_config(FunctionName=streamer.name)["FunctionUrl"]).netloc
    before = daemon.resident_mib()
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
    body = json.dumps({"code": 'begin("application/vnd.awslambda.http-integration-response")\n%s\nsend(b"0\\r\\n\\r\\n")' % code})
    connection.request("POST", "/", body, {"Host": host, "Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.status == 502 and response.headers["set-cookie"] is None and b"Internal Server Error" in response.read()
    connection.close()
    assert daemon.resident_mib() < before + 20
