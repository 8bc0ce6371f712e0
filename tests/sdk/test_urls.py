"""If these fail, functions cannot be reached by their URLs, or can be by whom they should not."""
import base64
import http.client
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import Functions
from daemon import ACCOUNT, REGION, Daemon
from packages import ECHO
from test_errors import refused
from test_lifecycle import arn

FORBIDDEN = "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
NO_FUNCTION = "Function does not exist"
NO_URL = "The resource you requested does not exist."
TELL_URL = """
def handler(event, context):
    return {"event": event, "arn": context.invoked_function_arn, "version": context.function_version, "id": context.aws_request_id}
"""
# Answers with what the request's body says.
OBEY = """
import base64, json
def handler(event, context):
    body = event["body"]
    return json.loads(base64.b64decode(body) if event["isBase64Encoded"] else body)
"""


def let_everybody(aws, name, **qualifier):
    """What AWS's console adds by itself for a new URL without authorization: both are needed."""
    statements = [{"StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
                  {"StatementId": "invoke", "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}]
    for statement in statements:
        aws.add_permission(FunctionName=name, Principal="*", **statement, **qualifier)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.fields = [(name.lower(), value) for name, value in response.getheaders()]
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def all(self, name):
        return [value for field, value in self.fields if field == name]

    def header(self, name):
        values = self.all(name)
        assert len(values) <= 1, self.fields
        return values[0] if values else None


class Address:
    """A function URL, as a client without DNS sees it: the daemon's address, with the URL's Host."""

    def __init__(self, daemon, url):
        parts = urlsplit(url)
        self.url, self.host, self.id = url, parts.netloc, parts.hostname.split(".")[0]
        self.daemon = urlsplit(daemon.url)

    def __call__(self, method="GET", target="/", body=None, headers=None):
        connection = http.client.HTTPConnection(self.daemon.hostname, self.daemon.port, timeout=60)
        try:
            connection.request(method, target, body=body, headers={"Host": self.host, **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def signed(self, method="GET", target="/", body=b"", key="test", secret="test", service="lambda", region=REGION, headers=None):
        request = AWSRequest(method=method, url=self.url.rstrip("/") + target, data=body, headers=headers or {})
        SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
        return self(method, target, body, dict(request.headers.items()))


@pytest.fixture
def urls(daemon, aws, functions):
    """Makes a function with a URL that everybody may use."""
    def make(code=TELL_URL, settings=None, **config):
        name = functions(code, **(settings or {}))
        let_everybody(aws, name)
        made = aws.create_function_url_config(FunctionName=name, **{"AuthType": "NONE", **config})
        address = Address(daemon, made["FunctionUrl"])
        address.name = name
        return address
    return make


# --- configuration ----------------------------------------------------------------------------------------------------------

def without(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_life_of_a_configuration(daemon, aws, functions):
    name = functions()
    created = aws.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    port = urlsplit(daemon.url).port
    assert re.fullmatch(rf"http://[a-z0-9]{{32}}\.lambda-url\.{REGION}\.localhost:{port}/", created["FunctionUrl"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created["CreationTime"])
    assert without(created) == {"FunctionUrl": created["FunctionUrl"], "FunctionArn": arn(name), "AuthType": "NONE", "InvokeMode": "BUFFERED",
                                "CreationTime": created["CreationTime"]}
    got = without(aws.get_function_url_config(FunctionName=name))
    assert got == {**without(created), "LastModifiedTime": created["CreationTime"]}
    refused(lambda: aws.create_function_url_config(FunctionName=name, AuthType="NONE"), 409, "ResourceConflictException",
            f"Failed to create function url config for [functionArn = {arn(name)}]. Error message:  FunctionUrlConfig exists for this Lambda function")
    time.sleep(0.002)  # a time that can be told from the first
    updated = without(aws.update_function_url_config(FunctionName=name, AuthType="AWS_IAM"))
    assert updated == {**got, "AuthType": "AWS_IAM", "LastModifiedTime": updated["LastModifiedTime"]}
    assert updated["LastModifiedTime"] > got["LastModifiedTime"]
    assert without(aws.get_function_url_config(FunctionName=name)) == updated
    deleted = aws.delete_function_url_config(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused(lambda: aws.get_function_url_config(FunctionName=name), 404, "ResourceNotFoundException", NO_URL)
    again = aws.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert again["FunctionUrl"] != created["FunctionUrl"]


def test_the_invoke_mode_stays_until_it_is_changed(aws, functions):
    name = functions()
    assert aws.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="BUFFERED")["InvokeMode"] == "BUFFERED"
    assert aws.update_function_url_config(FunctionName=name, InvokeMode="RESPONSE_STREAM")["InvokeMode"] == "RESPONSE_STREAM"
    assert aws.update_function_url_config(FunctionName=name)["InvokeMode"] == "RESPONSE_STREAM"
    assert aws.get_function_url_config(FunctionName=name)["InvokeMode"] == "RESPONSE_STREAM"


def test_cors_settings_are_kept_as_given(aws, functions):
    name = functions()
    cors = {"AllowCredentials": True, "AllowHeaders": ["x-a"], "AllowMethods": ["GET", "*"], "AllowOrigins": ["https://a.example", "http://*"],
            "ExposeHeaders": ["x-b"], "MaxAge": 5}
    assert aws.create_function_url_config(FunctionName=name, AuthType="NONE", Cors=cors)["Cors"] == cors
    assert aws.get_function_url_config(FunctionName=name)["Cors"] == cors
    assert aws.update_function_url_config(FunctionName=name, AuthType="NONE")["Cors"] == cors
    assert aws.update_function_url_config(FunctionName=name, Cors={"MaxAge": 0})["Cors"] == {"MaxAge": 0}
    assert "Cors" not in aws.update_function_url_config(FunctionName=name, Cors={})  # Terraform's way to take them away
    assert "Cors" not in aws.get_function_url_config(FunctionName=name)


@pytest.mark.parametrize("cors, code, message", [
    ({"AllowOrigins": ["https://*.vercel.app"]}, "InvalidParameterValueException",
     "https://*.vercel.app isn't a valid origin. An origin must be in a valid URL format. For example: https://www.example.com, https://*, "
     "or the wildcard character (*)."),
    ({"AllowOrigins": ["example.com"]}, "InvalidParameterValueException",
     "example.com isn't a valid origin. An origin must be in a valid URL format. For example: https://www.example.com, https://*, "
     "or the wildcard character (*)."),
    ({"AllowMethods": ["FETCH"]}, "InvalidParameterValueException",
     "FETCH is not a valid enum value. Supported values: [GET, PUT, HEAD, POST, PATCH, DELETE, *]"),
    ({"AllowMethods": ["OPTIONS"]}, "ValidationException", None),
    ({"MaxAge": 86401}, "ValidationException",
     "1 validation error detected: Value '86401' at 'cors.maxAge' failed to satisfy constraint: Member must have value less than or equal to 86400"),
])
def test_wrong_cors_settings(aws, functions, cors, code, message):
    name = functions(wait=False)
    for call in (lambda: aws.create_function_url_config(FunctionName=name, AuthType="NONE", Cors=cors),):
        with pytest.raises(ClientError) as caught:
            call()
        error = caught.value.response["Error"]
        assert error["Code"] == code and (message is None or error["Message"] == message), error
    aws.create_function_url_config(FunctionName=name, AuthType="NONE")
    with pytest.raises(ClientError) as caught:
        aws.update_function_url_config(FunctionName=name, Cors=cors)
    assert caught.value.response["Error"]["Code"] == code
    assert "Cors" not in aws.get_function_url_config(FunctionName=name)


def test_an_unknown_invoke_mode(aws, functions):
    name = functions(wait=False)
    refused(lambda: aws.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="UNKNOWN"), 400, "ValidationException",
            "1 validation error detected: Value 'UNKNOWN' at 'invokeMode' failed to satisfy constraint: "
            "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]")


OPERATIONS = [("create_function_url_config", {"AuthType": "NONE"}, NO_FUNCTION), ("get_function_url_config", {}, NO_URL),
              ("update_function_url_config", {"AuthType": "AWS_IAM"}, NO_FUNCTION), ("delete_function_url_config", {}, NO_URL)]


@pytest.mark.parametrize("operation, arguments, message", OPERATIONS)
def test_names_that_lead_nowhere(aws, functions, operation, arguments, message):
    call = getattr(aws, operation)
    for name in ("doesnotexist", arn("doesnotexist")):
        refused(lambda: call(FunctionName=name, **arguments), 404, "ResourceNotFoundException", message)
    name = functions()
    version = aws.publish_version(FunctionName=name)["Version"]
    refused(lambda: call(FunctionName=name, Qualifier="v1", **arguments), 404, "ResourceNotFoundException", message)
    refused(lambda: call(FunctionName=f"{name}:v1", **arguments), 404, "ResourceNotFoundException", message)
    for wrong in (version, "2", "$LATEST"):
        with pytest.raises(ClientError) as caught:
            call(FunctionName=name, Qualifier=wrong, **arguments)
        error = caught.value.response["Error"]
        assert error["Code"] == "ValidationException" and f"Value '{wrong}' at 'qualifier' failed to satisfy constraint" in error["Message"]
    if operation != "create_function_url_config":
        refused(lambda: call(FunctionName=name, **arguments), 404, "ResourceNotFoundException", NO_URL)


def test_lists_have_pages(aws, functions):
    refused(lambda: aws.list_function_url_configs(FunctionName="doesnotexist"), 404, "ResourceNotFoundException", NO_FUNCTION)
    name = functions()
    assert aws.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"] == []
    version = aws.publish_version(FunctionName=name)["Version"]
    made = {aws.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]}
    for alias in ("a", "b", "c", "d"):
        aws.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
        made.add(aws.create_function_url_config(FunctionName=name, Qualifier=alias, AuthType="AWS_IAM")["FunctionUrl"])
    everything = aws.list_function_url_configs(FunctionName=name)
    assert {one["FunctionUrl"] for one in everything["FunctionUrlConfigs"]} == made and "NextMarker" not in everything
    assert set(everything["FunctionUrlConfigs"][0]) == {"FunctionUrl", "FunctionArn", "AuthType", "InvokeMode", "CreationTime", "LastModifiedTime"}
    pages = list(aws.get_paginator("list_function_url_configs").paginate(FunctionName=name, PaginationConfig={"PageSize": 2}))
    assert [len(page["FunctionUrlConfigs"]) for page in pages] == [2, 2, 1]
    assert {one["FunctionUrl"] for page in pages for one in page["FunctionUrlConfigs"]} == made


def test_an_alias_has_its_own_url_and_takes_it_along(daemon, aws, functions):
    name = functions(TELL_URL)
    version = aws.publish_version(FunctionName=name)["Version"]
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    let_everybody(aws, name)
    let_everybody(aws, name, Qualifier="live")
    latest = aws.create_function_url_config(FunctionName=name, AuthType="NONE")
    alias = aws.create_function_url_config(FunctionName=f"{name}:live", AuthType="NONE")
    assert alias["FunctionArn"] == f"{arn(name)}:live" and alias["FunctionUrl"] != latest["FunctionUrl"]
    assert Address(daemon, latest["FunctionUrl"])().json["version"] == "$LATEST"
    through_alias = Address(daemon, alias["FunctionUrl"])().json
    assert (through_alias["version"], through_alias["arn"]) == (version, f"{arn(name)}:live")
    aws.delete_alias(FunctionName=name, Name="live")
    refused(lambda: aws.get_function_url_config(FunctionName=name, Qualifier="live"), 404, "ResourceNotFoundException", NO_URL)
    assert Address(daemon, alias["FunctionUrl"])().status == 403
    assert Address(daemon, latest["FunctionUrl"])().status == 200
    aws.delete_function(FunctionName=name)
    assert Address(daemon, latest["FunctionUrl"])().status == 403
    functions(TELL_URL, name=name)
    refused(lambda: aws.get_function_url_config(FunctionName=name), 404, "ResourceNotFoundException", NO_URL)


def test_urls_outlive_a_restart():
    with Daemon("--url-domain", "lambda.example.com") as first:
        aws = first.client()
        name = Functions(aws)(TELL_URL, name="kept")
        let_everybody(aws, name)
        made = aws.create_function_url_config(FunctionName=name, AuthType="NONE", Cors={"AllowOrigins": ["*"]})
        port = urlsplit(first.url).port
        assert re.fullmatch(rf"http://[a-z0-9]{{32}}\.lambda-url\.{REGION}\.lambda\.example\.com:{port}/", made["FunctionUrl"])
        assert Address(first, made["FunctionUrl"])().status == 200
        first.kill()
        with Daemon("--url-domain", "https://lambda.example.com", data_dir=first.data_dir) as second:
            got = second.client().get_function_url_config(FunctionName=name)
            url_id = urlsplit(made["FunctionUrl"]).hostname.split(".")[0]
            assert got["FunctionUrl"] == f"https://{url_id}.lambda-url.{REGION}.lambda.example.com/"
            assert got["Cors"] == {"AllowOrigins": ["*"]}
            answer = Address(second, got["FunctionUrl"])()
            assert answer.status == 200 and answer.json["event"]["headers"]["x-forwarded-port"] == "443"


# --- requests ---------------------------------------------------------------------------------------------------------------

def test_the_event(urls):
    address = urls()
    answer = address("POST", "/a%2Fb/c?x=1&x=2&y=a%20b", b'{"a": "\xc3\xbc"}', {
        "Content-Type": "application/json", "Cookie": "one=1; two=2", "X-Weird": "A b", "User-Agent": "test/1", "X-Amzn-Trace-Id": "Root=1-5-5"})
    assert answer.status == 200 and answer.header("content-type") == "application/json"
    told = answer.json
    event = told["event"]
    assert {key: event[key] for key in ("version", "routeKey", "rawPath", "rawQueryString", "cookies", "queryStringParameters", "body",
                                        "isBase64Encoded")} == {
        "version": "2.0", "routeKey": "$default", "rawPath": "/a%2Fb/c", "rawQueryString": "x=1&x=2&y=a%20b", "cookies": ["one=1", "two=2"],
        "queryStringParameters": {"x": "1,2", "y": "a b"}, "body": '{"a": "ü"}', "isBase64Encoded": False}
    assert event["headers"]["x-weird"] == "A b" and event["headers"]["host"] == address.host
    assert event["headers"]["x-amzn-trace-id"].startswith("Root=1-5-5")
    context = event["requestContext"]
    now = context.pop("timeEpoch")
    assert abs(now / 1000 - time.time()) < 60
    assert time.strptime(context.pop("time"), "%d/%b/%Y:%H:%M:%S +0000")
    assert context == {"accountId": "anonymous", "apiId": address.id, "domainName": address.host.split(":")[0], "domainPrefix": address.id,
                       "http": {"method": "POST", "path": "/a/b/c", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test/1"},
                       "requestId": told["id"], "routeKey": "$default", "stage": "$default"}
    assert answer.header("x-amzn-requestid") == told["id"] and answer.header("x-amzn-trace-id").startswith("Root=1-5-5")
    assert told["arn"] == arn(address.name)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods(urls, method):
    address = urls(ECHO)
    answer = address(method, "/x")
    assert answer.status == 200
    if method == "HEAD":
        assert answer.body == b""
    else:
        assert answer.json["requestContext"]["http"]["method"] == method and "body" not in answer.json


def test_bodies_there_and_back(urls):
    address = urls("""
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/octet-stream"}, "body": event["body"], "isBase64Encoded": event["isBase64Encoded"]}
""", {"Timeout": 60})
    for content_type, body in (("application/octet-stream", bytes(range(256))), ("application/x-www-form-urlencoded", b"a=1&b=2"),
                               ("text/plain", "grüße".encode()), ("image/png", bytes(1024) * 3000)):
        answer = address("POST", "/", body, {"Content-Type": content_type})
        assert answer.status == 200 and answer.body == body, content_type


def test_results_become_responses(urls):
    address = urls(OBEY)

    def respond(result):
        return address("POST", "/", json.dumps(result), {"Content-Type": "application/json"})
    for result, body in (({"hello": "world"}, b'{"hello": "world"}'), (["hello", 3, True], b'["hello",3,true]'), ("hello", b"hello"), (3, b"3"),
                         (3.1, b"3.1"), (True, b"true")):
        answer = respond(result)
        assert (answer.status, answer.body, answer.header("content-type")) == (200, body, "application/json")
        assert answer.header("content-length") == str(len(body))
    answer = respond({"statusCode": 201, "headers": {"Content-Type": "text/html", "X-Number": 7, "WWW-Authenticate": "Basic"},
                      "cookies": ["a=1; Path=/", "b=2"], "body": "<p>"})
    assert (answer.status, answer.body, answer.header("content-type")) == (201, b"<p>", "text/html")
    assert answer.header("x-number") == "7" and answer.all("set-cookie") == ["a=1; Path=/", "b=2"]
    assert answer.header("www-authenticate") is None and answer.header("x-amzn-remapped-www-authenticate") == "Basic"
    answer = respond({"statusCode": "418", "body": "i'm a teapot"})
    assert (answer.status, answer.body) == (418, b"i'm a teapot")
    answer = respond({"statusCode": 200, "body": base64.b64encode(b"\0\xff").decode(), "isBase64Encoded": True})
    assert answer.body == b"\0\xff"
    for malformed in ({"statusCode": "abc"}, {"statusCode": 200, "headers": {"a": "b\r\nc: d"}}, {"statusCode": 200, "cookies": "a=1"}):
        answer = respond(malformed)
        assert (answer.status, answer.json) == (502, {"Message": "Internal Server Error"})


def test_a_failing_function(urls):
    answer = urls("def handler(event, context):\n    raise ValueError('secret')\n")()
    assert (answer.status, answer.body) == (502, b"Internal Server Error")
    assert answer.header("x-amzn-requestid")


def test_too_large_a_request(urls):
    address = urls(ECHO)
    for body in (b"x" * (6 * 1024 * 1024 + 1), b"\xff" * (5 * 1024 * 1024)):  # the second one is too large in base64
        answer = address("POST", "/", body, {"Content-Type": "text/plain"})
        assert answer.status == 413, answer.body
        assert answer.json == {"Message": "Request must be smaller than 6291456 bytes for the InvokeFunction operation"}


def test_urls_that_do_not_exist(daemon, urls):
    address = urls()
    port = urlsplit(daemon.url).port
    for host in (f"{'0123456789abcdefghijklmnopqrstuv'}.lambda-url.{REGION}.localhost:{port}", f"{address.id}.lambda-url.eu-west-1.localhost:{port}"):
        other = Address(daemon, f"http://{host}/")
        answer = other()
        assert (answer.status, answer.body) == (403, b'{"Message":null}')
        assert answer.header("x-amzn-errortype") == "AccessDeniedException" and answer.header("content-type") == "application/json"
    # Another domain is no function's, and none of the daemon's: whoever owns it could let it point here.
    elsewhere = Address(daemon, f"http://{address.id}.lambda-url.{REGION}.evil.example/")()
    assert elsewhere.status == 403 and b"--allowed-host" in elsewhere.body


def test_too_many_requests():
    with Daemon("--account-concurrency", "1") as daemon:
        aws = daemon.client()
        name = Functions(aws)("import time\ndef handler(event, context):\n    time.sleep(1)\n", name="busy", Timeout=10)
        let_everybody(aws, name)
        address = Address(daemon, aws.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"])
        with ThreadPoolExecutor(4) as pool:
            answers = [future.result() for future in [pool.submit(address) for _ in range(4)]]
        assert sorted(answer.status for answer in answers) == [200, 429, 429, 429]
        refused_one = next(answer for answer in answers if answer.status == 429)
        assert refused_one.header("x-amzn-errortype") == "TooManyRequestsException"
        assert refused_one.json["Reason"] == "ConcurrentInvocationLimitExceeded"


def test_a_streaming_url_answers_in_one_piece(urls):
    # AWS does not interpret what a function without streaming returns there.
    address = urls(OBEY, InvokeMode="RESPONSE_STREAM")
    answer = address("POST", "/", json.dumps({"statusCode": 404, "body": "x"}), {"Content-Type": "application/json"})
    assert (answer.status, answer.json) == (200, {"statusCode": 404, "body": "x"})


# --- who may ----------------------------------------------------------------------------------------------------------------

def forbidden(answer):
    return answer.status == 403 and answer.json == {"Message": FORBIDDEN} and answer.header("x-amzn-errortype") == "AccessDeniedException"


def test_without_permission_nobody_may(daemon, aws, functions):
    name = functions(ECHO)
    address = Address(daemon, aws.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"])
    assert forbidden(address())
    let_everybody(aws, name)
    assert address().status == 200
    aws.remove_permission(FunctionName=name, StatementId="invoke")
    assert forbidden(address()), "lambda:InvokeFunctionUrl alone, as before October 2025"
    aws.add_permission(FunctionName=name, Principal="*", StatementId="any-way", Action="lambda:InvokeFunction")
    assert address().status == 200, "lambda:InvokeFunction without a condition is enough, too"
    aws.remove_permission(FunctionName=name, StatementId="url")
    assert forbidden(address())


def test_a_permission_for_the_url_lets_nobody_invoke_directly(daemon, aws, functions):
    name = functions(ECHO)
    aws.create_function_url_config(FunctionName=name, AuthType="NONE")
    let_everybody(aws, name)
    stranger = daemon.client(key="111122223333")
    with pytest.raises(stranger.exceptions.ClientError) as caught:
        stranger.invoke(FunctionName=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_iam_urls_want_a_signature(urls):
    address = urls(ECHO, AuthType="AWS_IAM")
    assert forbidden(address())
    assert forbidden(address(headers={"Authorization": "Bearer x"}))
    answer = address.signed("POST", "/p?q=1", b'{"a":1}', headers={"Content-Type": "application/json"})
    assert answer.status == 200, answer.body
    event = answer.json
    assert event["body"] == '{"a":1}' and "authorization" not in event["headers"]
    assert event["requestContext"]["accountId"] == ACCOUNT
    assert event["requestContext"]["authorizer"]["iam"] == {
        "accessKey": "test", "accountId": ACCOUNT, "callerId": ACCOUNT, "cognitoIdentity": None, "principalOrgId": None,
        "userArn": f"arn:aws:iam::{ACCOUNT}:root", "userId": ACCOUNT}
    for wrong in ({"service": "s3"}, {"region": "eu-west-1"}):
        answer = address.signed(**wrong)
        assert answer.status == 403 and answer.header("x-amzn-errortype") == "InvalidSignatureException"


def test_another_account_wants_permission(daemon, aws, functions):
    name = functions(ECHO)
    address = Address(daemon, aws.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"])
    assert forbidden(address.signed(key="111122223333"))
    for statement in ({"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "AWS_IAM"},
                      {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}):
        assert forbidden(address.signed(key="111122223333"))
        aws.add_permission(FunctionName=name, Principal="111122223333", StatementId=statement["Action"].split(":")[1], **statement)
    answer = address.signed(key="111122223333")
    assert answer.status == 200 and answer.json["requestContext"]["accountId"] == "111122223333"
    assert forbidden(address.signed(key="444455556666"))


def test_signatures_are_checked_in_strict_mode():
    with Daemon(auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        pair = {"key": key["access_key_id"], "secret": key["secret_access_key"]}
        aws = daemon.client(**pair)
        name = Functions(aws)(ECHO, name="guarded")
        address = Address(daemon, aws.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"])
        answer = address.signed("PUT", "/x%20y?a=b&c", b"\x00body", **pair)
        assert answer.status == 200 and answer.json["requestContext"]["authorizer"]["iam"]["accessKey"] == pair["key"]
        assert forbidden(address())
        answer = address.signed(**{**pair, "secret": "wrong"})
        assert (answer.status, answer.header("x-amzn-errortype")) == (403, "InvalidSignatureException")
        answer = address.signed(**{**pair, "key": "AKIAUNKNOWN"})
        assert (answer.status, answer.header("x-amzn-errortype")) == (403, "UnrecognizedClientException")
        # A URL without authorization takes requests of anybody, whatever the mode.
        let_everybody(aws, name)
        aws.update_function_url_config(FunctionName=name, AuthType="NONE")
        assert address().status == 200


# --- browsers ---------------------------------------------------------------------------------------------------------------

CORS = {"AllowCredentials": True, "AllowHeaders": ["content-type"], "AllowMethods": ["GET", "PUT"], "AllowOrigins": ["https://shop.example.com"],
        "ExposeHeaders": ["x-request-id"], "MaxAge": 600}
ORIGIN = {"Origin": "https://shop.example.com"}
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}


def test_a_preflight_is_answered_without_the_function(urls):
    address = urls("raise SystemExit('the function must not run')", AuthType="AWS_IAM", Cors=CORS)
    answer = address("OPTIONS", "/x", headers={**ORIGIN, **PREFLIGHT})
    assert (answer.status, answer.body) == (200, b"")
    assert {name: value for name, value in answer.fields if name.startswith("access-control") or name == "vary"} == {
        "access-control-allow-origin": "https://shop.example.com", "vary": "Origin", "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,PUT", "access-control-allow-headers": "content-type", "access-control-expose-headers": "x-request-id",
        "access-control-max-age": "600"}
    answer = address("OPTIONS", "/x", headers={"Origin": "https://evil.example", **PREFLIGHT})
    assert answer.status == 200 and answer.header("access-control-allow-origin") is None


def test_answers_tell_browsers_who_may_read_them(urls):
    address = urls(ECHO, Cors=CORS)
    answer = address(headers=ORIGIN)
    assert answer.status == 200 and answer.header("access-control-allow-origin") == "https://shop.example.com"
    assert answer.header("access-control-allow-credentials") == "true" and answer.header("access-control-expose-headers") == "x-request-id"
    for headers in ({}, {"Origin": "https://evil.example"}):
        answer = address(headers=headers)
        assert answer.status == 200 and not [name for name, _ in answer.fields if name.startswith("access-control")]


def test_without_cors_settings_the_function_answers_browsers(urls):
    address = urls("""
def handler(event, context):
    return {"statusCode": 204, "headers": {"access-control-allow-origin": "*", "x-method": event["requestContext"]["http"]["method"]}}
""")
    answer = address("OPTIONS", "/", headers={**ORIGIN, **PREFLIGHT})
    assert (answer.status, answer.header("access-control-allow-origin"), answer.header("x-method")) == (204, "*", "OPTIONS")


def test_what_the_function_says_stays_beside_the_settings(urls):
    # As on AWS: browsers refuse it, and developers see why.
    address = urls('def handler(event, context):\n    return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}\n', Cors=CORS)
    assert address(headers=ORIGIN).all("access-control-allow-origin") == ["*", "https://shop.example.com"]
