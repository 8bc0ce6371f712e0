"""If these fail, answers do not come while the function still produces them, or come wrong: InvokeWithResponseStream by boto3."""
import base64
import hashlib
import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer

from built_examples import package_of
from daemon import ACCOUNT, REGION, Daemon, wait_until
from packages import ECHO, make_zip


# Does what the event says, in order: {"do": [["write", "text"], ["blocks", count], ["go", tag], ["throw", text], ["exit", code], ["hang"]]}.
# "go" waits until the test has put that tag on the function: what came before has reached the client by then.
NODE = """
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
const actions = {
  type: (stream, type) => stream.setContentType(type),
  write: (stream, text) => stream.write(text),
  blocks: async (stream, count) => {
    for (let i = 0; i < count; i += 1) {
      if (!stream.write(Buffer.alloc(65536, i % 251))) await once(stream, 'drain');
    }
  },
  go: async (stream, tag, context) => {
    const { LambdaClient, ListTagsCommand } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient();
    while (!(await client.send(new ListTagsCommand({ Resource: context.invokedFunctionArn }))).Tags?.[tag]) await sleep(10);
  },
  throw: (stream, text) => { throw new RangeError(text); },
  exit: (stream, code) => { process.exit(code); },
  hang: () => sleep(1e9),
  log: (stream, text) => console.log(text),
};
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.body !== undefined) event = JSON.parse(event.body);
  if (event.prelude) stream = awslambda.HttpResponseStream.from(stream, event.prelude);
  for (const [name, parameter] of event.do) await actions[name](stream, parameter, context);
  stream.end();
});
"""


def blocks_sha256(count):
    digest = hashlib.sha256()
    for number in range(count):
        digest.update(bytes([number % 251]) * 65536)
    return digest.hexdigest()


@pytest.fixture
def streams(functions):
    """A Node.js function that streams what events tell it."""
    def make(**settings):
        return functions(make_zip({"index.mjs": NODE}), Runtime="nodejs20.x", **{"Timeout": 60, **settings})
    return make


class Events:
    """The events of one answer."""

    def __init__(self, answer):
        self.answer = answer
        self.iterator = iter(answer["EventStream"])

    def chunk(self):
        """The next event, which has to be a chunk."""
        return next(self.iterator)["PayloadChunk"]["Payload"]

    def rest(self):
        """All bytes that still come, and the InvokeComplete."""
        events = list(self.iterator)
        assert [name for event in events for name in event][:-1] == ["PayloadChunk"] * (len(events) - 1), events
        return b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1]), events[-1]["InvokeComplete"]


def invoke(aws, name, event, **more):
    return Events(aws.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event).encode(), **more))


def do(*actions):
    return {"do": [list(action) for action in actions]}


def details(complete):
    assert complete["ErrorCode"] == "Unhandled", complete
    return json.loads(complete["ErrorDetails"])


def test_bytes_come_before_the_function_ends(aws, streams):
    name = streams()
    events = invoke(aws, name, do(("type", "text/plain"), ("write", "first"), ("go", "one"), ("write", "second"), ("go", "two"), ("write", "third")))
    assert events.answer["StatusCode"] == 200 and events.answer["ExecutedVersion"] == "$LATEST"
    headers = events.answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/vnd.amazon.eventstream"
    assert headers["x-amzn-remapped-content-type"] == "text/plain"
    assert headers["transfer-encoding"] == "chunked"
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    # The function goes on only when the test says that it has read what came before.
    assert events.chunk() == b"first"
    aws.tag_resource(Resource=arn, Tags={"one": "go"})
    assert events.chunk() == b"second"
    aws.tag_resource(Resource=arn, Tags={"two": "go"})
    assert events.rest() == (b"third", {})


def test_fifty_megabytes_arrive_as_they_were_sent(aws, streams):
    name = streams()
    data, complete = invoke(aws, name, do(("blocks", 800))).rest()
    assert len(data) == 800 * 65536 and hashlib.sha256(data).hexdigest() == blocks_sha256(800)
    assert complete == {}


def test_the_log_and_the_version(aws, streams):
    name = streams()
    version = aws.publish_version(FunctionName=name)["Version"]
    events = invoke(aws, name, do(("log", "a line of log"), ("write", "x")), LogType="Tail", Qualifier=version)
    assert events.answer["ExecutedVersion"] == version
    data, complete = events.rest()
    log = base64.b64decode(complete["LogResult"]).decode()
    assert data == b"x" and "ErrorCode" not in complete
    request_id = events.answer["ResponseMetadata"]["RequestId"]
    for text in ("a line of log", f"START RequestId: {request_id}", f"REPORT RequestId: {request_id}"):
        assert text in log, log


def test_errors_in_the_midst(aws, streams):
    name = streams(Timeout=3)
    data, complete = invoke(aws, name, do(("write", "begun"), ("throw", "late"))).rest()
    assert data == b"begun"
    assert details(complete)["errorType"] == "RangeError" and details(complete)["errorMessage"] == "late"

    events = invoke(aws, name, do(("write", "begun"), ("hang",)))
    data, complete = events.rest()
    request_id = events.answer["ResponseMetadata"]["RequestId"]
    assert data == b"begun"
    assert details(complete) == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: Task timed out after 3.00 seconds"}

    events = invoke(aws, name, do(("write", "begun"), ("go", "read"), ("exit", 7)), LogType="Tail")
    assert events.chunk() == b"begun"
    aws.tag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", Tags={"read": "yes"})
    data, complete = events.rest()
    assert data == b"" and details(complete)["errorType"] == "Runtime.ExitError"
    assert details(complete)["errorMessage"].endswith("Error: Runtime exited with error: exit status 7")
    assert "REPORT" in base64.b64decode(complete["LogResult"]).decode()

    assert invoke(aws, name, do(("write", "well again"))).rest() == (b"well again", {})


def test_an_error_before_the_first_byte(aws, streams):
    data, complete = invoke(aws, streams(), do(("throw", "early"))).rest()
    assert data == b"" and details(complete)["errorMessage"] == "early"


def test_an_answer_in_one_piece_is_one_chunk(aws, functions):
    name = functions(ECHO)
    events = invoke(aws, name, {"a": ["b" * 3_000_000]})
    assert events.answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-remapped-content-type"] == "application/json"
    assert json.loads(events.chunk()) == {"a": ["b" * 3_000_000]}
    assert events.rest() == (b"", {})
    failing = functions("def handler(event, context): raise ValueError('no')")
    data, complete = invoke(aws, failing, {}).rest()
    assert data == b"" and details(complete)["errorType"] == "ValueError"


def test_invoke_collects_what_is_streamed(aws, streams):
    name = streams()
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(do(("write", "one "), ("write", "two"))).encode())
    assert "FunctionError" not in answer and answer["Payload"].read() == b"one two"
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(do(("write", "one "), ("throw", "late"))).encode())
    assert answer["FunctionError"] == "Unhandled" and json.loads(answer["Payload"].read())["errorMessage"] == "late"
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(do(("blocks", 100))).encode())
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorType": "Function.ResponseSizeTooLarge", "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes)."}


def test_requests_that_are_refused(aws, functions, name):
    errors = aws.exceptions
    with pytest.raises(errors.ResourceNotFoundException, match="Function not found"):
        invoke(aws, name, {})
    known = functions(ECHO)
    with pytest.raises(errors.InvalidRequestContentException, match="Could not parse request body into json"):
        aws.invoke_with_response_stream(FunctionName=known, Payload=b"{")
    with pytest.raises(errors.InvalidRequestContentException, match="Client context must be"):
        invoke(aws, known, {}, ClientContext="!")
    with pytest.raises(errors.InvalidParameterValueException, match="tenancy"):
        invoke(aws, known, {}, TenantId="t")
    with pytest.raises(errors.ClientError, match="RequestEntityTooLargeException.*smaller than 6291456 bytes for the InvokeWithResponseStream operation"):
        aws.invoke_with_response_stream(FunctionName=known, Payload=json.dumps("x" * 6_291_456).encode())
    dry = aws.invoke_with_response_stream(FunctionName=known, InvocationType="DryRun")
    assert dry["StatusCode"] == 204
    with pytest.raises(errors.ClientError, match="enum value set"):
        aws.invoke_with_response_stream(FunctionName=known, InvocationType="Event")


class Raw:
    """A client that reads no faster than the test does."""

    def __init__(self, daemon, name, event):
        parts = urlsplit(daemon.url)
        target = f"/2021-11-15/functions/{name}/response-streaming-invocations"
        body = json.dumps(event).encode()
        request = AWSRequest(method="POST", url=daemon.url + target, data=body)
        SigV4Auth(Credentials("test", "test"), "lambda", REGION).add_auth(request)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        self.connection.request("POST", target, body=body, headers=dict(request.headers.items()))
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        self.buffer = EventStreamBuffer()

    def events(self):
        while piece := self.response.read1(65536):
            self.buffer.add_data(piece)
            yield from self.buffer

    def close(self):
        self.response.close()
        self.connection.close()


def memory_kib(pid, what):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(what + ":")[1].split()[0])


def bytes_moved(pid):
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return fields["rchar"]


def test_a_slow_reader_slows_the_function_and_costs_no_memory(streams, daemon):
    name = streams()
    pid = daemon.process.pid
    warm = Raw(daemon, name, do(("blocks", 100)))
    list(warm.events())
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins here
    before = memory_kib(pid, "VmHWM")
    client = Raw(daemon, name, do(("blocks", 1600)))
    seen = []

    def stands_still():
        seen.append(bytes_moved(pid))
        return len(seen) > 10 and len(set(seen[-10:])) == 1
    wait_until(stands_still, 60, "the function goes on although nobody reads")
    digest, size = hashlib.sha256(), 0
    for event in client.events():
        headers = event.headers
        assert headers[":message-type"] == "event"
        if headers[":event-type"] == "PayloadChunk":
            assert headers[":content-type"] == "application/octet-stream"
            digest.update(event.payload)
            size += len(event.payload)
    assert headers[":event-type"] == "InvokeComplete" and event.payload == b"{}"
    client.close()
    assert size == 1600 * 65536 and digest.hexdigest() == blocks_sha256(1600)
    assert memory_kib(pid, "VmHWM") - before < 8 * 1024, "the daemon keeps what is not read"


def test_a_client_that_leaves_stops_nothing(aws, streams, daemon):
    name = streams()
    client = Raw(daemon, name, do(("write", "first"), ("go", "left"), ("blocks", 300), ("log", "came to its end")))
    next(client.events())
    client.close()
    aws.tag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", Tags={"left": "yes"})

    def log():
        return daemon.send("GET", f"/_mayfly/logs?function={name}").body
    wait_until(lambda: b"came to its end" in log() and b"REPORT" in log(), 30, "the function was stopped")
    assert invoke(aws, name, do(("write", "next"))).rest() == (b"next", {})


def test_limit_and_rate_are_settings():
    with Daemon("--streamed-response-max", "1", "--stream-rate", "100000000") as daemon:
        aws = daemon.client("lambda")
        aws.create_function(FunctionName="f", Runtime="nodejs20.x", Handler="index.handler", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Timeout=30,
                            Code={"ZipFile": make_zip({"index.mjs": NODE})})
        aws.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
        data, complete = invoke(aws, "f", do(("blocks", 40))).rest()
        assert len(data) == 1 << 20
        assert details(complete) == {"errorType": "Function.ResponseSizeTooLarge",
                                     "errorMessage": "Response payload size exceeded maximum allowed payload size (1048576 bytes)."}
        assert invoke(aws, "f", do(("blocks", 16))).rest()[1] == {}


def test_the_daemon_ends_while_something_streams():
    with Daemon("--drain", "1") as daemon:
        aws = daemon.client("lambda")
        aws.create_function(FunctionName="f", Runtime="nodejs20.x", Handler="index.handler", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Timeout=300,
                            Code={"ZipFile": make_zip({"index.mjs": NODE})})
        aws.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1})
        listening, leaving = Raw(daemon, "f", do(("write", "x"), ("hang",))), Raw(daemon, "f", do(("write", "x"), ("hang",)))
        next(leaving.events())
        leaving.close()
        next(listening.events())
        daemon.stop()  # checks that nothing is left


def test_python_streams_by_a_custom_runtime(aws, functions):
    name = functions(package_of("stream-python").read_bytes(), Runtime="provided.al2023", Handler="countdown.handler", Timeout=30)
    events = invoke(aws, name, {"from": 3, "pause": 0})
    assert events.answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-remapped-content-type"] == "application/vnd.awslambda.http-integration-response"
    data, complete = events.rest()
    head, body = data.split(bytes(8))
    assert json.loads(head)["statusCode"] == 200 and body == b"3\n2\n1\ndone\n" and complete == {}
    data, complete = invoke(aws, name, {"from": "x"}).rest()
    assert data.endswith(bytes(8)) and details(complete)["errorType"] == "ValueError"
