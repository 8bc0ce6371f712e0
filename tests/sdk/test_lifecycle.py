"""If these fail, boto3 cannot create, read, change or delete a function as on AWS."""
import io
import json
import re
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError, WaiterError

from conftest import ROLE
from daemon import ACCOUNT, REGION, sha256_base64
from packages import ECHO, make_zip

FAST = {"Delay": 0.1, "MaxAttempts": 600}


def arn(name, region=REGION, account=ACCOUNT):
    return f"arn:aws:lambda:{region}:{account}:function:{name}"


def test_create_wait_invoke_update_invoke_delete(aws, name):
    package = make_zip(ECHO)
    made = aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": package},
                               Description="echo", Environment={"Variables": {"COLOUR": "blue"}})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (made["State"], made["StateReasonCode"], made["StateReason"]) == ("Pending", "Creating", "The function is being created.")
    aws.get_waiter("function_exists").wait(FunctionName=name, WaiterConfig=FAST)
    aws.get_waiter("function_active").wait(FunctionName=name, WaiterConfig=FAST)
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
    answer = aws.invoke(FunctionName=name, Payload=b'{"first": 1}')
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == {"first": 1}

    changed = make_zip("def handler(event, context):\n    return 'changed'\n")
    update = aws.update_function_code(FunctionName=name, ZipFile=changed)
    assert (update["LastUpdateStatus"], update["LastUpdateStatusReasonCode"]) == ("InProgress", "Creating")
    assert update["CodeSha256"] == sha256_base64(changed)
    aws.get_waiter("function_updated").wait(FunctionName=name, WaiterConfig=FAST)
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    assert json.loads(aws.invoke(FunctionName=name)["Payload"].read()) == "changed"

    assert aws.delete_function(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_function(FunctionName=name)
    with pytest.raises(WaiterError):
        aws.get_waiter("function_exists").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 2})


def test_configuration_has_every_member_that_clients_read(aws, functions):
    package = make_zip(ECHO)
    name = functions(package, Description="all members", Timeout=7, MemorySize=256, Tags={"team": "a"}, Environment={"Variables": {"COLOR": "1"}})
    configuration = aws.get_function_configuration(FunctionName=name)
    expected = {
        "FunctionName": name, "FunctionArn": arn(name), "Runtime": "python3.11", "Role": ROLE, "Handler": "index.handler",
        "CodeSize": len(package), "CodeSha256": sha256_base64(package), "Description": "all members", "Timeout": 7, "MemorySize": 256,
        "Version": "$LATEST", "Environment": {"Variables": {"COLOR": "1"}}, "TracingConfig": {"Mode": "PassThrough"}, "State": "Active",
        "LastUpdateStatus": "Successful", "PackageType": "Zip", "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}}
    assert {key: configuration.get(key) for key in expected} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", configuration["LastModified"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", configuration["RevisionId"])
    assert configuration["RuntimeVersionConfig"]["RuntimeVersionArn"].startswith(f"arn:aws:lambda:{REGION}::runtime:")
    whole = aws.get_function(FunctionName=name)
    configuration.pop("ResponseMetadata")
    assert whole["Configuration"] == configuration
    assert whole["Tags"] == {"team": "a"}
    assert whole["Code"]["RepositoryType"] == "S3"


@pytest.mark.parametrize("reference", ["{name}", "{account}:function:{name}", "{arn}", "{arn}:$LATEST", "{name}:$LATEST", "function:{name}"])
def test_functions_are_found_by_every_form_of_their_name(aws, functions, reference):
    name = functions(wait=False)
    given = reference.format(name=name, account=ACCOUNT, arn=arn(name))
    assert aws.get_function(FunctionName=given)["Configuration"]["FunctionName"] == name


def test_download_gives_the_package_and_needs_its_signature(daemon, aws, functions):
    package = make_zip({"index.py": ECHO, "lib/data.txt": "data"})
    location = aws.get_function(FunctionName=functions(package))["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        data = answer.read()
    assert data == package
    assert zipfile.ZipFile(io.BytesIO(data)).read("lib/data.txt") == b"data"
    target = location[len(daemon.url):]
    assert daemon.send("GET", target.split("?")[0]).status == 403
    assert daemon.send("GET", target.replace("X-Amz-Signature=", "X-Amz-Signature=0")).status == 403
    assert daemon.send("GET", re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", target)).status == 403


def test_update_configuration_changes_what_is_named_and_keeps_the_rest(aws, functions):
    name = functions(Description="before", Timeout=5, Environment={"Variables": {"COLOR": "1"}})
    before = aws.get_function_configuration(FunctionName=name)
    update = aws.update_function_configuration(FunctionName=name, MemorySize=512, Description="")
    assert update["LastUpdateStatus"] == "InProgress"
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    after = aws.get_function_configuration(FunctionName=name)
    assert (after["MemorySize"], after["Description"], after["Timeout"]) == (512, "", 5)
    assert after["Environment"] == before["Environment"] and after["CodeSha256"] == before["CodeSha256"]
    assert after["RevisionId"] != before["RevisionId"] and after["LastModified"] >= before["LastModified"]


def test_new_environment_reaches_the_next_invocation(aws, functions):
    name = functions("import os\ndef handler(event, context):\n    return os.environ.get('COLOR')\n", Environment={"Variables": {"COLOR": "old"}})
    assert json.loads(aws.invoke(FunctionName=name)["Payload"].read()) == "old"
    aws.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOR": "new"}})
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    assert json.loads(aws.invoke(FunctionName=name)["Payload"].read()) == "new"


def test_revision_ids_guard_updates(aws, functions):
    name = functions()
    current = aws.get_function(FunctionName=name)["Configuration"]["RevisionId"]
    for change in (lambda **more: aws.update_function_code(FunctionName=name, ZipFile=make_zip(ECHO), **more),
                   lambda **more: aws.update_function_configuration(FunctionName=name, Timeout=9, **more)):
        with pytest.raises(ClientError) as refused:
            change(RevisionId="00000000-0000-0000-0000-000000000000")
        error = refused.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("PreconditionFailedException", 412)
        assert error["Error"]["Message"] == ("The Revision Id provided does not match the latest Revision Id. Call the "
                                             "GetFunction/GetAlias API to retrieve the latest Revision Id")
    aws.update_function_configuration(FunctionName=name, Timeout=9, RevisionId=current)


def test_dry_run_checks_and_changes_nothing(aws, functions):
    name = functions()
    before = aws.get_function_configuration(FunctionName=name)
    other = make_zip("def handler(event, context):\n    return 1\n")
    assert aws.update_function_code(FunctionName=name, ZipFile=other, DryRun=True)["CodeSha256"] == sha256_base64(other)
    after = aws.get_function_configuration(FunctionName=name)
    assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
    with pytest.raises(aws.exceptions.InvalidParameterValueException):
        aws.update_function_code(FunctionName=name, ZipFile=b"no zip", DryRun=True)


def test_list_gives_every_function_once_over_pages(daemon):
    aws = daemon.client("lambda", key="111122223333")
    names = [f"listed-{number:02}" for number in range(7)]
    for name in names:
        aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})
    pages = list(aws.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Functions"]) for page in pages] == [3, 3, 1]
    assert sorted(function["FunctionName"] for page in pages for function in page["Functions"]) == names
    assert aws.get_account_settings()["AccountUsage"]["FunctionCount"] == 7
    for name in names:
        aws.delete_function(FunctionName=name)
    assert aws.list_functions()["Functions"] == []


def test_accounts_and_regions_are_kept_apart(daemon, name):
    here = daemon.client("lambda", key="123456789012", region="eu-central-1")
    made = here.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})
    assert made["FunctionArn"] == arn(name, "eu-central-1", "123456789012")
    for other in (daemon.client("lambda", key="123456789012", region="us-west-2"), daemon.client("lambda", key="210987654321", region="eu-central-1"),
                  daemon.client("lambda", region="eu-central-1")):
        with pytest.raises(other.exceptions.ResourceNotFoundException):
            other.get_function(FunctionName=name)
    here.delete_function(FunctionName=name)


def test_a_new_function_can_be_deleted_at_once(aws, name):
    for _ in range(30):
        aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})
        aws.delete_function(FunctionName=name)


def test_account_settings(daemon):
    settings = daemon.client("lambda", key="444455556666").get_account_settings()
    limit = settings["AccountLimit"]
    assert (limit["CodeSizeUnzipped"], limit["CodeSizeZipped"]) == (262144000, 52428800)
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (1000, 1000)
    assert settings["AccountUsage"] == {"TotalCodeSize": 0, "FunctionCount": 0}


def test_snap_start_is_for_some_runtimes(aws, functions, name):
    """A function is taken with SnapStart that AWS refuses, and its template fails on AWS alone."""
    for runtime in ("nodejs22.x", "ruby3.4", "python3.11", "provided.al2023"):
        with pytest.raises(ClientError) as refused:
            functions(ECHO, Runtime=runtime, SnapStart={"ApplyOn": "PublishedVersions"})
        error = refused.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("InvalidParameterValueException", f"{runtime} is not supported for SnapStart enabled functions.")
    assert aws.get_function(FunctionName=functions(ECHO, Runtime="nodejs22.x", SnapStart={"ApplyOn": "None"}))
    function = functions(ECHO, Runtime="python3.12", SnapStart={"ApplyOn": "PublishedVersions"})
    assert aws.get_function_configuration(FunctionName=function)["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    with pytest.raises(ClientError, match="nodejs22.x is not supported for SnapStart enabled functions"):
        aws.update_function_configuration(FunctionName=function, Runtime="nodejs22.x")
