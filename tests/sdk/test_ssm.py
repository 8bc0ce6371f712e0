"""If these fail, applications cannot keep their parameters in Mayfly as in Systems Manager Parameter Store, or secrets lie open."""
import base64
import datetime
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_sts import refused

counter = itertools.count()


@pytest.fixture
def ssm(daemon):
    return daemon.client("ssm")


@pytest.fixture
def path(ssm):
    """A path that no other test uses; what lies below it is removed after the test."""
    path = f"/test-{os.getpid()}-{next(counter)}"
    yield path
    names = [one["Name"] for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True) for one in page["Parameters"]]
    for start in range(0, len(names), 10):
        ssm.delete_parameters(Names=names[start:start + 10])


def arn_of(name):
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"


def values(answer, *members):
    return {member: answer[member] for member in members}


def test_put_and_get(ssm, path):
    name = f"{path}/db"
    assert values(ssm.put_parameter(Name=name, Value="one", Type="String"), "Version", "Tier") == {"Version": 1, "Tier": "Standard"}
    shown = ssm.get_parameter(Name=name)["Parameter"]
    assert shown.pop("LastModifiedDate")
    assert shown == {"Name": name, "Type": "String", "Value": "one", "Version": 1, "ARN": arn_of(name), "DataType": "text"}
    assert ssm.get_parameter(Name=arn_of(name))["Parameter"]["Value"] == "one"


def test_overwriting_makes_versions(ssm, path):
    name = f"{path}/db"
    ssm.put_parameter(Name=name, Value="one", Type="String", Description="first")
    with refused("ParameterAlreadyExists") as how:
        ssm.put_parameter(Name=name, Value="two", Type="String")
    assert how.text == "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
    assert ssm.put_parameter(Name=name, Value="two", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "two"
    first = ssm.get_parameter(Name=f"{name}:1")["Parameter"]
    assert values(first, "Value", "Version", "Selector") == {"Value": "one", "Version": 1, "Selector": ":1"}
    with refused("ParameterVersionNotFound") as how:
        ssm.get_parameter(Name=f"{name}:9")
    assert how.text == f"Systems Manager could not find version 9 of {name}. Verify the version and try again."
    history = ssm.get_parameter_history(Name=name)["Parameters"]
    assert [(one["Version"], one["Value"], one["Description"]) for one in history] == [(1, "one", "first"), (2, "two", "first")]
    assert history[0]["LastModifiedUser"] == f"arn:aws:iam::{ACCOUNT}:root"
    with refused("HierarchyTypeMismatchException"):
        ssm.put_parameter(Name=name, Value="a,b", Type="StringList", Overwrite=True)


def test_a_hundred_versions_are_kept(ssm, path):
    name = f"{path}/many"
    ssm.put_parameter(Name=name, Value="1", Type="String")
    for number in range(2, 106):
        assert ssm.put_parameter(Name=name, Value=str(number), Overwrite=True)["Version"] == number
    pages = list(ssm.get_paginator("get_parameter_history").paginate(Name=name, PaginationConfig={"PageSize": 50}))
    assert [len(page["Parameters"]) for page in pages] == [50, 50]
    assert [one["Version"] for page in pages for one in page["Parameters"]] == list(range(6, 106))
    ssm.label_parameter_version(Name=name, ParameterVersion=6, Labels=["keep"])
    with refused("ParameterMaxVersionLimitExceeded") as how:
        ssm.put_parameter(Name=name, Value="x", Overwrite=True)
    assert "Version 6, the oldest version, can't be deleted because it has a label associated with it." in how.text


def test_a_secret_is_sealed(ssm, path, daemon):
    name, secret = f"{path}/password", "correct horse battery staple"
    ssm.put_parameter(Name=name, Value=secret, Type="SecureString")
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == secret
    sealed = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    assert secret not in sealed
    assert ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"][0]["KeyId"] == "alias/aws/ssm"
    for file in daemon.data_dir.glob("control.db*"):
        assert secret.encode() not in file.read_bytes(), file
    with refused("ValidationException"):
        ssm.put_parameter(Name=f"{path}/open", Value="x", Type="String", KeyId="alias/aws/ssm")


def test_a_secret_has_a_key(ssm, path, daemon):
    kms, name = daemon.client("kms"), f"{path}/password"
    key = kms.create_key()["KeyMetadata"]
    with refused("InvalidKeyId") as how:
        ssm.put_parameter(Name=name, Value="x", Type="SecureString", KeyId="alias/none")
    assert how.text.startswith(f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/none is not found. (Service: AWSKMS;")
    ssm.put_parameter(Name=name, Value="one", Type="SecureString", KeyId=key["KeyId"])
    ssm.put_parameter(Name=name, Value="two", Overwrite=True)
    assert ssm.describe_parameters(ParameterFilters=[{"Key": "KeyId", "Values": [key["KeyId"]]}])["Parameters"][0]["Name"] == name
    sealed = base64.b64decode(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"PARAMETER_ARN": arn_of(name)})["Plaintext"] == b"two"
    assert [one["Value"] for one in ssm.get_parameter_history(Name=name, WithDecryption=True)["Parameters"]] == ["one", "two"]
    kms.disable_key(KeyId=key["KeyId"])
    with refused("InvalidKeyId") as how:
        ssm.get_parameter(Name=name, WithDecryption=True)
    assert how.text.startswith(f"{key['Arn']} is disabled.")
    assert ssm.get_parameter(Name=name)["Parameter"]["Version"] == 2


def test_a_parameter_that_names_a_secret(ssm, daemon):
    secrets, name = daemon.client("secretsmanager"), f"of-ssm-{os.getpid()}"
    secrets.create_secret(Name=name, SecretString="hidden")
    try:
        shown = ssm.get_parameter(Name=f"/aws/reference/secretsmanager/{name}", WithDecryption=True)["Parameter"]
        assert values(shown, "Value", "Type") == {"Value": "hidden", "Type": "SecureString"}
        assert json.loads(shown["SourceResult"])["Name"] == name
        with refused("ValidationException") as how:
            ssm.get_parameter(Name=f"/aws/reference/secretsmanager/{name}")
        assert how.text == "WithDecryption flag must be True for retrieving a Secret Manager secret."
        missing = "/aws/reference/secretsmanager/none"
        assert ssm.get_parameters(Names=[missing], WithDecryption=True)["InvalidParameters"] == [missing]
    finally:
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_policies(ssm, path):
    name = f"{path}/policed"
    policy = {"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "2", "Unit": "Days"}}
    with refused("ValidationException"):
        ssm.put_parameter(Name=name, Value="x", Type="String", Policies=json.dumps([policy]))
    ssm.put_parameter(Name=name, Value="x", Type="String", Tier="Advanced", Policies=json.dumps([policy]))
    [shown] = ssm.get_parameter_history(Name=name)["Parameters"][0]["Policies"]
    assert (json.loads(shown["PolicyText"]), shown["PolicyType"], shown["PolicyStatus"]) == (policy, "NoChangeNotification", "Pending")
    ssm.put_parameter(Name=name, Value="y", Overwrite=True, Policies="[]")
    assert ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"][0]["Policies"] == []
    with refused("InvalidPolicyTypeException"):
        ssm.put_parameter(Name=name, Value="y", Overwrite=True, Policies='[{"Type":"Other"}]')


def test_policies_act_in_time():
    """A parameter expires by the calendar, and the default bus hears of it."""
    with Daemon() as daemon:
        ssm, events, sqs = (daemon.client(service) for service in ("ssm", "events", "sqs"))
        queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard"
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}]}
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(allow)})
        events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.ssm"]}))
        events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
        policies = [{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": end.strftime("%Y-%m-%dT%H:%M:%S.000Z")}},
                    {"Type": "ExpirationNotification", "Version": "1.0", "Attributes": {"Before": "1", "Unit": "Days"}}]
        ssm.put_parameter(Name="/short", Value="x", Type="String", Tier="Advanced", Policies=json.dumps(policies))
        heard = []

        def hear(count):
            for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", []):
                event = json.loads(message["Body"])
                heard.append((event["detail-type"], event["detail"].get("operation") or event["detail"]["policy-type"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return len(heard) >= count
        wait_until(lambda: hear(1), 30, "the bus has not heard that there is a parameter")
        daemon.advance(2 * 86400 + 3600)
        wait_until(lambda: hear(2), 30, "the bus has not heard that the parameter will expire")
        assert ssm.get_parameter(Name="/short")["Parameter"]["Value"] == "x"
        daemon.advance(86400)
        wait_until(lambda: hear(4), 30, "the parameter has not expired")
        assert sorted(heard) == [("Parameter Store Change", "Create"), ("Parameter Store Change", "Delete"),
                                 ("Parameter Store Policy Action", "Expiration"), ("Parameter Store Policy Action", "ExpirationNotification")]
        with refused("ParameterNotFound"):
            ssm.get_parameter(Name="/short")


def test_several_at_once(ssm, path):
    for name in ("a", "b"):
        ssm.put_parameter(Name=f"{path}/{name}", Value=name, Type="String")
    answer = ssm.get_parameters(Names=[f"{path}/b", f"{path}/missing", f"{path}/a", f"{path}/a", f"{path}/a:7"])
    assert [one["Value"] for one in answer["Parameters"]] == ["b", "a"]
    assert answer["InvalidParameters"] == [f"{path}/missing", f"{path}/a:7"]
    with refused("ValidationException") as how:
        ssm.get_parameters(Names=[f"{path}/{number}" for number in range(11)])
    assert "'names' failed to satisfy constraint: Member must have length less than or equal to 10" in how.text


def test_by_path(ssm, path):
    for name in ("top", "app/db", "app/cache", "app/db/password", "apple"):
        ssm.put_parameter(Name=f"{path}/{name}", Value=name, Type="String")

    def below(where, **more):
        return [one["Name"][len(path) + 1:] for one in ssm.get_parameters_by_path(Path=path + where, **more)["Parameters"]]
    assert below("") == ["apple", "top"]
    assert below("/app") == ["app/cache", "app/db"]
    assert below("/app/", Recursive=True) == ["app/cache", "app/db", "app/db/password"]
    assert below("/nothing") == []
    assert len(below("", Recursive=True)) == 5
    with refused("ValidationException") as how:
        ssm.get_parameters_by_path(Path="no/slash")
    assert how.text.startswith("The parameter doesn't meet the parameter name requirements.")


def test_pages(ssm, path):
    names = [f"{path}/{number:02}" for number in range(23)]
    for name in names:
        ssm.put_parameter(Name=name, Value="x", Type="String")
    pages = list(ssm.get_paginator("get_parameters_by_path").paginate(Path=path))
    assert [len(page["Parameters"]) for page in pages] == [10, 10, 3]
    assert [one["Name"] for page in pages for one in page["Parameters"]] == names
    found = [one["Name"] for page in ssm.get_paginator("describe_parameters").paginate(
        ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [path]}], PaginationConfig={"PageSize": 7}) for one in page["Parameters"]]
    assert found == names
    with refused("InvalidNextToken"):
        ssm.get_parameters_by_path(Path=path, NextToken="!")


def test_describe_and_filters(ssm, path):
    ssm.put_parameter(Name=f"{path}/a", Value="1", Type="String", Description="one", AllowedPattern=r"\d+", Tags=[{"Key": "team", "Value": "blue"}])
    ssm.put_parameter(Name=f"{path}/b", Value="x" * 5000, Type="String", Tier="Advanced")

    def names(*filters):
        below = {"Key": "Path", "Option": "Recursive", "Values": [path]}
        return [one["Name"][-1] for one in ssm.describe_parameters(ParameterFilters=[below, *filters])["Parameters"]]
    shown = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [f"{path}/a"]}])["Parameters"][0]
    assert values(shown, "Name", "Description", "AllowedPattern", "Tier", "Version", "Policies") == {
        "Name": f"{path}/a", "Description": "one", "AllowedPattern": r"\d+", "Tier": "Standard", "Version": 1, "Policies": []}
    assert "Value" not in shown
    assert names() == ["a", "b"]
    assert names({"Key": "Tier", "Values": ["Advanced"]}) == ["b"]
    assert names({"Key": "tag:team", "Values": ["blue"]}) == ["a"]
    assert names({"Key": "Name", "Option": "Contains", "Values": ["/b"]}) == ["b"]
    assert names({"Key": "Type", "Values": ["SecureString"]}) == []
    with refused("InvalidFilterOption") as how:
        names({"Key": "Tier", "Option": "BeginsWith", "Values": ["A"]})
    assert how.text == "The following filter option is not valid: BeginsWith. Valid options include: [Equals]."


def test_labels(ssm, path):
    name = f"{path}/db"
    for value in ("one", "two", "three"):
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=value != "one")
    assert ssm.label_parameter_version(Name=name, ParameterVersion=1, Labels=["prod", "1st", "aws-x"])["InvalidLabels"] == ["1st", "aws-x"]
    assert ssm.get_parameter(Name=f"{name}:prod")["Parameter"]["Value"] == "one"
    assert ssm.label_parameter_version(Name=name, Labels=["prod"])["ParameterVersion"] == 3
    assert ssm.get_parameter(Name=f"{name}:prod")["Parameter"]["Value"] == "three"
    assert [one["Labels"] for one in ssm.get_parameter_history(Name=name)["Parameters"]] == [[], [], ["prod"]]
    with refused("ParameterVersionLabelLimitExceeded"):
        ssm.label_parameter_version(Name=name, ParameterVersion=3, Labels=[f"l{number}" for number in range(10)])
    with refused("ParameterVersionNotFound"):
        ssm.label_parameter_version(Name=name, ParameterVersion=9, Labels=["x"])
    answer = ssm.unlabel_parameter_version(Name=name, ParameterVersion=3, Labels=["prod", "other"])
    assert (answer["RemovedLabels"], answer["InvalidLabels"]) == (["prod"], ["other"])
    with refused("ParameterVersionNotFound"):
        ssm.get_parameter(Name=f"{name}:prod")


def test_tags(ssm, path):
    name = f"{path}/db"
    ssm.put_parameter(Name=name, Value="x", Type="String", Tags=[{"Key": "a", "Value": "1"}])
    of_it = {"ResourceType": "Parameter", "ResourceId": name}
    ssm.add_tags_to_resource(**of_it, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    assert ssm.list_tags_for_resource(**of_it)["TagList"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    ssm.remove_tags_from_resource(**of_it, TagKeys=["a"])
    assert ssm.list_tags_for_resource(**of_it)["TagList"] == [{"Key": "b", "Value": "3"}]
    with refused("TooManyTagsError"):
        ssm.add_tags_to_resource(**of_it, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    with refused("InvalidResourceId"):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=f"{path}/missing")
    with refused("ValidationException") as how:
        ssm.put_parameter(Name=name, Value="x", Overwrite=True, Tags=[{"Key": "a", "Value": "1"}])
    assert "tags and overwrite can't be used together" in how.text


def test_delete(ssm, path):
    name = f"{path}/db"
    ssm.put_parameter(Name=name, Value="one", Type="String")
    ssm.put_parameter(Name=name, Value="two", Overwrite=True)
    ssm.delete_parameter(Name=name)
    with refused("ParameterNotFound") as how:
        ssm.get_parameter(Name=name)
    assert how.text == f"Parameter {name} not found."
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name=name)
    assert ssm.put_parameter(Name=name, Value="anew", Type="String")["Version"] == 1
    assert len(ssm.get_parameter_history(Name=name)["Parameters"]) == 1, "versions of the one before are gone"
    answer = ssm.delete_parameters(Names=[name, f"{path}/missing"])
    assert (answer["DeletedParameters"], answer["InvalidParameters"]) == ([name], [f"{path}/missing"])


@pytest.mark.parametrize("change, code, text", [
    ({"Name": "aws-x"}, "ValidationException", 'can\'t be prefixed with "aws" or "ssm" (case-insensitive)'),
    ({"Name": "/aws/service/x"}, "AccessDeniedException", "No access to reserved parameter name: /aws/service/x."),
    ({"Name": "no/slash"}, "ValidationException", "Parameter name must be a fully qualified name."),
    ({"Name": "/" + "/".join("abcdefghijklmnop")}, "HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of 15 levels."),
    ({"Value": ""}, "ValidationException", "Member must have length greater than or equal to 1"),
    ({"Value": "x" * 4097}, "ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters."),
    ({"Value": "x" * 8193, "Tier": "Advanced"}, "ValidationException", "Advanced tier parameters support a maximum parameter value of 8192 characters."),
    ({"Type": "Number"}, "ValidationException", "Member must satisfy enum value set"),
    ({"DataType": "number"}, "ValidationException", "The following data type is not supported: number"),
    ({"AllowedPattern": "^[0-9]+$"}, "ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: ^[0-9]+$"),
    ({"AllowedPattern": "("}, "InvalidAllowedPatternException", ""),
])
def test_what_put_refuses(ssm, change, code, text):
    with refused(code, 403 if code == "AccessDeniedException" else 400) as how:
        ssm.put_parameter(**{"Name": "/refused/x", "Value": "abc", "Type": "String", **change})
    assert text in how.text


def test_tiers(ssm, path):
    assert ssm.put_parameter(Name=f"{path}/i", Value="x" * 5000, Type="String", Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    assert ssm.put_parameter(Name=f"{path}/i", Value="x", Overwrite=True)["Tier"] == "Advanced"
    with refused("ValidationException") as how:
        ssm.put_parameter(Name=f"{path}/i", Value="x", Overwrite=True, Tier="Standard")
    assert "You can't downgrade a parameter from the advanced-parameter tier" in how.text


def test_accounts_and_regions_have_their_own(ssm, daemon, path):
    ssm.put_parameter(Name=f"{path}/x", Value="mine", Type="String")
    for other in (daemon.client("ssm", key="444455556666"), daemon.client("ssm", region="eu-west-1")):
        with refused("ParameterNotFound"):
            other.get_parameter(Name=f"{path}/x")
    with refused("ParameterNotFound"):
        daemon.client("ssm", key="444455556666").get_parameter(Name=arn_of(f"{path}/x"))


def test_functions_read_them(ssm, path, functions, aws):
    ssm.put_parameter(Name=f"{path}/secret", Value="from inside", Type="SecureString")
    name = functions("import boto3\ndef handler(event, context):\n    return boto3.client('ssm').get_parameter(Name=event, WithDecryption=True)['Parameter']['Value']\n",
                     Timeout=30)
    assert json.loads(aws.invoke(FunctionName=name, Payload=json.dumps(f"{path}/secret"))["Payload"].read()) == "from inside"


def test_restart_and_reset():
    with Daemon() as daemon:
        ssm = daemon.client("ssm")
        ssm.put_parameter(Name="kept", Value="one", Type="SecureString")
        ssm.put_parameter(Name="kept", Value="two", Overwrite=True)
        daemon.stop()
        daemon.start()
        ssm = daemon.client("ssm")
        assert [one["Value"] for one in ssm.get_parameter_history(Name="kept", WithDecryption=True)["Parameters"]] == ["one", "two"]
        assert daemon.send("POST", "/_mayfly/reset").status == 200
        assert ssm.describe_parameters()["Parameters"] == []
        assert ssm.put_parameter(Name="kept", Value="three", Type="String")["Version"] == 1


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(daemon, program, tmp_path, path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def run(*arguments):
        done = subprocess.run([program, "--endpoint-url", daemon.url, "ssm", *arguments], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    assert run("put-parameter", "--name", f"{path}/cli", "--value", "v", "--type", "SecureString")["Version"] == 1
    assert run("get-parameter", "--name", f"{path}/cli", "--with-decryption")["Parameter"]["Value"] == "v"
    assert [one["Name"] for one in run("get-parameters-by-path", "--path", path)["Parameters"]] == [f"{path}/cli"]
