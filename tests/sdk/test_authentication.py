"""If these fail, strict mode lets unsigned or changed requests in, or refuses what real clients sign."""
import datetime
import json
import os
import subprocess

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import ROLE
from daemon import BIN, Daemon
from packages import ECHO, make_zip

FUNCTIONS = "/2015-03-31/functions"


@pytest.fixture(scope="module")
def strict():
    with Daemon(auth="strict") as daemon:
        file = daemon.data_dir / "access-keys.json"
        assert file.stat().st_mode & 0o777 == 0o600
        key = json.loads(file.read_text())["keys"][0]
        daemon.root = (key["access_key_id"], key["secret_access_key"])
        yield daemon


def signed(daemon, method, target, body=b"", headers=None, key=None, at=None, cls=SigV4Auth, **options):
    request = AWSRequest(method=method, url=daemon.url + target, data=body, headers=headers or {})
    signer = cls(Credentials(*(key or daemon.root)), "lambda", "us-east-1", **options)
    if at:
        request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        request.headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders=host;x-amz-date, "
                                            f"Signature={signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)}")
    else:
        signer.add_auth(request)
    return request


def test_boto3_with_the_root_key_does_everything(strict, name):
    aws = strict.client("lambda", *strict.root)
    aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip({"index.py": ECHO, "pad": os.urandom(700_000)})})
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    assert json.loads(aws.invoke(FunctionName=name, Payload=b"[1]")["Payload"].read()) == [1]
    assert json.loads(aws.invoke(FunctionName=name, Payload=json.dumps("x" * 1_000_000).encode())["Payload"].read()) == "x" * 1_000_000
    aws.get_function(FunctionName=f"arn:aws:lambda:us-east-1:000000000000:function:{name}")
    aws.delete_function(FunctionName=name)


def test_no_credentials(strict):
    answer = strict.raw("GET", FUNCTIONS, sign=None)
    assert (answer.status, answer.code, answer.json["message"]) == (403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_unknown_key(strict):
    with pytest.raises(ClientError) as caught:
        strict.client("lambda", "AKIAUNKNOWN", "x").list_functions()
    error = caught.value.response
    assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]) == (403, "UnrecognizedClientException")
    assert error["Error"]["Message"] == "The security token included in the request is invalid."


def test_wrong_secret(strict):
    with pytest.raises(ClientError) as caught:
        strict.client("lambda", strict.root[0], "wrong").list_functions()
    error = caught.value.response
    assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]) == (403, "InvalidSignatureException")
    assert error["Error"]["Message"].startswith("The request signature we calculated does not match the signature you provided. Check your AWS "
                                                "Secret Access Key and signing method. Consult the service documentation for details.")


def test_a_changed_body_path_or_query(strict):
    request = signed(strict, "POST", f"{FUNCTIONS}/f/invocations?Qualifier=1", b'{"a": 1}')
    headers = dict(request.headers.items())
    assert strict.send("POST", f"{FUNCTIONS}/f/invocations?Qualifier=1", b'{"a": 1}', headers).status == 404
    for target, body in ((f"{FUNCTIONS}/f/invocations?Qualifier=1", b'{"a": 2}'), (f"{FUNCTIONS}/g/invocations?Qualifier=1", b'{"a": 1}'),
                         (f"{FUNCTIONS}/f/invocations?Qualifier=2", b'{"a": 1}')):
        answer = strict.send("POST", target, body, headers)
        assert (answer.status, answer.code) == (403, "InvalidSignatureException"), answer


@pytest.mark.parametrize("minutes, text", [(-6, "Signature expired: "), (6, "Signature not yet current: ")])
def test_clocks_that_are_off(strict, minutes, text):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    request = signed(strict, "GET", FUNCTIONS, at=at)
    answer = strict.send("GET", FUNCTIONS, headers=dict(request.headers.items()))
    assert (answer.status, answer.code) == (403, "InvalidSignatureException") and answer.json["message"].startswith(text), answer
    near = signed(strict, "GET", FUNCTIONS, at=at - datetime.timedelta(minutes=minutes / 2))
    assert strict.send("GET", FUNCTIONS, headers=dict(near.headers.items())).status == 200


def test_presigned_urls(strict):
    request = signed(strict, "GET", f"{FUNCTIONS}?MaxItems=5", cls=SigV4QueryAuth, expires=60)
    target = request.url[len(strict.url):]
    assert strict.send("GET", target).status == 200
    assert strict.send("GET", target.replace("MaxItems=5", "MaxItems=6")).code == "InvalidSignatureException"


@pytest.mark.parametrize("authorization", ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x", "AWS4-HMAC-SHA256 nothing", "AWS4-X Credential=a/b/c/d/aws4_request"])
def test_authorization_that_cannot_be_read(strict, authorization):
    answer = strict.send("GET", FUNCTIONS, headers={"Authorization": authorization})
    assert (answer.status, answer.code) == (400, "IncompleteSignatureException"), answer


def test_health_needs_no_key_and_reset_is_refused(strict):
    health = strict.send("GET", "/_mayfly/health")
    assert health.status == 200 and health.json["status"] == "ok"
    assert strict.send("POST", "/_mayfly/reset").status == 403


def test_open_mode_only_on_loopback(tmp_path):
    done = subprocess.run([BIN / "mayfly", "serve", "--listen", "0.0.0.0:0", "--data-dir", str(tmp_path / "data"), "--auth", "open"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "loopback" in done.stderr


def test_open_mode_refuses_web_pages(daemon):
    assert daemon.raw("GET", FUNCTIONS, headers={"Origin": "https://evil.example"}).status == 403


def test_keys_and_functions_outlive_a_restart():
    with Daemon(auth="strict") as first:
        file = first.data_dir / "access-keys.json"
        key = json.loads(file.read_text())["keys"][0]
        root = (key["access_key_id"], key["secret_access_key"])
        first.client("lambda", *root).create_function(FunctionName="kept", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})
        first.stop()
        with Daemon(auth="strict", data_dir=first.data_dir) as second:
            aws = second.client("lambda", *root)
            aws.get_waiter("function_active_v2").wait(FunctionName="kept", WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
            assert json.loads(aws.invoke(FunctionName="kept", Payload=b"[1]")["Payload"].read()) == [1]
