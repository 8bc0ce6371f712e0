"""If these fail, a Node.js handler that streams its answer does so differently than on AWS. AWS's own client passes what is about the wire."""

import base64
import json

import pytest

from fake_runtime_api import Event

TYPE = "lambda-runtime-function-error-type"
BODY = "lambda-runtime-function-error-body"


def streams(function, body, handler="async (event, stream, context)", top=""):
    function.write("index.js", "%s\nexports.handler = awslambda.streamifyResponse(%s => {%s});\n" % (top, handler, body))
    return function


def failure(answer):
    return json.loads(base64.b64decode(answer.trailers[BODY]))


def test_what_is_written_is_streamed(any_streaming_function):
    outcome = streams(any_streaming_function, """
        stream.setContentType('text/plain');
        stream.write('text ');
        stream.write(Buffer.from('bytes '));
        stream.write(new Uint8Array([65, 66]));
        stream.write({ json: true });
        stream.end();
    """).run("index.handler", [Event({}), Event({})])
    assert len(outcome.answers) == 2
    for answer in outcome.answers:
        assert answer.path.endswith("/response")
        assert answer.headers["lambda-runtime-function-response-mode"] == "streaming"
        assert answer.headers["content-type"] == "text/plain"
        assert answer.body == b'text bytes AB{"json":true}'
        assert answer.trailers == {}
    assert outcome.code is None


def test_event_and_context_reach_the_handler(any_streaming_function):
    outcome = streams(any_streaming_function, "stream.write({ event, id: context.awsRequestId }); stream.end();").run("index.handler", [Event([1, "x"])])
    assert json.loads(outcome.answers[0].body) == {"event": [1, "x"], "id": outcome.answers[0].path.split("/")[-2]}


def test_the_content_type_without_a_word_is_bytes(any_streaming_function):
    outcome = streams(any_streaming_function, "stream.write('x'); stream.end();").run("index.handler", [Event()])
    assert outcome.answers[0].headers["content-type"] == "application/octet-stream"


def test_an_http_response_begins_with_its_prelude(any_streaming_function):
    outcome = streams(any_streaming_function, """
        const prelude = { statusCode: 201, headers: { 'x-a': 'b' }, cookies: ['c=d'] };
        const http = awslambda.HttpResponseStream.from(stream, prelude);
        http.write('body');
        http.end();
    """).run("index.handler", [Event()])
    answer = outcome.answers[0]
    assert answer.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
    head, body = answer.body.split(bytes(8))
    assert json.loads(head) == {"statusCode": 201, "headers": {"x-a": "b"}, "cookies": ["c=d"]} and body == b"body"


def test_a_response_without_a_body_has_its_prelude(node_function):
    for end in ("http.end()", "http.end('body')"):
        outcome = streams(node_function, "const http = awslambda.HttpResponseStream.from(stream, { statusCode: 204 }); %s;" % end).run(
            "index.handler", [Event()])
        assert outcome.answers[0].body == b'{"statusCode":204}' + bytes(8) + (b"body" if "body" in end else b"")


def test_pipelines_end_in_the_stream(any_streaming_function):
    outcome = streams(any_streaming_function, "await pipeline(Readable.from(['a', 'b'.repeat(200000), 'c']), stream);", top="""
        const { pipeline } = require('node:stream/promises');
        const { Readable } = require('node:stream');""").run("index.handler", [Event()])
    assert outcome.answers[0].body == b"a" + b"b" * 200000 + b"c" and outcome.answers[0].trailers == {}


def test_an_error_behind_the_first_write_is_a_trailer(any_streaming_function):
    outcome = streams(any_streaming_function, "stream.write('begun'); throw new RangeError('late');").run("index.handler", [Event(), Event()])
    for answer in outcome.answers:
        assert answer.body == b"begun"
        assert answer.trailers[TYPE] == "RangeError"
        assert failure(answer)["errorType"] == "RangeError" and failure(answer)["errorMessage"] == "late"
    assert "Invoke Error" in outcome.stdout
    assert outcome.code is None


def test_an_error_before_it_is_told_as_any_other(node_function):
    outcome = streams(node_function, "throw new RangeError('early');").run("index.handler", [Event()])
    assert outcome.error()["errorMessage"] == "early"


@pytest.mark.parametrize("body,message", [
    ("stream.write('x'); const { pipeline } = require('node:stream/promises');"
     "await pipeline(require('node:stream').Readable.from((function* () { yield 'y'; throw new Error('source'); })()), stream);", "source"),
    ("stream.write('x'); stream.destroy(new Error('destroyed'));", "destroyed"),
    ("stream.write('x'); stream.destroy();", "Response stream is not finished."),
    ("stream.write('x'); stream.setContentType('text/plain');", "Cannot set content-type, too late."),
])
def test_streams_that_break(node_function, body, message):
    outcome = streams(node_function, body).run("index.handler", [Event(), Event()])
    for answer in outcome.answers:
        assert answer.body.startswith(b"x")
        assert failure(answer)["errorMessage"] == message, failure(answer)
    assert outcome.code is None and len(outcome.answers) == 2


def test_a_crash_in_the_midst_ends_the_stream_with_it(node_function):
    outcome = streams(node_function, "stream.write('x'); setImmediate(() => { throw new Error('out of hand'); }); await new Promise(() => {});").run(
        "index.handler", [Event()])
    assert outcome.answers[0].body == b"x" and failure(outcome.answers[0])["errorMessage"] == "out of hand"
    assert outcome.code == 129


def test_a_handler_that_is_not_async_fails(node_function):
    outcome = streams(node_function, "stream.write('x');", handler="(event, stream)").run("index.handler", [Event()])
    assert failure(outcome.answers[0])["errorMessage"] == "Streaming does not support non-async handlers."


def test_giant_errors_fit_into_a_trailer(node_function):
    outcome = streams(node_function, "stream.write('x'); throw new Error('y'.repeat(1 << 20));").run("index.handler", [Event()])
    assert failure(outcome.answers[0])["errorType"] == "Error" and len(outcome.answers[0].trailers[BODY]) < 100_000


def test_three_parameters_are_no_callback(node_function):
    """From nodejs24.x on, a handler with three parameters is refused for its callback: a streaming one has them by right."""
    outcome = streams(node_function, "stream.end('x');").run("index.handler", [Event()])
    assert outcome.answers[0].body == b"x"


def test_an_unknown_mark_is_refused(node_function):
    node_function.write("index.js", "exports.handler = async () => 1; exports.handler[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'request';\n")
    assert node_function.run("index.handler", []).error()["errorType"] == "Runtime.MalformedStreamingHandler"


def test_the_global_can_be_switched_off(node_function):
    node_function.write("index.js", "exports.handler = async () => typeof awslambda;\n")
    assert node_function.run("index.handler", [Event()]).response() == "object"
    assert node_function.run("index.handler", [Event()], {"AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA": "1"}).response() == "undefined"
