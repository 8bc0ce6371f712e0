"""If these fail, deployment tools get an error that AWS would not give, or read back something else from call to call.

recordings/lambda.jsonl holds the control-plane calls of Lambda that the AWS CLI, boto3, the JavaScript SDK, CDK, SAM and the
Serverless Framework were seen to make, in their order; long values are cut ("<base64>" stands for a package).
"""
import base64
import itertools
import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from daemon import Daemon
from packages import ECHO, make_zip
from test_lifecycle import FAST

ACCOUNT = "123456789012"
CALLS = [json.loads(line) for line in (Path(__file__).parent / "recordings" / "lambda.jsonl").read_text().splitlines()]
TOOLS = sorted({call["tool"] for call in CALLS})
ROLE = f"arn:aws:iam::{ACCOUNT}:role/tool"
package_numbers = itertools.count()


@pytest.fixture(scope="module")
def machine():
    with Daemon() as daemon:
        yield daemon, daemon.client("lambda", key=ACCOUNT)


def new_package():
    return make_zip({"index.py": ECHO, "number": str(next(package_numbers))})


def put_object(daemon, bucket, key):
    """What the tool has uploaded before."""
    path = daemon.data_dir / "buckets" / bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(new_package())
    path.chmod(0o644)


def filled(request):
    """The request with packages in the place of what was cut. Some were recorded with variables of one letter, which AWS refuses."""
    text = json.dumps(request)
    text = re.sub(r'("Variables": \{)"(\w)":', r'\1"\2\2":', text)
    return json.loads(re.sub(r'"<base64[^"]*>"', lambda _: json.dumps(base64.b64encode(new_package()).decode()), text))


def function_of(path):
    found = re.match(r"/[0-9-]+/functions/([^/]+)", path)
    return found[1] if found else None


def prepare(daemon, aws, call):
    """Makes what other services, which are not part of the recording, had made: functions by CloudFormation, objects, aliases."""
    name = function_of(call["path"])
    if name and call["step"] != "deploy-create":
        try:
            aws.get_function(FunctionName=name)
        except aws.exceptions.ResourceNotFoundException:
            aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": new_package()})
            aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
    if call["operation"] == "UpdateAlias":
        try:
            aws.get_alias(FunctionName=name, Name="live")
        except aws.exceptions.ResourceNotFoundException:
            aws.create_alias(FunctionName=name, Name="live", FunctionVersion=aws.publish_version(FunctionName=name)["Version"])
    request = call.get("request") or {}
    if call["operation"] == "CreateEventSourceMapping" and ":sqs:" in request.get("EventSourceArn", ""):
        daemon.client("sqs", key=ACCOUNT).create_queue(QueueName=request["EventSourceArn"].rsplit(":", 1)[1])
    if "S3Bucket" in request:
        put_object(daemon, request["S3Bucket"], request["S3Key"])


def settle(aws, call):
    """The tools poll until a change is done; so does this."""
    name = (call.get("request") or {}).get("FunctionName") if call["operation"] == "CreateFunction" else function_of(call["path"])
    if call["operation"] in ("CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration"):
        for waiter in ("function_active_v2", "function_updated_v2"):
            aws.get_waiter(waiter).wait(FunctionName=name, WaiterConfig=FAST)


def may_be_missing(call):
    return call["operation"] == "GetFunctionUrlConfig" or (call["operation"] == "GetFunction" and call["step"] == "deploy-create")


@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_sends_is_answered_as_by_aws(machine, tool):
    daemon, aws = machine
    assert daemon.send("POST", "/_mayfly/reset").status == 200  # several tools name their function alike
    for call in (call for call in CALLS if call["tool"] == tool):
        prepare(daemon, aws, call)
        target = call["path"] + ("?" + urlencode(call["query"]) if call.get("query") else "")
        body = json.dumps(filled(call["request"])) if call.get("request") is not None and call["method"] != "GET" else ""
        answer = daemon.raw(call["method"], target, body, {"Content-Type": "application/json"} if body else {}, sign=(ACCOUNT, "x"))
        where = f"{tool} {call['step']}: {call['method']} {target} -> {answer}"
        if may_be_missing(call):
            assert answer.status == 404 and answer.code == "ResourceNotFoundException", where
        else:
            assert 200 <= answer.status < 300, where
        settle(aws, call)


def without_links(value):
    """Links expire, so each answer has its own."""
    if isinstance(value, dict):
        return {key: without_links(item) for key, item in value.items() if key not in ("Location", "ResponseMetadata")}
    return [without_links(item) for item in value] if isinstance(value, list) else value


def test_what_terraform_and_cdk_compare_is_the_same_from_call_to_call(machine):
    """Also after a restart: a difference is drift, and they would change the function back."""
    daemon, aws = machine
    name = "no-drift"
    aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": new_package()}, Publish=True,
                        Timeout=7, MemorySize=256, Environment={"Variables": {"STAGE": "b"}}, Tags={"team": "a"}, Description="none",
                        TracingConfig={"Mode": "PassThrough"}, EphemeralStorage={"Size": 1024}, Architectures=["x86_64"],
                        LoggingConfig={"LogFormat": "JSON"})
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
    aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b")
    aws.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    aws.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    daemon.client("sqs", key=ACCOUNT).create_queue(QueueName="q")
    mapping = aws.create_event_source_mapping(FunctionName=name, EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", BatchSize=5)["UUID"]

    def read(aws):
        function = aws.get_function(FunctionName=name)
        assert function["Code"]["Location"] and function["Tags"] == {"team": "a"} and function["Concurrency"] == {"ReservedConcurrentExecutions": 3}
        versions = aws.list_versions_by_function(FunctionName=name, MaxItems=10000)["Versions"]
        assert [one["Version"] for one in versions] == ["$LATEST", "1"]  # Terraform takes the last one as the newest
        signing = aws.get_function_code_signing_config(FunctionName=name)
        assert not signing.get("CodeSigningConfigArn")  # Terraform wants an answer without an ARN, not an error
        mapped = aws.get_event_source_mapping(UUID=mapping)
        return without_links([function, versions, aws.get_function_configuration(FunctionName=name), aws.get_policy(FunctionName=name),
                              aws.get_alias(FunctionName=name, Name="live"), aws.get_function_event_invoke_config(FunctionName=name),
                              aws.get_function_url_config(FunctionName=name)["FunctionArn"], {**mapped, "State": "Enabled"},
                              aws.list_tags(Resource=function["Configuration"]["FunctionArn"]), aws.get_runtime_management_config(FunctionName=name),
                              aws.get_function_recursion_config(FunctionName=name)])
    while aws.get_event_source_mapping(UUID=mapping)["State"] != "Enabled":
        pass
    first = read(aws)
    assert read(aws) == first
    daemon.kill()
    daemon.start()
    assert read(daemon.client("lambda", key=ACCOUNT)) == first
