"""If these fail, an answer differs from what AWS was seen to answer: a text, a member, a revision id, a state between two changes.

Each table is one rule for all operations that have it. Texts are AWS's, literally.
"""
import base64
import re
import time

import pytest

from conftest import ROLE
from daemon import ACCOUNT, REGION, Daemon
from packages import ECHO, make_zip
from test_errors import arn, refused
from test_lifecycle import FAST

NEXT = "def handler(event, context):\n    return 'next'\n"
S3 = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
NOTHING = "The resource you requested does not exist."
FUNCTION = "/2015-03-31/functions/{}"


def lambda_arn(rest, region=REGION):
    return f"arn:aws:lambda:{region}:{ACCOUNT}:{rest}"


def revision(aws, name, **which):
    return aws.get_function(FunctionName=name, **which)["Configuration"]["RevisionId"]


def update(aws, name, **changes):
    answer = aws.update_function_configuration(FunctionName=name, **changes)
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    return answer


# --- revision ids -----------------------------------------------------------------------------------------------------------

def test_revisions_of_a_function_and_its_version(aws, name):
    made = aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)}, Publish=True)
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
    active = revision(aws, name)
    first = revision(aws, name, Qualifier="1")
    assert len({made["RevisionId"], active, first}) == 3
    assert aws.publish_version(FunctionName=name)["RevisionId"] == first, "nothing new"
    assert revision(aws, name) == active
    changed = update(aws, name, Description="changed")
    done = revision(aws, name)
    second = aws.publish_version(FunctionName=name)
    assert len({active, changed["RevisionId"], done, second["RevisionId"], revision(aws, name)}) == 5, "publishing changes $LATEST's"
    assert revision(aws, name, Qualifier="2") == second["RevisionId"] and revision(aws, name, Qualifier="1") == first
    third = aws.update_function_code(FunctionName=name, ZipFile=make_zip(NEXT), Publish=True)
    assert (third["Version"], third["State"]) == ("3", "Pending")
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="3", WaiterConfig=FAST)
    assert revision(aws, name, Qualifier="3") == third["RevisionId"], "becoming Active does not change a version's"


def test_a_policy_has_a_revision_of_its_own(aws, functions):
    name = functions(Publish=True)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
    seen = set()
    for which in ({}, {"Qualifier": "1"}, {"Qualifier": "live"}):
        holder = lambda: aws.get_alias(FunctionName=name, Name="live")["RevisionId"] if which.get("Qualifier") == "live" else revision(aws, name, **which)  # noqa: E731
        before = holder()
        aws.add_permission(FunctionName=name, **which, **S3)
        added = aws.get_policy(FunctionName=name, **which)["RevisionId"]
        assert holder() == before != added
        aws.add_permission(FunctionName=name, RevisionId=added, **which, **{**S3, "StatementId": "again"})
        again = aws.get_policy(FunctionName=name, **which)["RevisionId"]
        seen |= {before, added, again}
    assert len(seen) == 9
    policy = aws.get_policy(FunctionName=name)["RevisionId"]
    update(aws, name, Description="changed")
    aws.publish_version(FunctionName=name)
    assert aws.get_policy(FunctionName=name)["RevisionId"] == policy


# --- between two changes ----------------------------------------------------------------------------------------------------

BUSY = "The operation cannot be performed at this time. An update is in progress for resource: {}"
PENDING = "The operation cannot be performed at this time. The function is currently in the following state: Pending"


@pytest.mark.parametrize("first, second", [("code", "code"), ("code", "configuration"), ("configuration", "configuration"), ("configuration", "publish")])
def test_a_change_that_does_not_wait_for_the_one_before_conflicts(aws, functions, first, second):
    name = functions()
    changes = {"code": lambda: aws.update_function_code(FunctionName=name, ZipFile=make_zip(NEXT)),
               "configuration": lambda: aws.update_function_configuration(FunctionName=name, Timeout=7),
               "publish": lambda: aws.publish_version(FunctionName=name)}
    answer = changes[first]()
    assert (answer["State"], answer["LastUpdateStatus"], answer["LastUpdateStatusReason"], answer["LastUpdateStatusReasonCode"]) == (
        "Active", "InProgress", "The function is being created.", "Creating")
    refused(changes[second], 409, "ResourceConflictException", BUSY.format(arn(name)))
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    changes[second]()


def test_a_new_function_that_nobody_waited_for_is_not_changed(aws, functions):
    name = functions(wait=False)
    refused(lambda: aws.update_function_configuration(FunctionName=name, Timeout=7), 409, "ResourceConflictException", PENDING)


@pytest.mark.parametrize("look", ["get_function", "get_function_configuration", "invoke"])
def test_the_first_look_finds_a_change_done(aws, functions, look):
    """Waiters ask at once, then only after a second or five."""
    name = functions(wait=False)
    getattr(aws, look)(FunctionName=name)
    aws.update_function_configuration(FunctionName=name, Timeout=7)
    if look == "invoke":
        return
    seen = getattr(aws, look)(FunctionName=name)
    assert seen.get("Configuration", seen)["LastUpdateStatus"] == "Successful"
    began = time.monotonic()
    for _ in range(3):
        aws.update_function_configuration(FunctionName=name, Timeout=8)
        aws.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert time.monotonic() - began < 1, "a waiter had to ask twice"


def test_a_change_that_nobody_looks_at_is_done_all_the_same(aws, functions):
    name = functions()
    aws.update_function_configuration(FunctionName=name, Timeout=7)
    until = time.monotonic() + 10
    while True:  # only the second change asks
        try:
            aws.update_function_configuration(FunctionName=name, Timeout=8)
            return
        except aws.exceptions.ResourceConflictException:
            assert time.monotonic() < until


def test_a_change_that_was_cut_off_is_done_after_a_restart(tmp_path):
    with Daemon(data_dir=tmp_path / "data") as daemon:
        aws = daemon.client("lambda")
        aws.create_function(FunctionName="cut", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)}, Publish=True)
        daemon.kill()
        daemon.start()
        aws = daemon.client("lambda")
        aws.get_waiter("function_active_v2").wait(FunctionName="cut", WaiterConfig=FAST)
        aws.get_waiter("published_version_active").wait(FunctionName="cut", Qualifier="1", WaiterConfig=FAST)


# --- what is not there ------------------------------------------------------------------------------------------------------

ZIP = make_zip(ECHO)
MISSING_FUNCTION = [  # operation, arguments beside FunctionName, text ({}: the function's ARN)
    ("invoke", {}, "Function not found: {}:$LATEST"),
    ("invoke", {"InvocationType": "Event"}, "Function not found: {}:$LATEST"),
    ("invoke", {"InvocationType": "DryRun"}, "Function not found: {}:$LATEST"),
    ("invoke", {"Qualifier": "live"}, "Function not found: {}:live"),
    ("invoke", {"Qualifier": "7"}, "Function not found: {}:7"),
    ("invoke", {"Qualifier": "$latest"}, "Function not found: {}:$latest"),
    ("invoke_with_response_stream", {}, "Function not found: {}:$LATEST"),
    ("invoke_async", {"InvokeArgs": b"{}"}, "Function not found: {}:$LATEST"),
    ("get_function", {}, "Function not found: {}"),
    ("get_function", {"Qualifier": "$LATEST"}, "Function not found: {}:$LATEST"),
    ("get_function", {"Qualifier": "$latest"}, "Function not found: {}:$latest"),
    ("get_function_configuration", {"Qualifier": "1"}, "Function not found: {}:1"),
    ("update_function_code", {"ZipFile": ZIP}, "Function not found: {}"),
    ("update_function_configuration", {"Timeout": 3}, "Function not found: {}"),
    ("delete_function", {}, "Function not found: {}"),
    ("delete_function", {"Qualifier": "1221"}, "Function not found: {}"),
    ("delete_function", {"Qualifier": "$latest"}, "Function not found: {}"),
    ("publish_version", {}, "Function not found: {}"),
    ("list_versions_by_function", {}, "Function not found: {}"),
    ("create_alias", {"Name": "a", "FunctionVersion": "1"}, "Function not found: {}:1"),
    ("list_aliases", {}, "Function not found: {}"),
    ("add_permission", S3, "Function not found: {}"),
    ("get_policy", {}, NOTHING),
    ("get_policy", {"Qualifier": "1"}, NOTHING),
    ("remove_permission", {"StatementId": "s"}, NOTHING),
    ("put_function_concurrency", {"ReservedConcurrentExecutions": 1}, "Function not found: {}:$LATEST"),
    ("get_function_concurrency", {}, "Function not found: {}"),
    ("list_provisioned_concurrency_configs", {}, "Function not found: {}"),
    ("get_provisioned_concurrency_config", {"Qualifier": "noalias"}, "Cannot find alias arn: {}:noalias"),
    ("delete_provisioned_concurrency_config", {"Qualifier": "1"}, "Function not found: {}:1"),
    ("put_function_event_invoke_config", {"MaximumRetryAttempts": 1}, "The function doesn't exist."),
    ("update_function_event_invoke_config", {"MaximumRetryAttempts": 1}, "The function doesn't exist."),
    ("list_function_event_invoke_configs", {}, "The function doesn't exist."),
    ("get_function_event_invoke_config", {}, "The function {}:$LATEST doesn't have an EventInvokeConfig"),
    ("delete_function_event_invoke_config", {}, "The function {}:$LATEST doesn't have an EventInvokeConfig"),
    ("create_function_url_config", {"AuthType": "NONE"}, "Function does not exist"),
    ("update_function_url_config", {"AuthType": "NONE"}, "Function does not exist"),
    ("list_function_url_configs", {}, "Function does not exist"),
    ("get_function_url_config", {}, NOTHING),
    ("delete_function_url_config", {}, NOTHING),
    ("get_function_code_signing_config", {}, "Function not found: {}"),
    ("delete_function_code_signing_config", {}, "Function not found: {}"),
]


@pytest.mark.parametrize("operation, arguments, text", MISSING_FUNCTION, ids=[f"{row[0]}-{index}" for index, row in enumerate(MISSING_FUNCTION)])
def test_a_function_that_does_not_exist(aws, name, operation, arguments, text):
    answer = refused(lambda: getattr(aws, operation)(FunctionName=name, **arguments), 404, "ResourceNotFoundException", text.format(arn(name)))
    assert answer["Type"] == "User"


def test_versions_and_aliases_that_do_not_exist(aws, functions):
    name = functions()
    assert aws.delete_function(FunctionName=name, Qualifier="1221")["ResponseMetadata"]["HTTPStatusCode"] == 204
    for qualifier, text in (("nobody", f"Cannot find alias arn: {arn(name)}:nobody"), ("42", f"Function not found: {arn(name)}:42"),
                            ("valid-with-$-but-nobody", f"Function not found: {arn(name)}:valid-with-$-but-nobody")):
        refused(lambda: aws.add_permission(FunctionName=name, Qualifier=qualifier, **S3), 404, "ResourceNotFoundException", text)
        refused(lambda: aws.get_policy(FunctionName=name, Qualifier=qualifier), 404, "ResourceNotFoundException", NOTHING)
        refused(lambda: aws.remove_permission(FunctionName=name, Qualifier=qualifier, StatementId="s"), 404, "ResourceNotFoundException", text)
    refused(lambda: aws.remove_permission(FunctionName=name, StatementId="s"), 404, "ResourceNotFoundException",
            "No policy is associated with the given resource.")
    refused(lambda: aws.get_policy(FunctionName=name), 404, "ResourceNotFoundException", NOTHING)
    refused(lambda: aws.update_alias(FunctionName=name, Name="nobody"), 404, "ResourceNotFoundException", f"Alias not found: {arn(name)}:nobody")
    refused(lambda: aws.get_alias(FunctionName=name, Name="nobody"), 404, "ResourceNotFoundException", f"Cannot find alias arn: {arn(name)}:nobody")
    assert aws.delete_alias(FunctionName=name, Name="nobody")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_whatever_may_be_an_alias_is_not_deleted_with_delete_function(aws, functions, name):
    for function in (name, functions()):
        refused(lambda: aws.delete_function(FunctionName=function, Qualifier="nobody"), 400, "InvalidParameterValueException",
                "Deletion of aliases is not currently supported.")


@pytest.mark.parametrize("kind, text", [
    ("function:nobody", "Function not found: {}"),
    ("event-source-mapping:6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa", "Event source mapping not found: {}"),
    ("capacity-provider:nobody", "Capacity provider not found: {}"),
])
def test_tags_of_what_does_not_exist(aws, kind, text):
    resource = lambda_arn(kind)
    for call in (lambda: aws.tag_resource(Resource=resource, Tags={"a": "b"}), lambda: aws.untag_resource(Resource=resource, TagKeys=["a"]),
                 lambda: aws.list_tags(Resource=resource)):
        assert refused(call, 404, "ResourceNotFoundException", text.format(resource))["Type"] == "User"


@pytest.mark.parametrize("kind", ["foobar:x", "event-source-mapping:6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa:alias", "capacity-provider:nobody:alias"])
def test_tags_of_arns_of_another_kind(aws, kind):
    resource = lambda_arn(kind)
    pattern = re.compile(re.escape(f"1 validation error detected: Value '{resource}' at 'resource' failed to satisfy constraint: Member must satisfy "
                                   "regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:") + ".*")
    for call in (lambda: aws.tag_resource(Resource=resource, Tags={"a": "b"}), lambda: aws.untag_resource(Resource=resource, TagKeys=["a"]),
                 lambda: aws.list_tags(Resource=resource)):
        assert "Type" not in refused(call, 400, "ValidationException", pattern)


# --- errors that have no Type -----------------------------------------------------------------------------------------------

def test_errors_that_have_no_type(aws, functions):
    name = functions(Publish=True)
    nowhere = lambda_arn("code-signing-config:csc-00000000000000000")
    missing = f"The Lambda code signing configuration {nowhere} can not be found."
    limit = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
    calls = [
        (lambda: aws.get_code_signing_config(CodeSigningConfigArn=nowhere), 404, "ResourceNotFoundException", missing),
        (lambda: aws.update_code_signing_config(CodeSigningConfigArn=nowhere), 404, "ResourceNotFoundException", missing),
        (lambda: aws.delete_code_signing_config(CodeSigningConfigArn=nowhere), 404, "ResourceNotFoundException", missing),
        (lambda: aws.list_functions_by_code_signing_config(CodeSigningConfigArn=nowhere), 404, "ResourceNotFoundException", missing),
        (lambda: aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=901), 400, "InvalidParameterValueException", limit),
        (lambda: aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2000), 400, "InvalidParameterValueException", limit),
        (lambda: aws.put_provisioned_concurrency_config(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1001), 400,
         "InvalidParameterValueException", "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000]."),
        (lambda: aws.put_provisioned_concurrency_config(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=901), 400,
         "InvalidParameterValueException", "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
                                           "minimum value of [100]."),
        (lambda: aws.create_alias(FunctionName=name, Name="two", FunctionVersion="$LATEST", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}}), 400,
         "InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version"),
    ]
    for call, status, code, text in calls:
        assert "Type" not in refused(call, status, code, text), text
    known = refused(lambda: aws.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=nowhere), 404,
                    "CodeSigningConfigNotFoundException", re.compile("The code signing configuration cannot be found.*"))
    assert known["Type"] == "User"


def test_a_throttle_by_reserved_concurrency_names_no_time(daemon, aws, functions):
    name = functions()
    aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    answer = daemon.raw("POST", FUNCTION.format(name) + "/invocations", {})
    assert (answer.status, answer.code) == (429, "TooManyRequestsException"), answer
    assert answer.json == {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded."}
    assert "retry-after" not in {header.lower() for header in answer.headers}


# --- what is said of wrong values -------------------------------------------------------------------------------------------

KEYS = ("[Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, "
        "Member must satisfy regular expression pattern: [0-9]+, Member must not be null]")
VALUES = "[Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"


@pytest.mark.parametrize("weights, shown, part, constraints", [
    ({"2": 2.0}, "{2=2.0}", "value", VALUES), ({"2": -1}, "{2=-1.0}", "value", VALUES), ({"2": -0.00025}, "{2=-2.5E-4}", "value", VALUES),
    ({"2": 12345678}, "{2=1.2345678E7}", "value", VALUES),
    ({"$LATEST": 0.5}, "{$LATEST=0.5}", "keys", KEYS), ({"live": 1}, "{live=1.0}", "keys", KEYS)])
def test_weights_are_shown_as_doubles(daemon, aws, functions, weights, shown, part, constraints):
    name = functions(Publish=True)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    text = (f"1 validation error detected: Value '{shown}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: "
            f"Map {part} must satisfy constraint: {constraints}")
    routing = {"RoutingConfig": {"AdditionalVersionWeights": weights}}  # SDKs would not send all of them
    aliases = FUNCTION.format(name) + "/aliases"
    for answer in (daemon.raw("POST", aliases, {"Name": "next", "FunctionVersion": "1", **routing}), daemon.raw("PUT", aliases + "/live", routing)):
        assert (answer.status, answer.code, answer.json) == (400, "ValidationException", {"message": text})


def test_lists_of_layers_refuse_what_no_layer_is_for(aws):
    for call in (lambda **more: aws.list_layers(**more), lambda **more: aws.list_layer_versions(LayerName="nobody", **more)):
        refused(lambda: call(CompatibleRuntime="runtimedoesnotexist"), 400, "ValidationException",
                re.compile("1 validation error detected: Value 'runtimedoesnotexist' at 'compatibleRuntime' failed to satisfy constraint: Member must "
                           r"satisfy enum value set: \[.*nasa.*python3\.14.*\]"))
        refused(lambda: call(CompatibleArchitecture="archdoesnotexist"), 400, "ValidationException",
                "1 validation error detected: Value 'archdoesnotexist' at 'compatibleArchitecture' failed to satisfy constraint: Member must satisfy "
                "enum value set: [x86_64, arm64]")
        for runtime in ("python2.7", "nasa", "go1.9", "ruby4.0"):
            call(CompatibleRuntime=runtime)


def test_layers_for_runtimes_that_do_not_exist(aws, name):
    content = {"ZipFile": make_zip({"python/x.py": "x = 1\n"})}
    refused(lambda: aws.publish_layer_version(LayerName=name, Content=content, CompatibleRuntimes=["invalidruntime", "invalidruntime2", "nodejs20.x"]),
            400, "ValidationException",
            re.compile(r"1 validation error detected: Value '\[invalidruntime, invalidruntime2, nodejs20\.x\]' at 'compatibleRuntimes' failed to satisfy "
                       r"constraint: Member must satisfy enum value set: \[.*python3\.14.*\]"))
    refused(lambda: aws.publish_layer_version(LayerName=name, Content=content, CompatibleArchitectures=["invalidarch", "x86_64"]),
            400, "ValidationException",
            "1 validation error detected: Value '[invalidarch, x86_64]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]")
    old = ["nodejs12.x", "python3.7", "java8", "dotnetcore3.1", "go1.x", "ruby2.7", "provided"]
    assert aws.publish_layer_version(LayerName=name, Content=content, CompatibleRuntimes=old)["CompatibleRuntimes"] == old


def test_layers_of_another_region_are_told_first(aws, functions, name):
    there = [lambda_arn("layer:somewhere:1", "eu-west-1")]
    text = f"Layers are not in the same region as the function. Layers are expected to be in region {REGION}."
    for function in (name, functions()):
        refused(lambda: aws.update_function_configuration(FunctionName=function, Layers=there), 400, "InvalidParameterValueException", text)
        refused(lambda: aws.create_function(FunctionName=function, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": ZIP},
                                            Layers=there), 400, "InvalidParameterValueException", text)


@pytest.mark.parametrize("bucket, text", [
    ("nobody-has-this-one", "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist")])
def test_code_that_is_not_in_s3(aws, functions, name, bucket, text):
    code = {"S3Bucket": bucket, "S3Key": "key"}
    refused(lambda: aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code=code), 400,
            "InvalidParameterValueException", text)
    known = functions()
    refused(lambda: aws.update_function_code(FunctionName=known, **code), 400, "InvalidParameterValueException", text)
    refused(lambda: aws.publish_layer_version(LayerName=name, Content=code), 400, "InvalidParameterValueException", text)


TOKENS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize("payload, what, column", [
    (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87", 3),
    (b"\x99\xeb,j\x07\xa1zYh", f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value {TOKENS}", 1),
    (b"test data", f"Unrecognized token 'test': was expecting {TOKENS}", 6)])
def test_payloads_that_are_no_json(daemon, functions, payload, what, column):
    answer = daemon.send("POST", FUNCTION.format(functions()) + "/invocations", payload)
    assert (answer.status, answer.code) == (400, "InvalidRequestContentException")
    assert answer.json == {"Type": "User", "message": f"Could not parse request body into json: Could not parse payload into json: {what}\n at [Source: "
                           f"REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: {column}]"}


# --- members of answers -----------------------------------------------------------------------------------------------------

def test_urls_say_how_they_are_invoked(aws, functions):
    name = functions()
    assert aws.create_function_url_config(FunctionName=name, AuthType="NONE")["InvokeMode"] == "BUFFERED"
    assert aws.get_function_url_config(FunctionName=name)["InvokeMode"] == "BUFFERED"
    assert [url["InvokeMode"] for url in aws.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]] == ["BUFFERED"]
    assert aws.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")["InvokeMode"] == "BUFFERED"
    assert aws.update_function_url_config(FunctionName=name, InvokeMode="RESPONSE_STREAM")["InvokeMode"] == "RESPONSE_STREAM"
    assert aws.get_function_url_config(FunctionName=name)["InvokeMode"] == "RESPONSE_STREAM"


def test_log_levels_stay_unless_the_format_is_given_again(aws, functions):
    name = functions(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN"})
    group = f"/aws/lambda/{name}"
    assert update(aws, name, LoggingConfig={"SystemLogLevel": "DEBUG"})["LoggingConfig"] == {
        "LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "DEBUG", "LogGroup": group}
    assert update(aws, name, LoggingConfig={"LogGroup": "cool"})["LoggingConfig"] == {
        "LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "DEBUG", "LogGroup": "cool"}
    assert update(aws, name, LoggingConfig={"LogFormat": "Text"})["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "cool"}
    assert update(aws, name, LoggingConfig={"LogFormat": "JSON", "LogGroup": group})["LoggingConfig"] == {
        "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": group}


def test_the_log_tail_begins_with_start(aws, functions):
    answer = aws.invoke(FunctionName=functions("print('loading')\ndef handler(event, context): print('handling')\n"), LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith(f"START RequestId: {answer['ResponseMetadata']['RequestId']} Version: $LATEST\n"), tail
    assert "handling" in tail and "INIT_START" not in tail and "REPORT RequestId" in tail, tail


def test_what_a_failed_init_said_comes_before_start(aws, functions):
    answer = aws.invoke(FunctionName=functions("raise ValueError('no handler here')\n"), LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "no handler here" in tail and "INIT_START" not in tail, tail
    assert tail.rindex("INIT_REPORT") < tail.index("START RequestId") < tail.index("REPORT RequestId"), tail
