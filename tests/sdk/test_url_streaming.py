"""If these fail, function URLs with InvokeMode RESPONSE_STREAM answer late, wrongly, or as if nothing had happened when a function breaks off."""
import hashlib
import http.client
import json
import socket

import pytest

from daemon import ACCOUNT, REGION
from packages import ECHO, make_zip
from test_response_streaming import NODE, blocks_sha256, do
from test_urls import Address, let_everybody

JSON = {"Content-Type": "application/json"}


class Stream:
    """One request to a URL, whose answer is read as the test likes."""

    def __init__(self, address, event, method="POST"):
        self.connection = http.client.HTTPConnection(address.daemon.hostname, address.daemon.port, timeout=60)
        self.connection.request(method, "/", json.dumps(event), {"Host": address.host, **JSON})
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def header(self, name):
        return self.response.headers[name]

    def piece(self):
        return self.response.read1(1 << 20)

    def rest(self):
        data = self.response.read()
        self.connection.close()
        return data


@pytest.fixture
def stream_url(daemon, aws, functions):
    def make(mode="RESPONSE_STREAM", code=None, **settings):
        package = code or make_zip({"index.mjs": NODE})
        settings = settings if code else {"Runtime": "nodejs20.x", "Timeout": 60, **settings}
        name = functions(package, **settings)
        let_everybody(aws, name)
        address = Address(daemon, aws.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode=mode)["FunctionUrl"])
        address.name = name
        return address
    return make


def tag(aws, address, name):
    aws.tag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{address.name}", Tags={name: "yes"})


def test_bytes_come_before_the_function_ends(aws, stream_url):
    address = stream_url()
    prelude = {"statusCode": 202, "headers": {"Content-Type": "text/html", "X-Own": "mine", "Content-Length": "5"}, "cookies": ["a=1", "b=2"]}
    stream = Stream(address, {"prelude": prelude, **do(("write", "<p>first"), ("go", "one"), ("write", "second"))})
    assert stream.status == 202 and stream.header("content-type") == "text/html" and stream.header("x-own") == "mine"
    assert stream.response.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert stream.header("x-amzn-remapped-content-length") == "5" and stream.header("content-length") is None
    assert stream.header("transfer-encoding") == "chunked" and stream.header("x-amzn-requestid")
    assert stream.piece() == b"<p>first"
    tag(aws, address, "one")
    assert stream.rest() == b"second"


def test_without_a_prelude_it_is_bytes(stream_url):
    address = stream_url()
    stream = Stream(address, do(("write", '{"statusCode": 404}')))
    assert (stream.status, stream.header("content-type"), stream.rest()) == (200, "application/octet-stream", b'{"statusCode": 404}')
    stream = Stream(address, do(("type", "text/event-stream"), ("write", "data: 1\n\n")))
    assert (stream.status, stream.header("content-type"), stream.rest()) == (200, "text/event-stream", b"data: 1\n\n")
    stream = Stream(address, do())
    assert (stream.status, stream.rest()) == (200, b"")


@pytest.mark.parametrize("prelude, status", [({"statusCode": 204}, 204), ({"statusCode": 304}, 304), ({"statusCode": 201}, 201)])
def test_a_head_without_a_body(stream_url, prelude, status):
    stream = Stream(stream_url(), {"prelude": prelude, **do()})
    assert (stream.status, stream.rest()) == (status, b"")


def test_errors_before_the_first_byte_are_502(stream_url):
    address = stream_url(Timeout=3)
    for event in (do(("throw", "early")), do(("exit", 3)), do(("hang",)), {"prelude": {"statusCode": "no"}, **do(("write", "x"))},
                  {"prelude": {"statusCode": 200, "headers": {"a\r\nb": "c"}}, **do(("write", "x"))},
                  {"prelude": {"headers": {"x": "y" * 70_000}}, **do(("write", "x"))}):
        stream = Stream(address, event)
        assert stream.status == 502 and b"Internal Server Error" in stream.rest(), event
    assert Stream(address, do(("write", "well again"))).rest() == b"well again"


def test_what_came_before_an_error_arrives(stream_url):
    """A client that is slow gets all that the function wrote, and then sees that the rest is missing."""
    stream = Stream(stream_url(), do(("blocks", 40), ("throw", "late")))
    with pytest.raises(http.client.IncompleteRead) as broken:
        stream.rest()
    assert hashlib.sha256(broken.value.partial).hexdigest() == blocks_sha256(40)


@pytest.mark.parametrize("failure", [("throw", "late"), ("exit", 3), ("hang",)])
def test_errors_in_the_midst_cut_the_connection(aws, stream_url, failure):
    address = stream_url(Timeout=3)
    stream = Stream(address, do(("write", "begun"), ("go", "read"), failure))
    assert stream.status == 200 and stream.piece() == b"begun"
    tag(aws, address, "read")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        stream.rest()


def test_fifty_megabytes_arrive_as_they_were_sent(stream_url):
    data = Stream(stream_url(), do(("blocks", 800))).rest()
    assert len(data) == 800 * 65536 and hashlib.sha256(data).hexdigest() == blocks_sha256(800)


def test_a_client_that_leaves_stops_nothing(aws, stream_url):
    address = stream_url()
    stream = Stream(address, do(("write", "first"), ("go", "left"), ("blocks", 100)))
    assert stream.piece() == b"first"
    stream.connection.sock.shutdown(socket.SHUT_RDWR)
    stream.connection.close()
    tag(aws, address, "left")
    assert Stream(address, do(("write", "next"))).rest() == b"next"


def test_functions_that_do_not_stream(stream_url):
    stream = Stream(stream_url(code="def handler(event, context): return {'statusCode': 418, 'body': 'tea'}"), {})
    assert (stream.status, json.loads(stream.rest())) == (200, {"statusCode": 418, "body": "tea"})
    assert Stream(stream_url(code="def handler(event, context): raise ValueError()"), {}).status == 502


def test_the_mode_can_be_switched(aws, stream_url):
    address = stream_url(mode="BUFFERED")
    event = {"prelude": {"statusCode": 201, "headers": {"x-a": "b"}}, **do(("write", "one "), ("write", "two"))}
    for mode in ("BUFFERED", "RESPONSE_STREAM", "BUFFERED"):
        aws.update_function_url_config(FunctionName=address.name, InvokeMode=mode)
        stream = Stream(address, event)
        assert (stream.status, stream.header("x-a")) == (201, "b")
        assert stream.header("transfer-encoding") == (None if mode == "BUFFERED" else "chunked")
        assert stream.rest() == b"one two"
    # What is no JSON is its own body; JSON says what it says in any buffered answer.
    stream = Stream(address, do(("type", "text/plain"), ("write", "no JSON")))
    assert (stream.status, stream.header("content-type"), stream.rest()) == (200, "text/plain", b"no JSON")
    stream = Stream(address, do(("write", '{"statusCode": 418, "body": "tea"}')))
    assert (stream.status, stream.rest()) == (418, b"tea")
    assert Stream(address, do(("write", "x"), ("throw", "late"))).status == 502


def test_cors_and_head_requests(aws, stream_url):
    address = stream_url()
    aws.update_function_url_config(FunctionName=address.name, Cors={"AllowOrigins": ["https://a.example"]})
    answer = address("POST", "/", json.dumps(do(("write", "x"))), {"Origin": "https://a.example", **JSON})
    assert answer.status == 200 and answer.body == b"x" and answer.header("access-control-allow-origin") == "https://a.example"
    answer = address("HEAD", "/", json.dumps({"prelude": {"statusCode": 203}, **do(("write", "x"))}), JSON)
    assert answer.status == 203 and answer.body == b""
    assert address("POST", "/", json.dumps(do(("write", "y"))), JSON).body == b"y"


def test_signed_urls_stream(daemon, aws, functions):
    name = functions(make_zip({"index.mjs": NODE}), Runtime="nodejs20.x")
    address = Address(daemon, aws.create_function_url_config(FunctionName=name, AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM")["FunctionUrl"])
    assert address("POST", "/", "{}").status == 403
    answer = address.signed("POST", "/", json.dumps(do(("write", "x"))).encode(), headers=JSON)
    assert (answer.status, answer.body) == (200, b"x")


def test_an_echo_keeps_its_type(stream_url):
    assert Stream(stream_url(code=ECHO), {}).header("content-type") == "application/json"
