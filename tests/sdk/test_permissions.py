"""If these fail, somebody may use a function whom its owner has not let in, or tools that grant access see other answers than AWS's."""
import json
import re

import boto3
import pytest

from conftest import ROLE, Functions
from daemon import ACCOUNT, REGION, Daemon
from packages import ECHO, make_zip
from test_errors import refused

STRANGER = "222222222222"
STRANGERS_ROOT = f"arn:aws:iam::{STRANGER}:root"
STALE = "The Revision Id provided does not match the latest Revision Id. Call the {} API to retrieve the latest Revision Id"
S3 = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}


def arn(name, qualifier=None):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")


@pytest.fixture(scope="module")
def stranger(daemon):
    return daemon.client(key=STRANGER)  # in open mode an access key id of 12 digits names the account


def denied(call, action, resource):
    return refused(call, 403, "AccessDeniedException",
                   f"User: {STRANGERS_ROOT} is not authorized to perform: {action} on resource: {resource} "
                   f"because no resource-based policy allows the {action} action")


def statement(answer):
    """As text: the order of members is part of the answer."""
    return answer["Statement"]


def document(aws, name, **qualifier):
    return json.loads(aws.get_policy(FunctionName=name, **qualifier)["Policy"])


# --- AddPermission, GetPolicy, RemovePermission ---------------------------------------------------------------------------

@pytest.mark.parametrize("given, expected", [
    ({"Principal": "s3.amazonaws.com"}, '"Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"ARN"'),
    ({"Principal": STRANGER}, '"Principal":{"AWS":"%s"},"Action":"lambda:InvokeFunction","Resource":"ARN"' % STRANGERS_ROOT),
    ({"Principal": STRANGERS_ROOT}, '"Principal":{"AWS":"%s"},"Action":"lambda:InvokeFunction","Resource":"ARN"' % STRANGERS_ROOT),
    ({"Principal": f"arn:aws:iam::{STRANGER}:role/r"},
     '"Principal":{"AWS":"arn:aws:iam::%s:role/r"},"Action":"lambda:InvokeFunction","Resource":"ARN"' % STRANGER),
    ({"Principal": "*", "Action": "lambda:*"}, '"Principal":"*","Action":"lambda:*","Resource":"ARN"'),
    ({"Principal": "alexa-appkit.amazon.com", "EventSourceToken": "amzn1.ask.skill.1"},
     '"Principal":{"Service":"alexa-appkit.amazon.com"},"Action":"lambda:InvokeFunction","Resource":"ARN",'
     '"Condition":{"StringEquals":{"lambda:EventSourceToken":"amzn1.ask.skill.1"}}'),
    ({"Principal": "s3.amazonaws.com", "SourceAccount": "123456789012", "SourceArn": "arn:aws:s3:::bucket"},
     '"Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"ARN",'
     '"Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}'),
    ({"Principal": "*", "PrincipalOrgID": "o-a1b2c3d4e5f"},
     '"Principal":"*","Action":"lambda:InvokeFunction","Resource":"ARN","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5f"}}'),
    ({"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
     '"Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"ARN","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}'),
    ({"Principal": "*", "InvokedViaFunctionUrl": True},
     '"Principal":"*","Action":"lambda:InvokeFunction","Resource":"ARN","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}'),
])
def test_statements_are_written_as_aws_writes_them(aws, functions, given, expected):
    name = functions()
    if "InvokedViaFunctionUrl" in given and "InvokedViaFunctionUrl" not in aws.meta.service_model.operation_model("AddPermission").input_shape.members:
        pytest.skip("this botocore does not know the member")
    answer = aws.add_permission(FunctionName=name, **{**S3, "StatementId": "one", **given})
    text = '{"Sid":"one","Effect":"Allow",' + expected.replace("ARN", arn(name), 1) + "}"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert statement(answer) == text
    assert aws.get_policy(FunctionName=name)["Policy"] == '{"Version":"2012-10-17","Id":"default","Statement":[' + text + "]}"


def test_the_life_of_a_policy(aws, functions):
    name = functions()
    refused(lambda: aws.get_policy(FunctionName=name), 404, "ResourceNotFoundException", "The resource you requested does not exist.")
    aws.add_permission(FunctionName=name, **S3)
    aws.add_permission(FunctionName=name, **{**S3, "StatementId": "sqs", "Principal": "sqs.amazonaws.com"})
    assert [s["Sid"] for s in document(aws, name)["Statement"]] == ["s3", "sqs"]
    refused(lambda: aws.add_permission(FunctionName=name, **S3), 409, "ResourceConflictException",
            "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.")
    refused(lambda: aws.remove_permission(FunctionName=name, StatementId="none"), 404, "ResourceNotFoundException",
            "Statement none is not found in resource policy.")
    assert aws.remove_permission(FunctionName=name, StatementId="s3")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert [s["Sid"] for s in document(aws, name)["Statement"]] == ["sqs"]
    aws.remove_permission(FunctionName=name, StatementId="sqs")
    refused(lambda: aws.get_policy(FunctionName=name), 404, "ResourceNotFoundException", "The resource you requested does not exist.")
    refused(lambda: aws.remove_permission(FunctionName=name, StatementId="sqs"), 404, "ResourceNotFoundException",
            "No policy is associated with the given resource.")


def test_a_policys_revision(aws, functions):
    name = functions()
    refused(lambda: aws.add_permission(FunctionName=name, RevisionId="wrong", **S3), 412, "PreconditionFailedException", STALE.format("GetPolicy"))
    aws.add_permission(FunctionName=name, **S3)
    added = aws.get_policy(FunctionName=name)["RevisionId"]
    aws.add_permission(FunctionName=name, RevisionId=added, **{**S3, "StatementId": "again"})
    again = aws.get_policy(FunctionName=name)["RevisionId"]
    assert again != added
    for stale in ("wrong", added):
        refused(lambda: aws.remove_permission(FunctionName=name, StatementId="s3", RevisionId=stale), 412, "PreconditionFailedException",
                STALE.format("GetPolicy"))
    aws.remove_permission(FunctionName=name, StatementId="s3", RevisionId=again)
    assert aws.get_policy(FunctionName=name)["RevisionId"] not in (added, again)


def test_versions_and_aliases_have_policies_of_their_own(aws, functions):
    name = functions()
    aws.publish_version(FunctionName=name)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.add_permission(FunctionName=name, **S3)
    assert json.loads(statement(aws.add_permission(FunctionName=name, Qualifier="1", **S3)))["Resource"] == arn(name, "1")
    assert json.loads(statement(aws.add_permission(FunctionName=f"{name}:live", **S3)))["Resource"] == arn(name, "live")
    for qualifier in ("1", "live"):
        assert [s["Resource"] for s in document(aws, name, Qualifier=qualifier)["Statement"]] == [arn(name, qualifier)]
    assert [s["Resource"] for s in document(aws, name)["Statement"]] == [arn(name)]
    assert len({aws.get_policy(FunctionName=name, **which)["RevisionId"] for which in ({}, {"Qualifier": "1"}, {"Qualifier": "live"})}) == 3

    # The policy goes with what it hangs on.
    aws.delete_alias(FunctionName=name, Name="live")
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    refused(lambda: aws.get_policy(FunctionName=name, Qualifier="live"), 404, "ResourceNotFoundException", "The resource you requested does not exist.")
    aws.delete_function(FunctionName=name)
    functions(name=name)
    refused(lambda: aws.get_policy(FunctionName=name), 404, "ResourceNotFoundException", "The resource you requested does not exist.")


@pytest.mark.parametrize("principal", ["nobody", "1234567890", "arn:aws:iam::222222222222:user/*", "arn:aws:s3:::bucket", "arn:aws:iam::22:root",
                                       "http://x", ".amazonaws.com"])
def test_principals_that_are_none(aws, functions, principal):
    name = functions()
    refused(lambda: aws.add_permission(FunctionName=name, **{**S3, "Principal": principal}), 400, "InvalidParameterValueException",
            "The provided principal was invalid. Please check the principal and try again.")


def test_what_add_permission_refuses(aws, functions, name):
    existing = functions()
    add = lambda **changes: lambda: aws.add_permission(**{"FunctionName": existing, **S3, **changes})  # noqa: E731
    refused(add(Qualifier="$LATEST"), 400, "InvalidParameterValueException", "We currently do not support adding policies for $LATEST.")
    refused(add(FunctionName=name), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}")
    refused(add(Qualifier="7"), 404, "ResourceNotFoundException", f"Function not found: {arn(existing, '7')}")
    refused(add(Qualifier="nothing"), 404, "ResourceNotFoundException", f"Cannot find alias arn: {arn(existing, 'nothing')}")
    refused(add(FunctionUrlAuthType="NONE"), 400, "InvalidParameterValueException",
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    refused(add(StatementId="a.b"), 400, "ValidationException", re.compile("1 validation error detected: Value 'a.b' at 'statementId' .*"))
    refused(add(Action="s3:GetObject"), 400, "ValidationException", re.compile("1 validation error detected: Value 's3:GetObject' at 'action' .*"))
    refused(lambda: aws.get_policy(FunctionName=name), 404, "ResourceNotFoundException", "The resource you requested does not exist.")
    refused(lambda: aws.remove_permission(FunctionName=name, StatementId="s3"), 404, "ResourceNotFoundException",
            "The resource you requested does not exist.")


def test_a_policy_ends_at_20480_bytes(aws, functions):
    name = functions()
    for number in range(100):
        try:
            aws.add_permission(FunctionName=name, **{**S3, "StatementId": f"{number:0100}", "SourceArn": "arn:aws:s3:::" + "b" * 200})
        except aws.exceptions.PolicyLengthExceededException as refusal:
            answer = refusal.response
            break
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    size = int(re.fullmatch(r"The final policy size \((\d+)\) is bigger than the limit \(20480\)\.", answer["Error"]["Message"])[1])
    kept = aws.get_policy(FunctionName=name)["Policy"]
    assert len(kept) <= 20480 < size


def test_permission_may_be_added_while_a_function_is_pending(aws, functions):
    names = [functions(wait=False) for _ in range(10)]
    for name in names:
        aws.add_permission(FunctionName=name, **S3)
    for name in names:
        aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
        assert [s["Sid"] for s in document(aws, name)["Statement"]] == ["s3"]


# --- across accounts ------------------------------------------------------------------------------------------------------

def test_a_stranger_is_refused_everything(aws, functions, stranger):
    name = functions()
    aws.publish_version(FunctionName=name)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    target = arn(name)
    calls = {
        "lambda:InvokeFunction": lambda n: stranger.invoke(FunctionName=n),
        "lambda:GetFunction": lambda n: stranger.get_function(FunctionName=n),
        "lambda:GetFunctionConfiguration": lambda n: stranger.get_function_configuration(FunctionName=n),
        "lambda:UpdateFunctionCode": lambda n: stranger.update_function_code(FunctionName=n, ZipFile=make_zip(ECHO)),
        "lambda:UpdateFunctionConfiguration": lambda n: stranger.update_function_configuration(FunctionName=n, Timeout=9),
        "lambda:DeleteFunction": lambda n: stranger.delete_function(FunctionName=n),
        "lambda:PublishVersion": lambda n: stranger.publish_version(FunctionName=n),
        "lambda:ListVersionsByFunction": lambda n: stranger.list_versions_by_function(FunctionName=n),
        "lambda:CreateAlias": lambda n: stranger.create_alias(FunctionName=n, Name="x", FunctionVersion="1"),
        "lambda:GetAlias": lambda n: stranger.get_alias(FunctionName=n, Name="live"),
        "lambda:ListAliases": lambda n: stranger.list_aliases(FunctionName=n),
        "lambda:UpdateAlias": lambda n: stranger.update_alias(FunctionName=n, Name="live", Description="x"),
        "lambda:DeleteAlias": lambda n: stranger.delete_alias(FunctionName=n, Name="live"),
        "lambda:AddPermission": lambda n: stranger.add_permission(FunctionName=n, **S3),
        "lambda:GetPolicy": lambda n: stranger.get_policy(FunctionName=n),
        "lambda:RemovePermission": lambda n: stranger.remove_permission(FunctionName=n, StatementId="s3"),
        "lambda:CreateFunction": lambda n: stranger.create_function(FunctionName=n, Runtime="python3.11", Handler="index.handler", Role=ROLE,
                                                                     Code={"ZipFile": make_zip(ECHO)}),
    }
    for action, call in calls.items():
        denied(lambda: call(target), action, target)  # noqa: B023
        denied(lambda: call(f"{ACCOUNT}:function:{name}"), action, target)  # noqa: B023
    # What does not exist is not told either.
    denied(lambda: stranger.invoke(FunctionName=arn("nothing")), "lambda:InvokeFunction", arn("nothing"))
    denied(lambda: stranger.invoke(FunctionName=arn(name, "live")), "lambda:InvokeFunction", arn(name, "live"))
    refused(lambda: stranger.get_function(FunctionName=name), 404, "ResourceNotFoundException",
            f"Function not found: arn:aws:lambda:{REGION}:{STRANGER}:function:{name}")


def test_every_operation_about_functions_is_refused_to_strangers(daemon):
    """Whatever the model says is about a function: none may be forgotten."""
    target = arn("somebodys").replace(":", "%3A")
    model = boto3.client("lambda", region_name=REGION).meta.service_model
    seen = 0
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        path = operation.http["requestUri"]
        if "{FunctionName}" not in path:
            continue
        path = path.replace("{FunctionName}", target).replace("{Name}", "live").replace("{StatementId}", "s1")
        path += ("&" if "?" in path else "?") + "Qualifier=live"
        answer = daemon.raw(operation.http["method"], path, COMPLETE, sign=(STRANGER, "test"))
        assert answer.status in (403, 501), (operation_name, answer)
        seen += answer.status == 403
    assert seen >= 15


COMPLETE = {"Name": "x", "FunctionVersion": "1", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*", "AuthType": "NONE",
            "ReservedConcurrentExecutions": 1, "ProvisionedConcurrentExecutions": 1, "UpdateRuntimeOn": "Auto", "RecursiveLoop": "Allow",
            "CodeSigningConfigArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"}


def test_a_policy_lets_a_stranger_in(aws, functions, stranger):
    name = functions()
    aws.publish_version(FunctionName=name)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.add_permission(FunctionName=name, StatementId="invoke", Action="lambda:InvokeFunction", Principal=STRANGER)
    answer = stranger.invoke(FunctionName=arn(name), Payload=b'{"a":1}')
    assert answer["StatusCode"] == 200 and json.loads(answer["Payload"].read())["a"] == 1
    # That function, that action, that qualifier.
    denied(lambda: stranger.get_function(FunctionName=arn(name)), "lambda:GetFunction", arn(name))
    for qualifier in ("1", "live", "$LATEST"):
        denied(lambda: stranger.invoke(FunctionName=arn(name, qualifier)), "lambda:InvokeFunction", arn(name, qualifier))  # noqa: B023
    aws.add_permission(FunctionName=name, Qualifier="live", StatementId="invoke", Action="lambda:InvokeFunction", Principal=STRANGERS_ROOT)
    assert stranger.invoke(FunctionName=arn(name, "live"))["ExecutedVersion"] == "1"
    assert stranger.invoke(FunctionName=arn(name), Qualifier="live")["ExecutedVersion"] == "1"
    aws.remove_permission(FunctionName=name, StatementId="invoke")
    denied(lambda: stranger.invoke(FunctionName=arn(name)), "lambda:InvokeFunction", arn(name))


def test_all_actions_do_not_mean_those_that_aws_keeps_to_the_owner(aws, functions, stranger):
    name = functions()
    aws.add_permission(FunctionName=name, StatementId="all", Action="lambda:*", Principal=STRANGER)
    assert stranger.get_function(FunctionName=arn(name))["Configuration"]["FunctionArn"] == arn(name)
    assert stranger.get_policy(FunctionName=arn(name))["Policy"]
    denied(lambda: stranger.add_permission(FunctionName=arn(name), **S3), "lambda:AddPermission", arn(name))
    denied(lambda: stranger.update_function_configuration(FunctionName=arn(name), Timeout=9), "lambda:UpdateFunctionConfiguration", arn(name))


@pytest.mark.parametrize("condition, allowed", [
    ({"StringEquals": {"aws:PrincipalAccount": STRANGER}}, True),
    ({"StringNotEquals": {"aws:PrincipalAccount": STRANGER}}, False),
    ({"StringEquals": {"AWS:SourceAccount": "123456789012"}}, False),
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    ({"Null": {"aws:PrincipalOrgID": "true"}}, True),
    ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STRANGER}:*"}}, True),
])
def test_conditions_count(daemon, functions, stranger, condition, allowed):
    name = functions()
    put_policy(daemon, name, [{"Effect": "Allow", "Principal": "*", "Action": "lambda:GetFunction", "Resource": "*", "Condition": condition}])
    if allowed:
        assert stranger.get_function(FunctionName=arn(name))
    else:
        denied(lambda: stranger.get_function(FunctionName=arn(name)), "lambda:GetFunction", arn(name))


# --- GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy (newer than botocore: over plain HTTP) --------------------

def resource_policy(daemon, method, name, body=None, query="", qualifier=None, account=ACCOUNT):
    path = "/2026-07-09/resource-policy/" + arn(name, qualifier).replace(":", "%3A") + query
    return daemon.raw(method, path, body or b"", sign=(account, "test"))


def put_policy(daemon, name, statements, qualifier=None, **more):
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    answer = resource_policy(daemon, "PUT", name, {"Policy": policy, **more}, qualifier=qualifier)
    assert answer.status == 200, answer
    assert answer.json["Policy"] == policy
    return answer.json


ALLOW_ALL = {"Sid": "all", "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "lambda:*", "Resource": "*"}


def test_the_life_of_a_resource_policy(aws, daemon, functions):
    name = functions()
    missing = resource_policy(daemon, "GET", name)
    assert (missing.status, missing.code, missing.json["Message"]) == (404, "ResourceNotFoundException", "The resource you requested does not exist.")
    aws.add_permission(FunctionName=name, **S3)
    shown = resource_policy(daemon, "GET", name).json
    assert shown["Policy"] == aws.get_policy(FunctionName=name)["Policy"]
    put = put_policy(daemon, name, [ALLOW_ALL], RevisionId=shown["RevisionId"])
    assert put["RevisionId"] == aws.get_policy(FunctionName=name)["RevisionId"] != shown["RevisionId"]
    assert resource_policy(daemon, "GET", name).json == put
    stale = resource_policy(daemon, "PUT", name, {"Policy": put["Policy"], "RevisionId": shown["RevisionId"]})
    assert (stale.status, stale.code, stale.json["message"]) == (412, "PreconditionFailedException", STALE.format("GetResourcePolicy"))
    # Both families of operations work on one policy.
    aws.add_permission(FunctionName=name, **S3)
    assert [s["Sid"] for s in document(aws, name)["Statement"]] == ["all", "s3"]
    aws.remove_permission(FunctionName=name, StatementId="all")
    assert [s["Sid"] for s in document(aws, name)["Statement"]] == ["s3"]
    assert resource_policy(daemon, "DELETE", name, query=f"?RevisionId={put['RevisionId']}").status == 412
    assert resource_policy(daemon, "DELETE", name).status == 204
    assert resource_policy(daemon, "GET", name).status == 404
    gone = resource_policy(daemon, "DELETE", name)
    assert (gone.status, gone.json["Message"]) == (404, "No policy is associated with the given resource.")


def test_a_single_statement_can_be_added_to(aws, daemon, functions):
    name = functions()
    policy = json.dumps({"Statement": ALLOW_ALL})
    assert resource_policy(daemon, "PUT", name, {"Policy": policy}).status == 200
    aws.add_permission(FunctionName=name, **S3)
    assert [s["Sid"] for s in document(aws, name)["Statement"]] == ["all", "s3"]


@pytest.mark.parametrize("policy, message", [
    ("no json", "This policy contains invalid Json"),
    (json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW_ALL, "Principal": {"AWS": "nobody"}}]}),
     'Invalid principal in policy: "AWS":"nobody"'),
    (json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL, {"Effect": "Deny"}]}), "Missing required field Principal (statement 2)"),
])
def test_documents_that_are_no_policy(daemon, functions, policy, message):
    name = functions()
    answer = resource_policy(daemon, "PUT", name, {"Policy": policy})
    assert (answer.status, answer.code, answer.json["message"]) == (400, "InvalidParameterValueException", message)


def test_what_resource_policies_refuse(daemon, functions, name):
    existing = functions()
    policy = {"Policy": json.dumps({"Statement": ALLOW_ALL})}
    for method, body in (("GET", None), ("PUT", policy), ("DELETE", None)):
        answer = resource_policy(daemon, method, name, body)
        assert (answer.status, answer.json["Message"]) == (404, f"Function not found: {arn(name)}"), method
        stranger = resource_policy(daemon, method, existing, body, account=STRANGER)
        assert (stranger.status, stranger.code) == (403, "AccessDeniedException"), method
    answer = resource_policy(daemon, "PUT", existing, policy, qualifier="$LATEST")
    assert (answer.status, answer.json["message"]) == (400, "We currently do not support adding policies for $LATEST.")
    answer = resource_policy(daemon, "PUT", existing, {"Policy": "x" * 20481})
    assert (answer.status, answer.code) == (400, "ValidationException")


def test_a_deny_counts_in_the_own_account(aws, daemon, functions, stranger):
    name = functions()
    put_policy(daemon, name, [ALLOW_ALL, {"Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn(name)}])
    for client, who in ((aws, f"arn:aws:iam::{ACCOUNT}:root"), (stranger, STRANGERS_ROOT)):
        refused(lambda: client.invoke(FunctionName=arn(name)), 403, "AccessDeniedException",  # noqa: B023
                f"User: {who} is not authorized to perform: lambda:InvokeFunction on resource: {arn(name)} "
                "with an explicit deny in a resource-based policy")
        assert client.get_function(FunctionName=arn(name))
    refused(lambda: aws.invoke(FunctionName=name), 403, "AccessDeniedException", re.compile(".* with an explicit deny in a resource-based policy"))


def test_a_policy_that_denies_everything_does_not_lock_out_the_owner(aws, daemon, functions):
    name = functions()
    put_policy(daemon, name, [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}])
    for call in (aws.invoke, aws.get_function, aws.delete_function, aws.get_policy):
        refused(lambda: call(FunctionName=name), 403, "AccessDeniedException", re.compile(".* with an explicit deny in a resource-based policy"))  # noqa: B023
    assert resource_policy(daemon, "GET", name).status == 200
    assert resource_policy(daemon, "DELETE", name, account=STRANGER).status == 403
    put_policy(daemon, name, [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}])
    assert resource_policy(daemon, "DELETE", name).status == 204
    assert aws.get_function(FunctionName=name)


def test_the_members_of_an_organization():
    with Daemon("--organization", f"o-a1b2c3d4e5f={STRANGER},555566667777") as daemon:
        aws = daemon.client("lambda")
        name = Functions(aws)()
        aws.add_permission(FunctionName=name, StatementId="org", Action="lambda:InvokeFunction", Principal="*", PrincipalOrgID="o-a1b2c3d4e5f")
        assert daemon.client(key=STRANGER).invoke(FunctionName=arn(name))["StatusCode"] == 200
        refused(lambda: daemon.client(key="888899990000").invoke(FunctionName=arn(name)), 403, "AccessDeniedException",
                re.compile(".* because no resource-based policy allows the lambda:InvokeFunction action"))


def test_the_functions_policy_may_cover_its_versions(aws, daemon, functions, stranger):
    name = functions()
    aws.publish_version(FunctionName=name)
    put_policy(daemon, name, [{**ALLOW_ALL, "Resource": arn(name, "*")}])
    assert stranger.invoke(FunctionName=arn(name, "1"))["StatusCode"] == 200
    denied(lambda: stranger.invoke(FunctionName=arn(name)), "lambda:InvokeFunction", arn(name))


# --- durability -----------------------------------------------------------------------------------------------------------

def test_policies_survive_a_restart():
    with Daemon() as daemon:
        aws = daemon.client("lambda")
        aws.create_function(FunctionName="kept", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})
        aws.get_waiter("function_active_v2").wait(FunctionName="kept")
        aws.add_permission(FunctionName="kept", StatementId="get", Action="lambda:GetFunction", Principal=STRANGER)
        before = aws.get_policy(FunctionName="kept")
        daemon.stop()
        with Daemon(data_dir=daemon.data_dir) as daemon:
            aws = daemon.client("lambda")
            after = aws.get_policy(FunctionName="kept")
            assert (after["Policy"], after["RevisionId"]) == (before["Policy"], before["RevisionId"])
            stranger = daemon.client(key=STRANGER)
            assert stranger.get_function(FunctionName=arn("kept"))
            denied(lambda: stranger.invoke(FunctionName=arn("kept")), "lambda:InvokeFunction", arn("kept"))
