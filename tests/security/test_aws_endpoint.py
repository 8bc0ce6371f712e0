"""If these fail, a function acts as somebody else, or reaches the daemon's own pages, through the AWS endpoint inside its sandbox."""
import json
import os

import pytest

from conftest import ATTACKER_ACCOUNT, VICTIM_ACCOUNT
from packages import make_zip
from watched_daemon import Function


def ask(method="GET", target="/2015-03-31/functions/", credentials=None, signed=True, headers=None, body=""):
    """One request to the endpoint, signed with `credentials` or with the environment's own. Runs inside the sandbox."""
    import datetime, hashlib, hmac, http.client, os
    key, secret, token = credentials or [os.environ["AWS_" + name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
    now = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
    fields = {"host": "169.254.100.2", "x-amz-date": now}
    if token:
        fields["x-amz-security-token"] = token
    path, _, query = target.partition("?")
    names = ";".join(sorted(fields))
    digest = lambda text: hashlib.sha256(text.encode()).hexdigest()
    canonical = "\n".join([method, path, query, *(name + ":" + fields[name] for name in sorted(fields)), "", names, digest(body)])
    scope = now[:8] + "/us-east-1/lambda/aws4_request"
    mac = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        mac = hmac.new(mac, part.encode(), "sha256").digest()
    signature = hmac.new(mac, "\n".join(["AWS4-HMAC-SHA256", now, scope, digest(canonical)]).encode(), "sha256").hexdigest()
    if signed:
        fields["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (key, scope, names, signature)
    fields.update(headers or {})
    connection = http.client.HTTPConnection("169.254.100.2", timeout=20)
    connection.request(method, target, body=body or None, headers=fields)
    answer = connection.getresponse()
    return [answer.status, answer.read().decode()[:100000], [key, secret, token]]


def test_the_instrument_works(attacker):
    """Control: the environment's own credentials pass."""
    status, body, (key, _, _) = attacker.run(ask)
    assert status == 200 and key.startswith("ASIA"), body
    arns = [function["FunctionArn"] for function in json.loads(body)["Functions"]]
    assert arns and all(f":{ATTACKER_ACCOUNT}:" in arn for arn in arns)


@pytest.mark.parametrize("credentials", [["test", "test", None], [VICTIM_ACCOUNT, "test", None], [VICTIM_ACCOUNT, VICTIM_ACCOUNT, "token"],
                                         ["", "", None], ["ASIA" + "A" * 16, "x", "AAAA"], ["MAYFLYDOWNLOADLINKS0", "x", None]])
def test_made_up_credentials(attacker, credentials):
    status, body, _ = attacker.run(ask, credentials=credentials)
    assert status in (400, 403), body


def test_unsigned_requests(attacker):
    assert attacker.run(ask, signed=False)[0] == 403


def test_a_token_with_another_account(attacker):
    """The account stands in the token, but under its MAC."""
    import base64
    _, _, (key, secret, token) = attacker.run(ask)
    forged = base64.b64decode(token).replace(ATTACKER_ACCOUNT.encode(), VICTIM_ACCOUNT.encode())
    status, body, _ = attacker.run(ask, credentials=[key, secret, base64.b64encode(forged).decode()])
    assert status == 403, body


@pytest.mark.parametrize("method, rest", [("GET", ""), ("POST", "/invocations"), ("DELETE", ""), ("GET", "/configuration"), ("GET", "/versions")])
def test_functions_of_another_account(attacker, victim, method, rest):
    for named in (f"arn:aws:lambda:us-east-1:{VICTIM_ACCOUNT}:function:victim", f"{VICTIM_ACCOUNT}:function:victim"):
        status, body, _ = attacker.run(ask, method=method, target=f"/2015-03-31/functions/{named}{rest}")
        assert status in (403, 404), (named, body)


@pytest.mark.parametrize("page", ["health", "status", "logs?function=x", "reset", "code/000000000000/" + "0" * 64])
@pytest.mark.parametrize("prefix", ["/_mayfly/", "//_mayfly/", "/./_mayfly/", "/%5Fmayfly/", "http://127.0.0.1:4566/_mayfly/"])
def test_pages_of_the_daemon(attacker, page, prefix):
    for method in ("GET", "POST"):
        for signed in (True, False):
            status, body, _ = attacker.run(ask, method=method, target=prefix + page, signed=signed)
            assert status in (400, 403, 404), (prefix, method, signed, status, body)
            assert "uptime" not in body and '"service":"mayfly"' not in body


def test_what_is_too_large_is_told_in_the_services_words(attacker):
    """A function is told of a body or a head that is too large in a form that its SDK does not read, or the daemon takes it."""
    def attempt(head):
        import socket
        with socket.create_connection(("169.254.100.2", 80), timeout=20) as connection:
            connection.sendall(head.encode())
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
        return answer.decode()
    post = "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\n"
    for head, words in ((post + "Content-Length: 100000000\r\n\r\n", "Request must be smaller than 70167211 bytes for the CreateFunction operation"),
                        (post + "x-big: " + "x" * 70000 + "\r\n\r\n", "Request line and header must be smaller than 65536 bytes"),
                        ("GET /2015-03-31/functions?Marker=" + "x" * 70000 + " HTTP/1.1\r\nHost: x\r\n\r\n", "Request line and header must be smaller than 65536 bytes")):
        answer = attacker.run(attempt, head=head)
        assert answer.startswith("HTTP/1.1 413 ") and "x-amzn-ErrorType: RequestEntityTooLargeException" in answer and words in answer, answer


def test_bodies_that_never_come(attacker, daemon):
    """A function that begins many large requests must not keep others from uploading."""
    def attempt():
        import socket
        kept = []
        for _ in range(40):
            connection = socket.create_connection(("169.254.100.2", 80), timeout=5)
            connection.sendall(b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 1000)
            kept.append(connection)
        globals()["kept"] = kept
        return len(kept)
    assert attacker.run(attempt) == 40
    package = make_zip({"function.py": "def handler(event, context):\n    return 1\n", "big": os.urandom(2_000_000)})
    function = Function.create(daemon.account("333333333333"), "upload", package)
    assert function.call() == 1
    function.delete()
