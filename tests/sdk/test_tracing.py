"""If these fail, traces break at functions, or the X-Ray SDK has nobody to talk to inside them."""
import importlib.util
import json
import time
from pathlib import Path

import pytest

from daemon import wait_until
from invocations import call, change
from packages import make_zip
from test_invoke import PATH

CALLERS = "1-5759e988-bd862e3fe1be46a994272793"
TELL = """
import os
def handler(event, context):
    return os.environ.get("_X_AMZN_TRACE_ID")
"""


def fields(header):
    return dict(part.split("=", 1) for part in header.split(";"))


def invoke_with(daemon, name, header):
    return fields(daemon.raw("POST", PATH.format(name), b"{}", headers={"X-Amzn-Trace-Id": header}).json)


def segments(daemon, trace):
    return json.loads(daemon.raw("GET", f"/_mayfly/traces?trace_id={trace}").body)["segments"]


def test_every_invocation_has_a_trace_of_its_own(aws, functions):
    name = functions(TELL)
    first, second = fields(call(aws, name).payload), fields(call(aws, name).payload)
    assert first["Root"] != second["Root"] and first["Sampled"] == second["Sampled"] == "0"
    assert abs(int(first["Root"].split("-")[1], 16) - time.time()) < 60
    assert call(aws, name).report["trace"] is None


@pytest.mark.parametrize("target", [PATH, "/2021-11-15/functions/{}/response-streaming-invocations"], ids=["buffered", "streamed"])
def test_callers_are_told_the_decision(daemon, functions, target):
    name = functions(TELL, TracingConfig={"Mode": "Active"})
    answer = daemon.raw("POST", target.format(name), b"{}")
    told = fields(answer.headers["x-amzn-trace-id"])
    assert told["Sampled"] == "1" and f"Root={told['Root']};Parent={told['Parent']};Sampled=1".encode() in answer.body, (told, answer)


def test_the_callers_decision_stands(daemon, functions):
    for mode in ("PassThrough", "Active"):
        name = functions(TELL, TracingConfig={"Mode": mode})
        for sampled in "01":
            header = f"Root={CALLERS};Parent=53995c3f42cd8ad8;Sampled={sampled};Lineage=a5c3e7f1:0"
            seen = invoke_with(daemon, name, header)
            assert (seen["Root"], seen["Sampled"]) == (CALLERS, sampled) and seen["Lineage"].startswith("a5c3e7f1:0|"), (mode, seen)
            assert (seen["Parent"] == "53995c3f42cd8ad8") == (sampled == "0"), "what is recorded is a segment of its own"
    assert fields(daemon.raw("POST", PATH.format(name), b"{}", headers={"X-Amzn-Trace-Id": "Root=;Sampled=1"}).json)["Root"].startswith("1-")


def test_active_functions_record_the_first_invocation_of_a_second_and_some_more(aws, functions):
    name = functions(TELL, TracingConfig={"Mode": "Active"})
    first = call(aws, name)
    header = fields(first.payload)
    assert header["Sampled"] == "1"
    assert (first.report["trace"], first.report["segment"]) == (header["Root"], header["Parent"])
    began = time.monotonic()
    sampled = sum(fields(call(aws, name).payload)["Sampled"] == "1" for _ in range(200))
    seconds = time.monotonic() - began
    assert int(seconds) <= sampled <= seconds + 2 + 30, (sampled, seconds)  # 5 % of 200 are 10; 30 come once in millions of runs


def test_json_logs_tell_the_trace(aws, functions):
    name = functions(TELL, TracingConfig={"Mode": "Active"}, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"})
    answer = call(aws, name)
    for kind in ("platform.start", "platform.runtimeDone", "platform.report"):
        assert answer.record(kind)["tracing"] == {"type": "X-Amzn-Trace-Id", "value": answer.payload}


RECORDED = """
from aws_xray_sdk.core import xray_recorder, patch
patch(["httplib"])
import http.client

@xray_recorder.capture("inner")
def inner(number):
    xray_recorder.current_subsegment().put_annotation("number", number)
    return number * 2

def handler(event, context):
    with xray_recorder.in_subsegment("outer") as subsegment:
        subsegment.put_metadata("key", {"deep": [1]})
        result = inner(event["number"])
    connection = http.client.HTTPConnection("169.254.100.2")
    connection.request("GET", "/")
    connection.getresponse().read()
    return result
"""


def test_the_xray_sdk_runs_unmodified(daemon, aws, functions):
    found = importlib.util.find_spec("aws_xray_sdk")
    assert found, "tests/requirements.txt names aws-xray-sdk"
    root = Path(found.origin).parents[1]
    files = {str(path.relative_to(root)): path.read_bytes() for package in ("aws_xray_sdk", "wrapt") for path in (root / package).rglob("*")
             if path.suffix in (".py", ".json")}  # without wrapt's native part, for whatever interpreter runs it
    name = functions(make_zip({"index.py": RECORDED, **files}), TracingConfig={"Mode": "Active"}, Timeout=20)
    answer = call(aws, name, {"number": 21})
    assert answer.payload == 42, answer
    trace, segment = answer.report["trace"], answer.report["segment"]
    seen = wait_until(lambda: len(segments(daemon, trace)) >= 3 and segments(daemon, trace), 10, "no segments came")
    documents = {one["document"]["name"]: one["document"] for one in seen}
    outer = documents["outer"]
    assert (outer["type"], outer["parent_id"], outer["trace_id"]) == ("subsegment", segment, trace), outer
    assert outer["metadata"]["default"]["key"] == {"deep": [1]}
    inner = documents["inner"]
    assert (inner["parent_id"], inner["annotations"]) == (outer["id"], {"number": 21}), inner
    assert documents["169.254.100.2"]["namespace"] == "remote"
    assert all(one["function"].endswith(f":function:{name}") for one in seen)
    change(aws, name, TracingConfig={"Mode": "PassThrough"})
    assert call(aws, name, {"number": 1}).payload == 2, "what is not recorded runs as well"


SENDER = """
const dgram = require('node:dgram');
exports.handler = async (event) => {
  const [host, port] = process.env.AWS_XRAY_DAEMON_ADDRESS.split(':');
  const socket = dgram.createSocket('udp4');
  const send = (data) => new Promise((done, failed) => socket.send(data, port, host, (error) => (error ? failed(error) : done())));
  for (const datagram of event.datagrams) await send(Buffer.from(datagram));
  for (let i = 0; i < (event.flood || 0); i++) await send(Buffer.alloc(60000, 'x'));
  socket.close();
  return 'sent';
};
"""


@pytest.fixture
def sender(functions):
    return functions({"index.js": SENDER}, Runtime="nodejs20.x", Timeout=30)


def test_what_is_no_segment_is_refused(daemon, aws, sender):
    trace = "1-00000000-00000000000000000000beef"
    good = '{"format": "json", "version": 1}\n' + json.dumps({"name": "n", "id": "0" * 16, "trace_id": trace, "start_time": 1, "end_time": 2})
    before = json.loads(daemon.raw("GET", "/_mayfly/traces").body)["refused"]
    assert call(aws, sender, {"datagrams": ["", "{}", good[:-1], good.replace("end_time", "end"), "\n\n", good]}).payload == "sent"
    seen = wait_until(lambda: segments(daemon, trace), 10, "the good one came")
    assert [one["document"]["name"] for one in seen] == ["n"]
    assert json.loads(daemon.raw("GET", "/_mayfly/traces").body)["refused"] >= before + 4


def test_a_flood_of_datagrams_harms_nobody(daemon, aws, functions, sender):
    other = functions(TELL)
    call(aws, other)
    assert call(aws, sender, {"datagrams": [], "flood": 2000}).payload == "sent"
    assert float(call(aws, other).report["duration"]) < 5000


def test_other_accounts_see_nothing(daemon, aws, functions):
    found = daemon.raw("GET", "/_mayfly/traces", sign=("111122223333", "test"))
    assert json.loads(found.body)["segments"] == []
