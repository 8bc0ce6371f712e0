"""If these fail, code inside a function cannot call AWS's API without configuration, or can call it as somebody else."""
import json

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, Daemon
from packages import ECHO, FULL_CPU_MIB, make_zip

CALLER = """
import boto3, os
def handler(event, context):
    client = boto3.client("lambda")
    names = [f["FunctionName"] for page in client.get_paginator("list_functions").paginate() for f in page["Functions"]]
    answer = client.invoke(FunctionName=event["callee"], Payload=b'{"from": "inside"}')
    return {"names": names, "answer": answer["Payload"].read().decode(), "endpoint": client.meta.endpoint_url}
"""

NODE_CALLER = """
import { LambdaClient, ListFunctionsCommand, InvokeCommand } from '@aws-sdk/client-lambda';
const client = new LambdaClient();
export const handler = async (event) => {
  const { Functions } = await client.send(new ListFunctionsCommand({}));
  const answer = await client.send(new InvokeCommand({ FunctionName: event.callee, Payload: '{"from": "inside"}' }));
  return { names: Functions.map((f) => f.FunctionName), answer: Buffer.from(answer.Payload).toString() };
};
"""

NODE_CALLER_COMMONJS = """
exports.handler = async (event) => {
  const { LambdaClient, InvokeCommand } = require('@aws-sdk/client-lambda');
  const answer = await new LambdaClient().send(new InvokeCommand({ FunctionName: event.callee, Payload: '{"from": "inside"}' }));
  return { names: [event.callee], answer: Buffer.from(answer.Payload).toString() };
};
"""

# What a hostile function tries: each request is signed by hand, so that it can be signed wrongly.
PROBE = """
import http.client, json, os
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

def handler(event, context):
    own = [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
    given = event.get("credentials") or [{"own": value}.get(use, use) for use, value in zip(event.get("use", ["own"] * 3), own)]
    body = event.get("body", "").encode() * event.get("repeat", 1)
    request = AWSRequest(method=event.get("method", "GET"), url="http://169.254.100.2" + event["target"], data=body, headers=event.get("headers", {}))
    headers = dict(event.get("headers", {}))
    if event.get("sign", True):
        SigV4Auth(Credentials(*given), "lambda", "us-east-1").add_auth(request)
        headers = dict(request.headers.items())
    headers.update(event.get("late_headers", {}))
    connection = http.client.HTTPConnection("169.254.100.2", timeout=20)
    connection.request(request.method, event["target"], body=body or None, headers=headers)
    answer = connection.getresponse()
    return {"status": answer.status, "code": (answer.headers.get("x-amzn-errortype") or "").split(":")[0], "body": answer.read().decode()[:2000],
            "own": own}
"""


def call(aws, name, event):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    value = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, value
    return value


@pytest.fixture(scope="module")
def made(aws):
    from conftest import Functions
    functions = Functions(aws)
    yield functions
    functions.delete_all()


@pytest.fixture(scope="module")
def probe(made):
    return made(PROBE, Timeout=30)


@pytest.mark.parametrize("runtime, files", [("python3.11", CALLER), ("nodejs20.x", {"index.mjs": NODE_CALLER}), ("nodejs22.x", {"index.js": NODE_CALLER_COMMONJS})],
                         ids=["boto3", "JavaScript", "JavaScript CommonJS"])
def test_the_sdk_inside_a_function_needs_no_configuration(aws, functions, runtime, files):
    callee = functions(ECHO)
    caller = functions(make_zip(files), Runtime=runtime, Timeout=30)
    value = call(aws, caller, {"callee": callee})
    assert callee in value["names"] and json.loads(value["answer"]) == {"from": "inside"}


def test_a_version_that_the_function_packs_wins(aws, functions):
    name = functions({"index.py": "import boto3\ndef handler(event, context):\n    return boto3.__version__\n", "boto3.py": "__version__ = 'own'\n"})
    assert call(aws, name, {}) == "own"


def test_credentials_are_those_of_the_execution_role(aws, probe, daemon):
    seen = call(aws, probe, {"target": "/2015-03-31/functions/"})
    assert seen["status"] == 200, seen
    key, secret, token = seen["own"]
    assert key.startswith("ASIA") and len(key) == 20 and len(secret) == 40 and len(token) > 100


def test_strict_mode_and_a_restart():
    with Daemon(auth="strict") as daemon:
        root = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        aws = daemon.client(key=root["access_key_id"], secret=root["secret_access_key"])
        aws.create_function(FunctionName="probe", Runtime="python3.11", Handler="index.handler", Role=f"arn:aws:iam::{ACCOUNT}:role/path/r",
                            Timeout=30, MemorySize=FULL_CPU_MIB, Code={"ZipFile": make_zip(PROBE)})
        key, secret, token = call(aws, "probe", {"target": "/2015-03-31/functions/"})["own"]
        seen = call(aws, "probe", {"target": "/2015-03-31/functions/", "credentials": [root["access_key_id"], root["secret_access_key"], None]})
        assert (seen["status"], seen["code"]) == (403, "UnrecognizedClientException")  # not even a good key, inside
        # Outside of its environment it is nobody's.
        with pytest.raises(ClientError) as refused:
            daemon.client(key=key, secret=secret, token=token).list_functions()
        assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"
        given = daemon.client("sts", key=root["access_key_id"], secret=root["secret_access_key"]).get_session_token()["Credentials"]
        own = dict(key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"])
        assert [f["FunctionName"] for f in daemon.client(**own).list_functions()["Functions"]] == ["probe"]
        daemon.stop()
        daemon.start()
        assert [f["FunctionName"] for f in daemon.client(**own).list_functions()["Functions"]] == ["probe"]
        for wrong in (dict(own, token=None), dict(own, token=own["token"][:-8] + "AAAAAAA="), dict(own, secret="guess")):
            with pytest.raises(ClientError) as refused:
                daemon.client(**wrong).list_functions()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        daemon.stop()
        (daemon.data_dir / "session-key").unlink()
        daemon.start()
        with pytest.raises(ClientError) as refused:
            daemon.client(**own).list_functions()
        assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"


def test_two_environments_have_credentials_of_their_own(aws, functions, probe):
    other = functions(PROBE, Timeout=30)
    first = call(aws, probe, {"target": "/2015-03-31/functions/"})["own"]
    second = call(aws, other, {"target": "/2015-03-31/functions/", "credentials": first})
    assert second["own"][0] != first[0]
    assert (second["status"], second["code"]) == (403, "UnrecognizedClientException")


def test_the_users_own_endpoint_wins_and_reserved_names_do_not(aws, functions):
    name = functions("import os\ndef handler(event, context):\n    return os.environ['AWS_ENDPOINT_URL']\n",
                     Environment={"Variables": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}})
    assert call(aws, name, {}) == "http://127.0.0.1:1"
    with pytest.raises(aws.exceptions.InvalidParameterValueException):
        functions(ECHO, Environment={"Variables": {"AWS_SESSION_TOKEN": "x"}})


def test_a_function_that_leaves_its_call_alone(aws, functions):
    """An environment that ends while a service still works for it must hurt nobody."""
    slow = functions("import time\ndef handler(event, context):\n    time.sleep(2)\n    return 1\n", Timeout=10)
    name = functions("""
import boto3, threading, os
def handler(event, context):
    threading.Thread(target=lambda: boto3.client("lambda").invoke(FunctionName=event), daemon=True).start()
    import time; time.sleep(1)
    os._exit(3)
""", Timeout=30)
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(slow).encode())
    assert answer["FunctionError"] == "Unhandled"
    aws.delete_function(FunctionName=name)
    assert aws.invoke(FunctionName=slow)["StatusCode"] == 200


def test_a_function_that_deletes_itself(aws, functions):
    name = functions("import boto3\ndef handler(event, context):\n    boto3.client('lambda').delete_function(FunctionName=context.function_name)\n    return 'gone'\n",
                     Timeout=30)
    assert call(aws, name, {}) == "gone"
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_function(FunctionName=name)


def test_large_requests_from_inside(aws, functions, probe):
    callee = functions(ECHO)
    body = json.dumps("x" * 1_000_000)
    seen = call(aws, probe, {"method": "POST", "target": f"/2015-03-31/functions/{callee}/invocations", "body": body})
    assert (seen["status"], seen["body"][:3]) == (200, '"xx')


# --- strangers --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("event, code", [
    ({"sign": False}, "MissingAuthenticationTokenException"),
    ({"credentials": ["test", "test", None]}, "UnrecognizedClientException"),
    ({"credentials": ["123456789012", "test", None]}, "UnrecognizedClientException"),
    ({"use": ["own", "guess", "own"]}, "InvalidSignatureException"),
    ({"use": ["own", "own", "AAAA"]}, "UnrecognizedClientException"),
    ({"use": ["ASIAAAAAAAAAAAAAAAAA", "own", "own"]}, "UnrecognizedClientException"),
])
def test_only_the_environments_own_credentials_count(aws, probe, event, code):
    seen = call(aws, probe, {"target": "/2015-03-31/functions/", **event})
    assert (seen["status"], seen["code"]) == (403, code), seen


def test_a_function_acts_in_its_own_account_only(daemon, probe, aws):
    other = daemon.client("lambda", key="222222222222")
    other.create_function(FunctionName="elsewhere", Runtime="python3.11", Handler="index.handler", Role="arn:aws:iam::222222222222:role/r",
                          Code={"ZipFile": make_zip(ECHO)})
    try:
        arn = f"arn:aws:lambda:{REGION}:222222222222:function:elsewhere"
        for named in (arn, "222222222222:function:elsewhere"):
            for method, target in (("GET", ""), ("POST", "/invocations"), ("DELETE", "")):
                seen = call(aws, probe, {"method": method, "target": f"/2015-03-31/functions/{named}{target}"})
                assert (seen["status"], seen["code"]) == (403, "AccessDeniedException"), seen
    finally:
        other.delete_function(FunctionName="elsewhere")


@pytest.mark.parametrize("page", ["health", "status", "logs?function=f", "reset", "code/000000000000/00"])
@pytest.mark.parametrize("sign", [True, False])
def test_no_page_of_the_daemon_is_there(aws, probe, page, sign):
    for method in ("GET", "POST"):
        seen = call(aws, probe, {"method": method, "target": "/_mayfly/" + page, "sign": sign})
        assert seen["status"] in (403, 404), seen
        assert "uptime" not in seen["body"] and "service\":\"mayfly" not in seen["body"]
