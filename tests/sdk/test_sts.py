"""If these fail, clients are told to be somebody else by STS, or get temporary credentials that do not work, or that do more than they may."""
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, Daemon

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/teams/deploy"
OTHER = "444455556666"


@pytest.fixture(scope="module")
def strict():
    with Daemon(auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        daemon.root = (key["access_key_id"], key["secret_access_key"])
        yield daemon


@pytest.fixture
def sts(daemon):
    return daemon.client("sts")


def credentials_of(answer):
    given = answer["Credentials"]
    return {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}


def refused(code, status=400):
    class Refused:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, ClientError), f"nothing was refused, but {code} was to come: {error!r}"
            self.text = error.response["Error"]["Message"]
            assert error.response["Error"]["Code"] == code, error.response
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
            return True
    return Refused()


def test_who_am_i(sts, daemon):
    assert {key: value for key, value in sts.get_caller_identity().items() if key != "ResponseMetadata"} == {
        "UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
    other = daemon.client("sts", key=OTHER).get_caller_identity()
    assert (other["Account"], other["Arn"]) == (OTHER, f"arn:aws:iam::{OTHER}:root")


def test_an_unsigned_call_reaches_sts(daemon):
    answer = daemon.send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", {"Content-Type": "application/x-www-form-urlencoded", "Host": "sts.us-east-1.amazonaws.com"})
    assert answer.status == 200 and b"<GetCallerIdentityResult>" in answer.body, str(answer)
    assert b'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"' in answer.body


def test_assume_role(sts, daemon):
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me@example", DurationSeconds=900)
    user = answer["AssumedRoleUser"]
    assert user["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/me@example"
    assert user["AssumedRoleId"].startswith("AROA") and user["AssumedRoleId"].endswith(":me@example")
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    valid = answer["Credentials"]["Expiration"] - before
    assert datetime.timedelta(seconds=890) < valid < datetime.timedelta(seconds=910)
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"])
    identity = daemon.client("sts", **credentials_of(answer)).get_caller_identity()
    assert (identity["Arn"], identity["UserId"], identity["Account"]) == (user["Arn"], user["AssumedRoleId"], ACCOUNT)


def test_assumed_credentials_pass_strict_mode(strict, name):
    root = strict.client("sts", *strict.root)
    account = root.get_caller_identity()["Account"]
    answer = root.assume_role(RoleArn=f"arn:aws:iam::{account}:role/deploy", RoleSessionName="ci")
    given = credentials_of(answer)
    identity = strict.client("sts", **given).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/deploy/ci"
    assert strict.client("lambda", **given).list_functions()["Functions"] == []
    with refused("SignatureDoesNotMatch", 403):
        strict.client("sts", **{**given, "secret": "wrong"}).get_caller_identity()
    with refused("InvalidClientTokenId", 403):
        strict.client("sts", **{**given, "token": given["token"][:-8] + "AAAAAAA="}).get_caller_identity()
    with refused("InvalidClientTokenId", 403):
        strict.client("sts", given["key"], given["secret"]).get_caller_identity()


def test_strict_mode_gives_nobody_a_role_of_another_account(strict):
    root = strict.client("sts", *strict.root)
    role = f"arn:aws:iam::{OTHER}:role/admin"
    with refused("AccessDenied", 403) as how:
        root.assume_role(RoleArn=role, RoleSessionName="me")
    assert how.text == f"User: {root.get_caller_identity()['Arn']} is not authorized to perform: sts:AssumeRole on resource: {role}"


def test_strict_mode_gives_no_more_than_a_session_policy_would(strict):
    root = strict.client("sts", *strict.root)
    account = root.get_caller_identity()["Account"]
    role = f"arn:aws:iam::{account}:role/deploy"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    with pytest.raises(ClientError) as error:
        root.assume_role(RoleArn=role, RoleSessionName="me", Policy=policy)
    assert error.value.response["Error"]["Code"] == "NotImplemented" or "NotImplemented" in error.value.response["Error"]["Code"]
    with refused("MalformedPolicyDocument"):
        root.assume_role(RoleArn=role, RoleSessionName="me", Policy="{}")


def test_a_role_of_another_account_in_open_mode(sts, daemon):
    answer = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/admin", RoleSessionName="me")
    assert daemon.client("sts", **credentials_of(answer)).get_caller_identity()["Account"] == OTHER


def test_role_chaining_lasts_an_hour_at_most(sts, daemon):
    chained = daemon.client("sts", **credentials_of(sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me")))
    assert chained.assume_role(RoleArn=ROLE_ARN, RoleSessionName="again", DurationSeconds=3600)["AssumedRoleUser"]
    with refused("ValidationError") as how:
        chained.assume_role(RoleArn=ROLE_ARN, RoleSessionName="again", DurationSeconds=3601)
    assert how.text == "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"


@pytest.mark.parametrize("change, text", [
    ({"RoleArn": "arn:aws:iam::12:role/deploy"}, "arn:aws:iam::12:role/deploy is invalid"),
    ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/deploy"}, "is invalid"),
    ({"DurationSeconds": 899}, "Member must have value greater than or equal to 900"),
    ({"RoleSessionName": "no spaces"}, r"Member must satisfy regular expression pattern: [\w+=,.@-]*"),
    ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
     "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    ({"TransitiveTagKeys": ["team"]}, "The specified transitive tag key must be included in the requested tags."),
])
def test_what_assume_role_refuses(daemon, change, text):
    with refused("ValidationError") as how:
        daemon.client("sts", parameter_validation=False).assume_role(**{"RoleArn": ROLE_ARN, "RoleSessionName": "me", **change})
    assert text in how.text


def test_tags_and_source_identity(sts):
    answer = sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me", Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"],
                             SourceIdentity="somebody")
    assert answer["SourceIdentity"] == "somebody"


def test_get_session_token(strict):
    root = strict.client("sts", *strict.root)
    answer = root.get_session_token()
    inside = strict.client("sts", **credentials_of(answer))
    assert inside.get_caller_identity()["Arn"] == root.get_caller_identity()["Arn"]
    with refused("AccessDenied", 403) as how:
        inside.get_session_token()
    assert how.text == "Cannot call GetSessionToken with session credentials"


def test_get_access_key_info(strict):
    root = strict.client("sts", *strict.root)
    account = root.get_caller_identity()["Account"]
    assert root.get_access_key_info(AccessKeyId=strict.root[0])["Account"] == account
    given = credentials_of(root.get_session_token())
    assert strict.client("sts", **given).get_access_key_info(AccessKeyId=given["key"])["Account"] == account
    with refused("ValidationError"):
        root.get_access_key_info(AccessKeyId="AKIAUNKNOWNUNKNOWN00")


def test_a_function_is_its_role(functions, daemon, aws):
    name = functions("import boto3\ndef handler(event, context):\n    answer = boto3.client('sts').get_caller_identity()\n"
                     "    return {key: answer[key] for key in ('Account', 'Arn', 'UserId')}\n", Timeout=30)
    answer = json.loads(aws.invoke(FunctionName=name)["Payload"].read())
    assert answer["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/test/{name}", answer
    assert answer["Account"] == ACCOUNT and answer["UserId"].startswith("AROA") and answer["UserId"].endswith(f":{name}")


def test_what_is_to_come_says_so(sts):
    with pytest.raises(ClientError) as error:
        sts.decode_authorization_message(EncodedMessage="x")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "comes with IAM" in error.value.response["Error"]["Message"]


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(daemon, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
    done = subprocess.run([program, "--endpoint-url", daemon.url, "sts", "get-caller-identity"], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
