"""If these fail, applications cannot keep their secrets in Mayfly as in AWS Secrets Manager, functions do not rotate them, or they lie open."""
import itertools
import json
import os
import re
import subprocess
import sys
import uuid

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_sts import refused

counter = itertools.count()

# The four steps as AWS's own examples take them.
ROTATOR = """
import boto3
client = boto3.client("secretsmanager")
def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if token not in versions:
        raise ValueError("no version " + token)
    if "AWSCURRENT" in versions[token]:
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError("the version is not pending")
    if step == "createSecret":
        client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        try:
            client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except client.exceptions.ResourceNotFoundException:
            password = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
            client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"])
    if step == "testSecret" and "fails" in client.get_secret_value(SecretId=arn)["SecretString"]:
        raise RuntimeError("it does not work")
    if step == "finishSecret":
        for version, stages in versions.items():
            if "AWSCURRENT" in stages:
                client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=version)
"""


@pytest.fixture
def client(daemon):
    return daemon.client("secretsmanager")


@pytest.fixture
def name(client):
    """The name of a secret that no other test uses."""
    name = f"test/{os.getpid()}/{next(counter)}"
    yield name
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def token(number=0):
    return str(uuid.UUID(int=number))


def test_a_secret_and_what_is_told_of_it(client, name):
    made = client.create_secret(Name=name, Description="mine", SecretString="one", ClientRequestToken=token(1), Tags=[{"Key": "a", "Value": "b"}])
    assert re.fullmatch(rf"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-[A-Za-z0-9]{{6}}", made["ARN"])
    assert (made["Name"], made["VersionId"]) == (name, token(1))
    read = client.get_secret_value(SecretId=name)
    assert read.pop("CreatedDate") and read.pop("ResponseMetadata")
    assert read == {"ARN": made["ARN"], "Name": name, "VersionId": token(1), "SecretString": "one", "VersionStages": ["AWSCURRENT"]}
    for form in (made["ARN"], made["ARN"][:-7]):
        assert client.get_secret_value(SecretId=form)["SecretString"] == "one"
    shown = client.describe_secret(SecretId=name)
    assert shown["VersionIdsToStages"] == {token(1): ["AWSCURRENT"]} and shown["Tags"] == [{"Key": "a", "Value": "b"}]
    assert shown["LastAccessedDate"].hour == 0 and shown["Description"] == "mine" and "RotationEnabled" not in shown and "KmsKeyId" not in shown
    client.tag_resource(SecretId=name, Tags=[{"Key": "c", "Value": "d"}])
    client.untag_resource(SecretId=name, TagKeys=["a"])
    assert client.describe_secret(SecretId=name)["Tags"] == [{"Key": "c", "Value": "d"}]


def test_versions_and_stages(client, name):
    client.create_secret(Name=name, SecretString="1", ClientRequestToken=token(1))
    answer = client.put_secret_value(SecretId=name, SecretString="2", ClientRequestToken=token(2))
    assert (answer["VersionId"], answer["VersionStages"]) == (token(2), ["AWSCURRENT"])
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "1"
    client.put_secret_value(SecretId=name, SecretString="3", ClientRequestToken=token(3), VersionStages=["mine"])
    assert client.get_secret_value(SecretId=name)["SecretString"] == "2"
    assert client.get_secret_value(SecretId=name, VersionId=token(3))["VersionStages"] == ["mine"]
    client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", RemoveFromVersionId=token(2), MoveToVersionId=token(3))
    assert client.describe_secret(SecretId=name)["VersionIdsToStages"] == {token(2): ["AWSPREVIOUS"], token(3): ["mine", "AWSCURRENT"]}
    listed = client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert [one["VersionId"] for one in listed] == [token(1), token(2), token(3)] and "VersionStages" not in listed[0]
    assert [one["VersionId"] for one in client.list_secret_version_ids(SecretId=name)["Versions"]] == [token(2), token(3)]
    with refused("ResourceNotFoundException") as how:
        client.get_secret_value(SecretId=name, VersionStage="none")
    assert how.text == "Secrets Manager can't find the specified secret value for staging label: none"
    with refused("ResourceNotFoundException") as how:
        client.get_secret_value(SecretId=name, VersionId=token(9))
    assert how.text == f"Secrets Manager can't find the specified secret value for VersionId: {token(9)}"
    with refused("InvalidRequestException") as how:
        client.get_secret_value(SecretId=name, VersionId=token(3), VersionStage="AWSPREVIOUS")
    assert how.text == "You provided a VersionStage that is not associated to the provided VersionId."
    with refused("InvalidParameterException"):
        client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=token(2))
    with refused("InvalidParameterException"):
        client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", RemoveFromVersionId=token(3))


def test_a_call_that_is_made_again(client, name):
    first = client.create_secret(Name=name, SecretString="1", ClientRequestToken=token(1))
    assert client.create_secret(Name=name, SecretString="1", ClientRequestToken=token(1))["ARN"] == first["ARN"]
    with refused("ResourceExistsException") as how:
        client.create_secret(Name=name, SecretString="1", ClientRequestToken=token(2))
    assert how.text == f"The operation failed because the secret {name} already exists."
    client.put_secret_value(SecretId=name, SecretString="2", ClientRequestToken=token(2))
    client.put_secret_value(SecretId=name, SecretString="2", ClientRequestToken=token(2))
    with refused("ResourceExistsException"):
        client.put_secret_value(SecretId=name, SecretString="other", ClientRequestToken=token(2))
    assert len(client.list_secret_version_ids(SecretId=name)["Versions"]) == 2


def test_updates_and_binary_values(client, name, daemon):
    client.create_secret(Name=name)
    with refused("ResourceNotFoundException") as how:
        client.get_secret_value(SecretId=name)
    assert how.text == "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
    client.update_secret(SecretId=name, SecretBinary=b"\x00\xff", Description="new")
    read = client.get_secret_value(SecretId=name)
    assert read["SecretBinary"] == b"\x00\xff" and "SecretString" not in read
    key = daemon.client("kms").create_key()["KeyMetadata"]
    client.update_secret(SecretId=name, KmsKeyId=key["KeyId"])
    assert client.describe_secret(SecretId=name)["KmsKeyId"] == key["KeyId"]
    assert client.get_secret_value(SecretId=name)["SecretBinary"] == b"\x00\xff"
    daemon.client("kms").disable_key(KeyId=key["KeyId"])
    with refused("DecryptionFailure"):
        client.get_secret_value(SecretId=name)
    with refused("EncryptionFailure"):
        client.put_secret_value(SecretId=name, SecretString="x")
    with refused("InvalidRequestException") as how:
        client.put_secret_value(SecretId=name)
    assert how.text == "You must provide either SecretString or SecretBinary."
    with refused("InvalidParameterException"):
        client.put_secret_value(SecretId=name, SecretString="x", SecretBinary=b"x")


def test_deleting_and_restoring(client, name):
    arn = client.create_secret(Name=name, SecretString="x")["ARN"]
    for wrong, text in (({"RecoveryWindowInDays": 6}, "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."),
                        ({"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
                         "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")):
        with refused("InvalidParameterException") as how:
            client.delete_secret(SecretId=name, **wrong)
        assert how.text == text
    answer = client.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert answer["ARN"] == arn
    with refused("InvalidRequestException") as how:
        client.get_secret_value(SecretId=name)
    assert how.text == "You can't perform this operation on the secret because it was marked for deletion."
    with refused("InvalidRequestException") as how:
        client.create_secret(Name=name)
    assert how.text == "You can't create this secret because a secret with this name is already scheduled for deletion."
    assert client.describe_secret(SecretId=name)["DeletedDate"]
    of_test = [{"Key": "name", "Values": [name]}]
    assert client.list_secrets(Filters=of_test)["SecretList"] == []
    assert [one["ARN"] for one in client.list_secrets(Filters=of_test, IncludePlannedDeletion=True)["SecretList"]] == [arn]
    assert client.restore_secret(SecretId=name)["ARN"] == arn
    assert client.get_secret_value(SecretId=name)["SecretString"] == "x"
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException") as how:
        client.describe_secret(SecretId=name)
    assert how.text == "Secrets Manager can't find the specified secret."
    assert client.create_secret(Name=name)["ARN"] != arn


def test_lists_and_filters(client, name):
    names = [f"{name}/{letter}" for letter in "abc"]
    for each in names:
        client.create_secret(Name=each, Description=f"About {each[-1]}", SecretString=each[-1], Tags=[{"Key": f"key-{each[-1]}", "Value": "yes"}])

    def found(*filters, **more):
        return [one["Name"][-1] for one in client.list_secrets(Filters=[{"Key": "name", "Values": [name]}, *filters], SortBy="name", SortOrder="asc", **more)["SecretList"]]
    assert found() == ["a", "b", "c"]
    assert found({"Key": "tag-key", "Values": ["key-b"]}) == ["b"]
    assert found({"Key": "tag-value", "Values": ["!yes"]}) == []
    assert found({"Key": "description", "Values": ["ABOUT C"]}) == ["c"]
    assert found({"Key": "name", "Values": [f"!{name}/a"]}) == ["b", "c"]
    assert found({"Key": "all", "Values": ["about key-a"]}) == ["a"]
    pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [name]}], PaginationConfig={"PageSize": 2})
    assert [len(page["SecretList"]) for page in pages] == [2, 1]
    batch = client.batch_get_secret_value(SecretIdList=[names[1], "none"])
    assert [one["SecretString"] for one in batch["SecretValues"]] == ["b"]
    assert batch["Errors"] == [{"SecretId": "none", "ErrorCode": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}]
    batch = client.batch_get_secret_value(Filters=[{"Key": "name", "Values": [name]}])
    assert {one["SecretString"] for one in batch["SecretValues"]} == {"a", "b", "c"} and batch["Errors"] == []
    with refused("InvalidParameterException"):
        client.batch_get_secret_value()
    for each in names:
        client.delete_secret(SecretId=each, ForceDeleteWithoutRecovery=True)


def test_passwords(client):
    def password(**rules):
        return client.get_random_password(**rules)["RandomPassword"]
    made = password()
    assert len(made) == 32 and all(re.search(kind, made) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
    assert re.fullmatch("[0-9]{100}", password(PasswordLength=100, ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True))
    assert not set("abc") & set(password(PasswordLength=4096, ExcludeCharacters="abc"))
    assert " " in password(PasswordLength=5, IncludeSpace=True)
    with refused("InvalidParameterException"):
        password(PasswordLength=3)
    assert len(password(PasswordLength=3, RequireEachIncludedType=False)) == 3
    with refused("InvalidParameterException"):
        password(ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True, ExcludeNumbers=True)


def test_policies(client, name):
    arn = client.create_secret(Name=name)["ARN"]
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId=name)

    def policy(principal):
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
    own = policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    assert client.put_resource_policy(SecretId=name, ResourcePolicy=own, BlockPublicPolicy=True)["ARN"] == arn
    assert client.get_resource_policy(SecretId=name)["ResourcePolicy"] == own
    with refused("PublicPolicyException"):
        client.put_resource_policy(SecretId=name, ResourcePolicy=policy("*"), BlockPublicPolicy=True)
    with refused("MalformedPolicyDocumentException") as how:
        client.put_resource_policy(SecretId=name, ResourcePolicy="{}")
    assert how.text == "This resource policy contains a syntax error."
    assert client.validate_resource_policy(ResourcePolicy=own)["PolicyValidationPassed"]
    assert not client.validate_resource_policy(SecretId=name, ResourcePolicy=policy("*"))["PolicyValidationPassed"]
    client.delete_resource_policy(SecretId=name)
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId=name)


def test_another_account_needs_a_policy(client, name, daemon):
    other = daemon.client("secretsmanager", key="111122223333")
    arn = client.create_secret(Name=name, SecretString="x")["ARN"]
    with refused("AccessDeniedException"):
        other.get_secret_value(SecretId=arn)
    with refused("ResourceNotFoundException"):
        other.get_secret_value(SecretId=name)
    # With one, and a key whose policy lets the other account use it, too.
    kms = daemon.client("kms")
    allow = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allow, {**allow, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]}
    client.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(policy))
    with refused("AccessDeniedException") as how:  # AWS's own key is for its account
        other.get_secret_value(SecretId=arn)
    assert how.text == "Access to KMS is not allowed"
    key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    client.update_secret(SecretId=name, KmsKeyId=key)
    assert other.get_secret_value(SecretId=arn)["SecretString"] == "x"
    other.put_secret_value(SecretId=arn, SecretString="y")
    assert client.get_secret_value(SecretId=name)["SecretString"] == "y"


def rotator(aws, functions, **settings):
    function = functions(ROTATOR, Timeout=30, **settings)
    arn = aws.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    return function, arn


def permit(aws, function):
    aws.add_permission(FunctionName=function, StatementId="rotate", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com")


def value_of(client, name):
    return client.get_secret_value(SecretId=name)["SecretString"]


def test_a_function_rotates_a_secret(client, name, aws, functions):
    client.create_secret(Name=name, SecretString="first")
    function, arn = rotator(aws, functions)
    with refused("InvalidRequestException") as how:
        client.rotate_secret(SecretId=name)
    assert how.text == "No Lambda rotation function ARN is associated with this secret."
    with refused("AccessDeniedException") as how:
        client.rotate_secret(SecretId=name, RotationLambdaARN=arn)
    assert how.text.startswith("Secrets Manager cannot invoke the specified Lambda function.")
    permit(aws, function)
    answer = client.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30}, ClientRequestToken=token(7))
    assert answer["VersionId"] == token(7)
    wait_until(lambda: "LastRotatedDate" in client.describe_secret(SecretId=name), 60, "the secret has not been rotated")
    shown = client.describe_secret(SecretId=name)
    assert shown["RotationEnabled"] and shown["RotationLambdaARN"] == arn and shown["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert shown["VersionIdsToStages"][token(7)] == ["AWSCURRENT"] and shown["NextRotationDate"]
    assert re.fullmatch("[A-Za-z0-9]{32}", value_of(client, name))
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    client.cancel_rotate_secret(SecretId=name)
    shown = client.describe_secret(SecretId=name)
    assert shown["RotationEnabled"] is False and "NextRotationDate" not in shown


def test_a_rotation_that_fails_is_taken_up(client, name, aws, functions):
    client.create_secret(Name=name, SecretString="fails", ClientRequestToken=token(1))
    function, arn = rotator(aws, functions)
    permit(aws, function)
    client.rotate_secret(SecretId=name, RotationLambdaARN=arn, ClientRequestToken=token(2))

    def pending():
        return client.describe_secret(SecretId=name)["VersionIdsToStages"].get(token(2)) == ["AWSPENDING"]

    def has_value():
        try:
            return client.get_secret_value(SecretId=name, VersionId=token(2))
        except client.exceptions.ResourceNotFoundException:
            return None
    wait_until(has_value, 60, "the function has made no value")
    assert pending() and value_of(client, name) == "fails"
    client.put_secret_value(SecretId=name, SecretString="works", ClientRequestToken=token(3))

    def again():
        with refused("InvalidRequestException") as how:
            client.rotate_secret(SecretId=name, ClientRequestToken=token(4))
        assert how.text == "A previous rotation isn't complete. That rotation will be reattempted."
        return client.describe_secret(SecretId=name)["VersionIdsToStages"].get(token(2)) != ["AWSPENDING"]
    again()
    wait_until(lambda: "LastRotatedDate" in client.describe_secret(SecretId=name), 60, "the rotation has not been taken up")
    assert client.describe_secret(SecretId=name)["VersionIdsToStages"][token(2)] == ["AWSCURRENT"]


def test_a_schedule_is_checked(client, name, aws, functions):
    client.create_secret(Name=name, SecretString="x")
    function, arn = rotator(aws, functions)
    permit(aws, function)
    for wrong in ("rate(1 hour)", "nothing", "cron(0 * * * ? *)"):
        with refused("InvalidParameterException"):
            client.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"ScheduleExpression": wrong})
    answer = client.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"},
                                  RotateImmediately=False)
    assert "VersionId" not in answer
    assert client.describe_secret(SecretId=name)["NextRotationDate"].day == 1
    wait_until(lambda: len(client.describe_secret(SecretId=name)["VersionIdsToStages"]) == 1, 60, "the test has not ended")
    assert value_of(client, name) == "x"


def test_times_and_restarts(tmp_path):
    """Secrets rotate and go by the calendar, and are there after a restart."""
    from conftest import Functions
    with Daemon() as daemon:
        client, aws = daemon.client("secretsmanager"), daemon.client("lambda")
        client.create_secret(Name="kept", SecretString="first")
        client.create_secret(Name="gone", SecretString="x")
        client.delete_secret(SecretId="gone", RecoveryWindowInDays=7)
        functions = Functions(aws)
        function, arn = rotator(aws, functions)
        permit(aws, function)
        client.rotate_secret(SecretId="kept", RotationLambdaARN=arn, RotationRules={"ScheduleExpression": "rate(10 days)"}, RotateImmediately=False)
        wait_until(lambda: len(client.describe_secret(SecretId="kept")["VersionIdsToStages"]) == 1, 60, "the test has not ended")
        assert value_of(client, "kept") == "first"
        daemon.advance(11 * 86400)
        wait_until(lambda: value_of(client, "kept") != "first", 60, "the secret has not been rotated by its schedule")
        wait_until(lambda: "LastRotatedDate" in client.describe_secret(SecretId="kept"), 60, "the rotation has not ended")
        with refused("ResourceNotFoundException"):
            client.describe_secret(SecretId="gone")
        second = value_of(client, "kept")
        daemon.stop()
        daemon.start()
        assert value_of(daemon.client("secretsmanager"), "kept") == second


def test_from_the_command_line(client, name, daemon):
    def aws(*words):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", daemon.url, "--region", REGION, "secretsmanager", *words]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout or b"{}")
    aws("create-secret", "--name", name, "--secret-string", '{"user":"me"}')
    assert aws("get-secret-value", "--secret-id", name)["SecretString"] == '{"user":"me"}'


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("by", ["name", "created-date"])
def test_a_page_goes_on_where_it_ended_when_others_have_gone(client, by, order):
    """A secret that is deleted between two pages makes another one be passed over."""
    base = f"paged-{by}-{order}-"
    for letter in "abcd":
        client.create_secret(Name=base + letter, SecretString="s")
    asked = {"Filters": [{"Key": "name", "Values": [base]}], "SortBy": by, "SortOrder": order}
    first = client.list_secrets(MaxResults=2, **asked)
    shown = [one["Name"][-1] for one in first["SecretList"]]
    client.delete_secret(SecretId=base + shown[0], ForceDeleteWithoutRecovery=True)
    rest = [one["Name"][-1] for one in client.list_secrets(NextToken=first["NextToken"], **asked)["SecretList"]]
    assert shown + rest == (list("abcd") if order == "asc" else list("dcba"))
    for letter in (set("abcd") - {shown[0]}):
        client.delete_secret(SecretId=base + letter, ForceDeleteWithoutRecovery=True)
