"""If these fail, in strict mode a key of one account reads another's functions, a function acts outside of its environment, or a signature
is good for something else than what was signed."""

import http.server
import json
import os
import threading
import urllib.parse

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import CANARY
from daemon import wait_until
from packages import make_zip
from watched_daemon import Function, WatchedDaemon

OWN, OTHER = "111111111111", "222222222222"
FUNCTIONS = "/2015-03-31/functions"
TELL = """
import os
def handler(event, context):
    print("SECRET-LINE of", context.function_name)
    return [os.environ["AWS_" + name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
"""


@pytest.fixture(scope="module")
def daemon():
    """In strict mode, with a key for each of three accounts; `keys` has them by account, "operator" is the daemon's own root."""
    if os.geteuid() != 0:
        pytest.skip("the daemon needs root to make sandboxes")
    with WatchedDaemon(auth="strict") as running:
        file = running.data_dir / "access-keys.json"
        document = json.loads(file.read_text())
        root = document["keys"][0]
        running.keys = {"operator": Credentials(root["access_key_id"], root["secret_access_key"])}
        for account, user in ((OWN, ""), (OTHER, ""), ("333333333333", ""), ("000000000000", "ada")):
            key = {"access_key_id": "AKIA" + account + (user or "ROOT").upper(), "secret_access_key": "s" * 20 + account, "account_id": account, "user_name": user}
            document["keys"].append(key)
            running.keys[user or account] = Credentials(key["access_key_id"], key["secret_access_key"])
        running.stop()
        file.write_text(json.dumps(document))  # the same file: owner and mode stay
        yield running.start()


def client(daemon, account, service="lambda"):
    return daemon.client(service, key=daemon.keys[account].access_key, secret=daemon.keys[account].secret_key)


@pytest.fixture(scope="module")
def canary(daemon):
    return Function.create(client(daemon, "333333333333"), "canary", make_zip({"function.py": CANARY}))


@pytest.fixture(scope="module")
def theirs(daemon):
    """(ARN, credentials) of a function of the other account that has run."""
    function = Function.create(client(daemon, OTHER), "theirs", make_zip({"function.py": TELL}))
    session = function.call({})
    arn = f"arn:aws:lambda:us-east-1:{OTHER}:function:theirs"
    seen = page(daemon, "operator", "logs?function=" + arn)
    assert seen.status == 200, str(seen)
    wait_until(lambda: b"SECRET-LINE" in page(daemon, "operator", "logs?function=" + arn).body, 30, "the operator does not see the log")
    return arn, Credentials(*session)


def page(daemon, who, target, method="GET", service="lambda"):
    credentials = daemon.keys[who] if isinstance(who, str) else who
    target = urllib.parse.quote(target, safe="/?&=.-_")
    request = AWSRequest(method=method, url=daemon.url + "/_mayfly/" + target)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return daemon.send(method, "/_mayfly/" + target, headers=dict(request.headers.items()))


NAMES = ["{arn}", "{other}:theirs", "{other}:function:theirs", "{arn}:$LATEST", "theirs", "theirs&account={other}", "{arn}&account={other}", "{arn}&follow=1",
         "arn:aws:lambda:us-east-1:{other}:function:theirs:1"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", [OWN, "ada"])
def test_logs_of_another_account(daemon, theirs, who, name):
    """Any key reads any function's log, by one of its names; or the answer tells whether the function exists."""
    named = name.format(arn=theirs[0], other=OTHER)
    answer = page(daemon, who, "logs?function=" + named)
    assert answer.status == 404 and b"SECRET" not in answer.body, str(answer)
    missing = page(daemon, who, "logs?function=" + named.replace("theirs", "nothing"))
    assert missing.status == 404 and missing.body.replace(b"nothing", b"theirs") == answer.body, "the answer tells what exists"


def test_logs_of_the_own_account(daemon, theirs):
    """The walls keep an account from its own logs."""
    for name in (theirs[0], "theirs", f"{OTHER}:theirs"):
        assert b"SECRET-LINE" in page(daemon, OTHER, "logs?function=" + name).body, name
    assert b"SECRET-LINE" in page(daemon, "operator", f"logs?function=theirs&account={OTHER}").body


def test_metrics_and_status_of_others(daemon, theirs, canary):
    """Figures name the functions of other accounts, or count them."""
    Function.create(client(daemon, OWN), "mine", make_zip({"function.py": TELL})).call({})
    seen = page(daemon, OWN, "metrics").body.decode()
    assert 'function_name="mine"' in seen
    for foreign in (OTHER, "333333333333", "theirs", "canary", "mayfly_metrics_sets_refused"):
        assert foreign not in seen
    status = page(daemon, OWN, "status").json
    assert status["functions"] == 1 and status["auth"] == "strict"
    assert not [name for name in status if name.startswith(("environments", "invocations", "events"))], status
    everything = page(daemon, "operator", "metrics").body.decode()
    assert 'function_name="mine"' in everything and 'function_name="theirs"' in everything
    assert page(daemon, "operator", "status").json["functions"] >= 3
    assert "environments_live" not in page(daemon, "ada", "status").json, "a user of the operator's account is no operator"


def test_traces_of_others(daemon, theirs):
    """Segments of another account are shown to whoever names it."""
    assert page(daemon, OWN, "traces?account=" + OTHER).body == page(daemon, OWN, "traces").body


@pytest.mark.parametrize("target, method", [("status", "GET"), ("metrics", "GET"), ("traces", "GET"), ("logs?function=theirs", "GET"), ("outbox", "GET"), ("network", "GET"), ("clock", "GET"), ("clock", "POST"), ("reset", "POST"),
                                            ("nothing", "GET"), ("../_mayfly/status", "GET"), ("code/222222222222/" + "0" * 64, "GET")])
def test_pages_want_a_key(daemon, theirs, target, method):
    """A page answers to whoever has no key, or to the session of a function, which is no operator and counts only inside."""
    assert daemon.send(method, "/_mayfly/" + target).status in (403, 404)
    answer = page(daemon, theirs[1], target, method)
    assert answer.status in (403, 404) and b"SECRET" not in answer.body, str(answer)


def test_the_session_of_a_function_counts_only_inside(daemon, theirs):
    """Credentials that leave an environment act from anywhere."""
    outside = daemon.client("lambda", key=theirs[1].access_key, secret=theirs[1].secret_key, token=theirs[1].token)
    with pytest.raises(ClientError) as caught:
        outside.list_functions()
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
    with pytest.raises(ClientError):
        daemon.client("sts", key=theirs[1].access_key, secret=theirs[1].secret_key, token=theirs[1].token).get_caller_identity()


def test_downloads_belong_to_their_link(daemon, theirs):
    """A link to one package gives another one, or holds without its signature."""
    link = client(daemon, OTHER).get_function(FunctionName="theirs")["Code"]["Location"]
    target = link[len(daemon.url):]
    assert daemon.send("GET", target).status == 200
    path, _, query = target.partition("?")
    for changed in (path, f"{path}?{query}x", path.replace(OTHER, OWN) + "?" + query, path[:-1] + ("0" if path[-1] != "0" else "1") + "?" + query,
                    path.replace("/code/", "/code/../code/") + "?" + query):
        assert daemon.send("GET", changed).status in (403, 404), changed
    request = AWSRequest(method="GET", url=daemon.url + path)
    SigV4Auth(daemon.keys[OWN], "s3", "us-east-1").add_auth(request)
    assert daemon.send("GET", path, headers=dict(request.headers.items())).status == 403


# --- signatures ---

def signed(daemon, method, target, body=b"", headers=None, service="lambda", account=OWN, sent=None, more=None, url=None):
    """Signs one request and sends it, or `sent` in its place, with the unsigned fields `more`."""
    request = AWSRequest(method=method, url=daemon.url + (url or target), data=body, headers=headers or {})
    SigV4Auth(daemon.keys[account], service, "us-east-1").add_auth(request)
    return daemon.send(method, sent or target, body, {**dict(request.headers.items()), **(more or {})})


def test_the_scope_names_the_service(daemon):
    """A signature for one service is good for another."""
    for service in ("sqs", "sts", "ssm", "application-autoscaling", "execute-api", "s3", ""):
        answer = signed(daemon, "GET", FUNCTIONS, service=service)
        assert answer.status in (400, 403, 404) and b"Functions" not in answer.body, (service, str(answer))
    # Two scopes in one header: the one that is verified and the one that chooses the service.
    request = AWSRequest(method="GET", url=daemon.url + FUNCTIONS)
    SigV4Auth(daemon.keys[OWN], "sqs", "us-east-1").add_auth(request)
    scope = f"{daemon.keys[OWN].access_key}/20260131/us-east-1/lambda/aws4_request"
    for trick in (lambda text: text.replace("Credential=", f"XCredential={scope}, Credential="), lambda text: text.replace("AWS4-HMAC-SHA256 ", f"AWS4-HMAC-SHA256 a=Credential={scope}, ")):
        answer = daemon.send("GET", FUNCTIONS, headers={**dict(request.headers.items()), "Authorization": trick(request.headers["Authorization"])})
        assert answer.status in (400, 403), str(answer)
        assert answer.code in ("InvalidSignatureException", "IncompleteSignatureException"), str(answer)
    # An empty field beside a query that is signed for another service.
    request = AWSRequest(method="GET", url=daemon.url + FUNCTIONS)
    SigV4QueryAuth(daemon.keys[OWN], "sts", "us-east-1", expires=60).add_auth(request)
    answer = daemon.send("GET", request.url[len(daemon.url):], headers={"Authorization": ""})
    assert (answer.status, answer.code) == (403, "InvalidSignatureException"), str(answer)


@pytest.mark.parametrize("field, value", [("X-Amz-Invocation-Type", "Event"), ("x-amz-log-type", "Tail"), ("X-AMZ-CLIENT-CONTEXT", "e30="), ("X-Amz-Target", "AmazonSQS.ListQueues")])
def test_fields_that_act_are_signed(daemon, field, value):
    """Who passes a request on makes it asynchronous, or another operation."""
    answer = signed(daemon, "POST", f"{FUNCTIONS}/nothing/invocations", b"{}", more={field: value})
    assert (answer.status, answer.code) == (403, "InvalidSignatureException"), str(answer)
    assert answer.json["message"] == f"'{field}' must be a 'SignedHeader' in the AWS Authorization."
    assert signed(daemon, "POST", f"{FUNCTIONS}/nothing/invocations", b"{}", headers={field: value} if "Target" not in field else {}).status == 404
    request = AWSRequest(method="POST", url=f"{daemon.url}{FUNCTIONS}/nothing/invocations")
    SigV4QueryAuth(daemon.keys[OWN], "lambda", "us-east-1", expires=60).add_auth(request)
    answer = daemon.send("POST", request.url[len(daemon.url):], headers={field: value})
    assert (answer.status, answer.code) == (403, "InvalidSignatureException"), "presigned: " + str(answer)


@pytest.mark.parametrize("literal", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"])
@pytest.mark.parametrize("size", [2, 900_000])
def test_unsigned_bodies(daemon, literal, size):
    """A signature that leaves the body out passes for Lambda: whoever passes it on writes another body."""
    class Literal(SigV4Auth):
        def payload(self, request):
            return literal
    body = b'"' + b"x" * (size - 2) + b'"'
    request = AWSRequest(method="POST", url=f"{daemon.url}{FUNCTIONS}/nothing/invocations", data=body, headers={"X-Amz-Content-SHA256": literal})
    Literal(daemon.keys[OWN], "lambda", "us-east-1").add_auth(request)
    answer = daemon.send("POST", f"{FUNCTIONS}/nothing/invocations", body, dict(request.headers.items()))
    assert (answer.status, answer.code) == (403, "InvalidSignatureException"), str(answer)


def test_paths_are_normalised_before_they_are_signed(daemon):
    """A client that writes dot segments or double slashes is refused; or what runs is not what was signed."""
    for path in ("/./2015-03-31/functions", "/2015-03-31/./functions", "/2015-03-31/x/../functions", "//2015-03-31//functions", "/a/../2015-03-31/functions/.", "/../2015-03-31/functions",
                 "/2015-03-31/functions/x/.."):
        answer = signed(daemon, "GET", path)
        assert answer.status == 200 and "Functions" in answer.json, (path, str(answer))
        normal = FUNCTIONS
        assert signed(daemon, "GET", normal, sent=path).status == 200, path
        answer = signed(daemon, "GET", path, service="s3")
        assert answer.status != 200, "S3 takes paths as they are"
    answer = signed(daemon, "GET", f"{FUNCTIONS}/a/../theirs", sent=f"{FUNCTIONS}/a/../nothing")
    assert (answer.status, answer.code) == (403, "InvalidSignatureException")
    answer = signed(daemon, "GET", "/_mayfly/../2015-03-31/functions")
    assert answer.status in (200, 403, 404) and b"uptime" not in answer.body


RELAY = """
import http.client, os
def handler(event, context):
    if not event:
        return [os.environ["AWS_" + name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
    connection = http.client.HTTPConnection("169.254.100.2", 80, timeout=10)
    connection.request("GET", event["target"], headers=event["headers"])
    return connection.getresponse().status
"""


def test_a_function_has_the_same_rules(daemon):
    """From inside a signature is good for more than from outside."""
    function = Function.create(client(daemon, OWN), "inside", make_zip({"function.py": RELAY}), Timeout=30)
    own = Credentials(*function.call({}))

    def ask(target, service="lambda", more=None):
        request = AWSRequest(method="GET", url="http://169.254.100.2" + target)
        SigV4Auth(own, service, "us-east-1").add_auth(request)
        return function.call({"target": target, "headers": {**dict(request.headers.items()), **(more or {})}})
    assert ask(FUNCTIONS) == 200 and ask("/x/../2015-03-31/functions") == 200
    assert ask(FUNCTIONS, service="sqs") in (403, 404) and ask(FUNCTIONS, more={"X-Amz-Log-Type": "Tail"}) == 403
    assert ask("/_mayfly/status") == 404


def test_no_caller_sends_the_daemon_to_services_of_the_machine(daemon):
    """Who may subscribe a web server or name an API destination reaches what listens on the daemon's machine, or a cloud's metadata."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            came.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        events, sns = client(daemon, OWN, "events"), client(daemon, OWN, "sns")
        topic = sns.create_topic(Name="inward")["TopicArn"]
        for number, host in enumerate((f"127.0.0.1:{server.server_port}", f"localhost:{server.server_port}", f"127.1:{server.server_port}", "169.254.169.254")):
            sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{host}/hook")
            oauth = {"AuthorizationEndpoint": f"http://{host}/token", "ClientParameters": {"ClientID": "c", "ClientSecret": "s"}, "HttpMethod": "POST"}
            events.create_connection(Name=f"inward-{number}", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters={"OAuthParameters": oauth})
            shown = wait_until(lambda name=f"inward-{number}": (c := events.describe_connection(Name=name))["ConnectionState"] != "AUTHORIZING" and c, 30, host)
            assert "is not of the internet" in shown["StateReason"], shown
        assert came == []
    finally:
        server.shutdown()
        server.server_close()
