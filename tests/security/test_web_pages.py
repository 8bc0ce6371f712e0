"""If these fail, a page in somebody's browser reads, changes or runs what a daemon in open mode holds. The requests are those that browsers
send, byte for byte where that matters; test_browsers.py has a real one send them."""

import json
import socket
import urllib.parse

import pytest

from watched_daemon import Function
from packages import make_zip

ACCOUNT = "000000000000"
CHROME = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"}
IMAGE = {**CHROME, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Referer": "https://evil.example/"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PLAIN = {"Content-Type": "text/plain;charset=UTF-8"}
FUNCTIONS = "/2015-03-31/functions"


@pytest.fixture(scope="module")
def queue(daemon):
    """(client, URL) of a queue that pages would like to write to."""
    client = daemon.client("sqs")
    return client, client.create_queue(QueueName="doors")["QueueUrl"]


@pytest.fixture(scope="module")
def secretive(daemon):
    return Function.create(daemon.account(), "secretive", make_zip({"function.py": "def handler(event, context):\n    print('RAN', event)\n    return 1\n"}),
                           Environment={"Variables": {"PASSWORD": "hunter2"}})


def let_everybody(aws, name):
    for action, more in (("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}), ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True})):
        aws.add_permission(FunctionName=name, StatementId=action.replace(":", "-"), Action=action, Principal="*", **more)


def is_empty(queue):
    client, url = queue
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]["ApproximateNumberOfMessages"] == "0"


def refused(answer, status=403):
    assert answer.status == status, str(answer)
    assert b"--a" in answer.body, "no hint: " + str(answer)  # --auth or --allowed-host
    return answer


def send_message(**more):
    return "?" + urllib.parse.urlencode({"Action": "SendMessage", "MessageBody": "from a page", "Version": "2012-11-05", **more})


PRESIGNED = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": "111111111111/20260131/us-east-1/sqs/aws4_request", "X-Amz-Date": "20260131T120000Z",
             "X-Amz-SignedHeaders": "host", "X-Amz-Signature": "00"}


@pytest.mark.parametrize("headers", [IMAGE, CHROME, {}, {"User-Agent": "curl/8.0"}, {"Authorization": "Basic dGVzdDp0ZXN0"}, {**CHROME, "Sec-Fetch-Site": "none"}],
                         ids=["image", "old browser", "nobody", "curl", "name and password in the URL", "a link in a mail"])
@pytest.mark.parametrize("more", [{}, {"X-Amz-Credential": "111111111111/20260131/us-east-1/sqs/aws4_request"}], ids=["plain", "with credentials"])
def test_an_unsigned_get_with_an_action(daemon, queue, headers, more):
    """<img src="http://localhost:4566/ACCOUNT/QUEUE?Action=SendMessage…"> sends a message."""
    for path in (f"/{ACCOUNT}/doors", "/"):
        target = path + send_message(QueueUrl=queue[1], **more)
        refused(daemon.send("GET", target, headers=headers))
        refused(daemon.send("GET", target.replace("Action", "%41ction"), headers=headers))
    assert is_empty(queue)


def test_a_made_up_signature_in_a_url(daemon, queue):
    """A page writes any URL: one that looks presigned is taken for a program's."""
    target = f"/{ACCOUNT}/doors" + send_message(**PRESIGNED)
    for headers in (IMAGE, CHROME, {**CHROME, "Sec-Fetch-Site": "none"}):
        refused(daemon.send("GET", target, headers=headers))
        refused(daemon.send("POST", target, headers={**headers, **FORM}))
    assert is_empty(queue)


def test_credentials_in_an_unsigned_query_choose_no_account(daemon):
    """X-Amz-Credential without a signature picks whose functions are listed."""
    other = daemon.account("111111111111")
    Function.create(other, "theirs", make_zip({"function.py": "def handler(event, context):\n    return 1\n"}))
    credential = urllib.parse.quote("111111111111/20260131/us-east-1/lambda/aws4_request", safe="")
    for query in ("X-Amz-Credential=" + credential, f"X-Amz-Credential={credential}&X-Amz-Signature=00", "AWSAccessKeyId=111111111111"):
        listed = daemon.send("GET", f"{FUNCTIONS}?{query}")
        assert listed.status == 200 and b"theirs" not in listed.body, str(listed)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method, target, body, headers", [
    ("GET", FUNCTIONS, "", {}),
    ("GET", "/_mayfly/status", "", {}),
    ("GET", "/_mayfly/logs?function=secretive", "", {}),
    ("POST", "/_mayfly/reset", "", {}),
    ("POST", f"{FUNCTIONS}/secretive/invocations", "{}", PLAIN),
    ("POST", "/", "Action=SendMessage&QueueUrl=doors&MessageBody=x", FORM),
    ("POST", "/", "{}", {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}),
    ("POST", "/service/AWSSecurityTokenService/operation/GetCallerIdentity", "", {"smithy-protocol": "rpc-v2-cbor"}),
    ("DELETE", f"{FUNCTIONS}/secretive", "", {}),
])
def test_what_a_browser_calls_another_sites(daemon, secretive, queue, site, method, target, body, headers):
    """Sec-Fetch-Site is not looked at, by one of the protocols or by the daemon's own pages."""
    refused(daemon.send(method, target, body, {**headers, **CHROME, "Sec-Fetch-Site": site}))
    refused(daemon.send(method, target, body, {**headers, **CHROME, "Origin": "https://evil.example"}))
    refused(daemon.send(method, target, body, {**headers, **CHROME, "Origin": "null"}))
    assert secretive.call({}) == 1 and is_empty(queue)


@pytest.mark.parametrize("headers", [PLAIN, FORM, {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "text/ping"}, {"Content-Type": "application/csp-report"}, {}],
                         ids=["text", "form", "multipart", "ping", "report", "none"])
@pytest.mark.parametrize("target, body", [(f"{FUNCTIONS}/secretive/invocations", "{}"), (FUNCTIONS, '{"FunctionName": "page"}'), ("/_mayfly/reset", ""),
                                          ("/_mayfly/clock", '{"advance_seconds": 5}'), (f"/{ACCOUNT}/doors", "Action=SendMessage&MessageBody=x")])
def test_posts_that_browsers_send_without_asking(daemon, secretive, queue, target, body, headers):
    """A form, fetch with no-cors, a beacon, a ping or a report runs or changes something, in a browser that says nothing of their site."""
    before = daemon.clock()["advanced_seconds"]
    refused(daemon.send("POST", target, body, {**CHROME, **headers}))
    refused(daemon.send("POST", target, body, {**CHROME, **headers, "Authorization": "Basic dGVzdDp0ZXN0"}))
    assert daemon.clock()["advanced_seconds"] == before and is_empty(queue) and secretive.call({}) == 1


def test_programs_go_on(daemon, secretive, queue):
    """Whoever sends unsigned requests by curl, and every SDK, is refused."""
    for headers in ({"User-Agent": "curl/8.0", **FORM}, {"User-Agent": "python-requests/2"}, {}, FORM, {"User-Agent": "node", "sec-fetch-mode": "cors", **PLAIN}):
        answer = daemon.send("POST", f"{FUNCTIONS}/secretive/invocations", "{}", headers)
        assert (answer.status, answer.body) == (200, b"1"), str(answer)
    assert daemon.send("GET", FUNCTIONS, headers={**CHROME, "Sec-Fetch-Site": "none"}).status == 200, "an address that somebody wrote"
    assert daemon.send("GET", "/_mayfly/status", headers={**CHROME, "Sec-Fetch-Site": "same-origin"}).status == 200
    signed = daemon.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    assert daemon.send("GET", signed[len(daemon.url):], headers={"User-Agent": "curl/8.0"}).status == 200


def test_function_urls_are_for_pages(daemon, secretive):
    """A page cannot call a function URL that lets it, or calls one that does not under its own name."""
    aws = daemon.account()
    url = aws.create_function_url_config(FunctionName="secretive", AuthType="NONE", Cors={"AllowOrigins": ["https://shop.example"], "AllowMethods": ["*"]})["FunctionUrl"]
    let_everybody(aws, "secretive")
    host = urllib.parse.urlsplit(url).netloc
    page = {**CHROME, "Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    answer = daemon.send("POST", "/", "x", {**page, **PLAIN, "Host": host})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    asked = daemon.send("OPTIONS", "/", headers={**page, "Host": host, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"})
    assert asked.status == 200 and asked.headers["access-control-allow-origin"] == "https://shop.example"
    stranger = daemon.send("GET", "/", headers={**page, "Origin": "https://evil.example", "Host": host})
    assert "access-control-allow-origin" not in stranger.headers
    for name in (host.replace("localhost", "evil.example"), host.replace(".lambda-url", ".lambda-url.evil"), "evil." + host, host.replace("localhost", "localhost.evil.example")):
        answer = daemon.send("GET", "/", headers={"Host": name})
        # A name below localhost that is no URL's is the daemon's own, whose / lists buckets.
        assert answer.status in (403, 404) or b"<ListAllMyBucketsResult" in answer.body, name


def exchange(daemon, request):
    """The answer's first line and body, to bytes that no library would send."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=30) as connection:
        connection.sendall(request.encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


GOOD_HOSTS = ["localhost", "LocalHost:{port}", "localhost.", "localhost.:{port}", "127.0.0.1:{port}", "127.9.9.9", "[::1]:{port}", "0.0.0.0:{port}", "lambda.us-east-1.localhost:{port}",
              "lambda.us-east-1.amazonaws.com", "Lambda.EU-west-1.amazonaws.com.:443".lower(), "sqs.us-east-1.amazonaws.com"]
BAD_HOSTS = ["evil.example", "evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "lambda.us-east-1.evil.example", "sqs.us-east-1.amazonaws.com.evil.example",
             "x.lambda-url.us-east-1.evil.example", "127.1", "2130706433", "xlocalhost", "203.0.113.77", "localhost:80:80", "a@localhost"]


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_hosts_of_the_daemon(daemon, secretive, host):
    host = host.format(port=daemon.port)
    for lines in (f"GET {FUNCTIONS} HTTP/1.1\r\nHost: {host}\r\n", f"GET http://{host}{FUNCTIONS} HTTP/1.1\r\nHost: evil.example\r\n"):
        status, body = exchange(daemon, lines + "Connection: close\r\n\r\n")
        assert status in (200, 404) and b"--allowed-host" not in body, (status, body)


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_dns_rebinding(daemon, secretive, host):
    """A page whose name its owner lets point to this machine reads environment variables and logs."""
    host = host.format(port=daemon.port)
    for target in (FUNCTIONS, f"{FUNCTIONS}/secretive", "/_mayfly/logs?function=secretive", "/_mayfly/status", "/_mayfly/metrics", "/_mayfly/health", "/", "/?Action=ListQueues"):
        for lines in (f"GET {target} HTTP/1.1\r\nHost: {host}\r\n", f"GET http://{host}{target} HTTP/1.1\r\nHost: localhost\r\n"):
            status, body = exchange(daemon, lines + "Connection: close\r\n\r\n")
            assert 400 <= status < 500 and b"hunter2" not in body, (target, status, body)
            assert b"--allowed-host" in body or status == 400, (target, body)


def test_no_host_at_all(daemon, secretive):
    for lines in (f"GET {FUNCTIONS} HTTP/1.0\r\n", f"GET {FUNCTIONS} HTTP/1.1\r\n", f"GET {FUNCTIONS} HTTP/1.1\r\nHost:\r\n",
                  f"GET {FUNCTIONS} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"):
        status, body = exchange(daemon, lines + "Connection: close\r\n\r\n")
        assert 400 <= status < 500 and b"hunter2" not in body, (lines, status, body)


def test_a_refusal_is_readable_in_every_protocol(daemon):
    """A client that is refused cannot say why."""
    evil = {"Host": "evil.example", "User-Agent": "test"}
    assert "--allowed-host" in daemon.send("GET", FUNCTIONS, headers=evil).json["message"]
    answer = daemon.send("POST", "/", "{}", {**evil, "X-Amz-Target": "AmazonSQS.ListQueues"})
    assert answer.headers["content-type"] == "application/x-amz-json-1.0" and "AccessDenied" in answer.json["__type"]
    answer = daemon.send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", {**evil, **FORM})
    assert answer.headers["content-type"] == "text/xml" and b"--allowed-host" in answer.body
    assert "--allowed-host" in daemon.send("GET", "/_mayfly/status", headers=evil).json["message"]


def test_the_option_for_further_hosts():
    """A daemon behind a name of its own cannot be reached, or by any other name as well."""
    from daemon import Daemon
    with Daemon("--allowed-host", "devbox.lan", "--allowed-host", "*.team.example", "--url-domain", "fn.example.com") as daemon:
        for host, status in (("devbox.lan", 200), ("Devbox.LAN.:4566", 200), ("a.team.example", 200), ("fn.example.com", 200), ("x.fn.example.com", 200),
                             ("team.example", 403), ("x.devbox.lan", 403), ("evil.example", 403)):
            assert daemon.send("GET", FUNCTIONS, headers={"Host": host}).status == status, host


def test_heads_and_urls_that_are_too_large(daemon):
    """What is too large is told in a form that the caller's client does not read."""
    long = "x" * 70_000
    for target, headers in ((f"{FUNCTIONS}?Marker={long}", {}), (FUNCTIONS, {"x-amz-client-context": long}), (FUNCTIONS, {f"x-{i}": "y" for i in range(300)})):
        answer = daemon.send("GET", target, headers=headers)
        assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException"), str(answer)
        assert answer.json["message"].startswith("Request line and header must be smaller than 65536 bytes") and answer.headers["x-amzn-requestid"]
    answer = daemon.send("POST", "/", "{}", {"X-Amz-Target": "AmazonSQS.ListQueues", "x-big": long})
    assert answer.status == 413 and answer.json["__type"].endswith("#RequestEntityTooLargeException"), str(answer)
    answer = daemon.send("POST", "/", "", {"Host": "sts.us-east-1.amazonaws.com", **FORM, "x-big": long})
    assert answer.status == 413 and b"<Code>RequestEntityTooLarge" in answer.body, str(answer)
    answer = daemon.send("GET", "/", headers={"Host": "abc.lambda-url.us-east-1.localhost", "x-big": long})
    assert answer.status == 431 and "Message" in answer.json, str(answer)


def test_answers_of_function_urls_are_bounded(daemon):
    """A function makes a client take a head of megabytes, or of ten thousand fields."""
    aws = daemon.account()
    code = "def handler(event, context):\n    import json\n    n, size = json.loads(event['body'])\n    return {'statusCode': 200, 'headers': {'x%d' % i: 'v' * size for i in range(n)}}\n"
    Function.create(aws, "heads", make_zip({"function.py": code}))
    url = aws.create_function_url_config(FunctionName="heads", AuthType="NONE")["FunctionUrl"]
    let_everybody(aws, "heads")
    host = urllib.parse.urlsplit(url).netloc
    for n, size, status in ((90, 100, 200), (1, 60_000, 200), (1, 3 << 20, 502), (10_000, 1, 502), (201, 1, 502)):
        answer = daemon.send("POST", "/", json.dumps([n, size]), {"Host": host, "Content-Type": "application/json"})
        assert answer.status == status, (n, size, str(answer)[:300])
