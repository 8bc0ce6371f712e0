"""If these fail, published versions change, run other code than they hold, or are numbered other than on AWS."""
import json
import re

import pytest

from conftest import ROLE, Functions
from daemon import Daemon, sha256_base64
from packages import make_zip
from test_errors import refused
from test_lifecycle import FAST, arn

STALE = ("The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")


def says(word):
    return make_zip(f"def handler(event, context):\n    return ['{word}', context.function_version, context.invoked_function_arn]\n")


def update(aws, name, word, **settings):
    answer = aws.update_function_code(FunctionName=name, ZipFile=says(word), **settings)
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    return answer


def invoke(aws, name, **settings):
    answer = aws.invoke(FunctionName=name, **settings)
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read()), answer["ExecutedVersion"]


def test_a_version_keeps_code_and_settings(aws, functions):
    name = functions(says("one"), Environment={"Variables": {"COLOR": "blue"}}, Tags={"team": "a"})
    first = aws.publish_version(FunctionName=name, Description="the first")
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", arn(name) + ":1", "the first")
    assert (first["State"], first["LastUpdateStatus"]) == ("Active", "Successful")
    update(aws, name, "two")
    aws.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOR": "red"}}, Timeout=9)
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    kept = aws.get_function(FunctionName=name, Qualifier="1")
    assert kept["Configuration"]["CodeSha256"] == sha256_base64(says("one"))
    assert kept["Configuration"]["Environment"]["Variables"] == {"COLOR": "blue"} and kept["Configuration"]["Timeout"] == 3
    assert kept["Configuration"]["RevisionId"] == first["RevisionId"]
    assert invoke(aws, name) == (["two", "$LATEST", arn(name)], "$LATEST")
    for spelling in (dict(FunctionName=name, Qualifier="1"), dict(FunctionName=f"{name}:1"), dict(FunctionName=arn(name) + ":1"),
                     dict(FunctionName=f"000000000000:function:{name}:1"), dict(FunctionName=f"{name}:1", Qualifier="1")):
        assert invoke(aws, spelling.pop("FunctionName"), **spelling) == (["one", "1", arn(name) + ":1"], "1")


def test_nothing_new_is_not_published_again(aws, functions):
    name = functions(says("one"))
    first = aws.publish_version(FunctionName=name, Description="kept")
    again = aws.publish_version(FunctionName=name)
    assert (again["Version"], again["RevisionId"], again["Description"]) == ("1", first["RevisionId"], "kept")
    update(aws, name, "one")  # the same bytes
    assert aws.publish_version(FunctionName=name)["Version"] == "1"
    update(aws, name, "two")
    assert aws.publish_version(FunctionName=name)["Version"] == "2"
    aws.update_function_configuration(FunctionName=name, Description="other")
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
    assert aws.publish_version(FunctionName=name)["Version"] == "3"


def test_create_and_update_publish(aws, functions):
    name = functions(says("one"), Publish=True)
    made = aws.get_function(FunctionName=name, Qualifier="1")["Configuration"]
    assert made["Version"] == "1"
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
    answer = update(aws, name, "two", Publish=True)
    assert (answer["Version"], answer["FunctionArn"], answer["State"]) == ("2", arn(name) + ":2", "Pending")
    assert "LastUpdateStatus" not in answer
    assert invoke(aws, name, Qualifier="2")[0][0] == "two"
    assert invoke(aws, name, Qualifier="1")[0][0] == "one"
    assert update(aws, name, "two", Publish=True)["Version"] == "2"


def test_create_with_publish_answers_as_aws_does(aws, name):
    try:
        made = aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role="arn:aws:iam::000000000000:role/test",
                                   Code={"ZipFile": says("one")}, Publish=True)
        assert (made["Version"], made["FunctionArn"], made["State"]) == ("1", arn(name), "Pending")
        assert "LastUpdateStatus" not in made
    finally:
        aws.delete_function(FunctionName=name)


def test_conditions_of_publishing(aws, functions):
    name = functions(says("one"))
    current = aws.get_function_configuration(FunctionName=name)
    sha256 = current["CodeSha256"]
    refused(lambda: aws.publish_version(FunctionName=name, CodeSha256="nonsense"), 400, "InvalidParameterValueException",
            f"CodeSHA256 (nonsense) is different from current CodeSHA256 in $LATEST ({sha256}). Please try again with the CodeSHA256 in $LATEST.")
    refused(lambda: aws.publish_version(FunctionName=name, RevisionId="nonsense"), 412, "PreconditionFailedException", STALE)
    assert aws.publish_version(FunctionName=name, CodeSha256=sha256, RevisionId=current["RevisionId"])["Version"] == "1"
    refused(lambda: aws.publish_version(FunctionName=name + "-no"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}-no")


def test_versions_are_listed_by_pages_that_survive_changes(aws, functions):
    name = functions(says("0"))
    listed = aws.list_versions_by_function(FunctionName=name)["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST"] and listed[0]["FunctionArn"] == arn(name) + ":$LATEST"
    assert not {"State", "LastUpdateStatus", "StateReason", "RuntimeVersionConfig"} & set(listed[0])
    for word in "12345":
        update(aws, name, word, Publish=True)
    for size in (1, 2, 3, 50):
        pages = list(aws.get_paginator("list_versions_by_function").paginate(FunctionName=name, PaginationConfig={"PageSize": size}))
        assert [one["Version"] for page in pages for one in page["Versions"]] == ["$LATEST", "1", "2", "3", "4", "5"]
        assert all(len(page["Versions"]) <= size for page in pages)
    half = aws.list_versions_by_function(FunctionName=name, MaxItems=3)
    aws.delete_function(FunctionName=name, Qualifier="2")  # the page's last one
    rest = aws.list_versions_by_function(FunctionName=name, Marker=half["NextMarker"])["Versions"]
    assert [one["Version"] for one in rest] == ["3", "4", "5"]
    refused(lambda: aws.list_versions_by_function(FunctionName=name, Marker="%%%"), 400, "InvalidParameterValueException", re.compile(".+"))
    refused(lambda: aws.list_versions_by_function(FunctionName=name + "-no"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}-no")


def test_list_functions_with_all_versions(daemon):
    aws = daemon.client("lambda", key="777700000001")
    names = [f"all-{n}" for n in range(3)]
    for name in names:
        aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role="arn:aws:iam::777700000001:role/r",
                            Code={"ZipFile": says(name)}, Publish=name != "all-1")
    expected = [("all-0", "$LATEST"), ("all-0", "1"), ("all-1", "$LATEST"), ("all-2", "$LATEST"), ("all-2", "1")]
    for size in (1, 2, 4, 50):
        pages = list(aws.get_paginator("list_functions").paginate(FunctionVersion="ALL", PaginationConfig={"PageSize": size}))
        assert [(one["FunctionName"], one["Version"]) for page in pages for one in page["Functions"]] == expected
    assert [one["FunctionArn"].split(":", 6)[6] for one in aws.list_functions()["Functions"]] == names
    for name in names:
        aws.delete_function(FunctionName=name)


def test_deleting_versions(aws, functions):
    name = functions(says("one"), Publish=True)
    update(aws, name, "two", Publish=True)
    refused(lambda: aws.delete_function(FunctionName=name, Qualifier="$LATEST"), 400, "InvalidParameterValueException",
            "$LATEST version cannot be deleted without deleting the function.")
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    refused(lambda: aws.delete_function(FunctionName=name, Qualifier="1"), 409, "ResourceConflictException",
            "Unable to delete version because the following aliases reference it: [live]")
    refused(lambda: aws.delete_function(FunctionName=name, Qualifier="live"), 400, "InvalidParameterValueException",
            "Deletion of aliases is not currently supported.")
    aws.delete_function(FunctionName=f"{name}:2")
    refused(lambda: aws.get_function(FunctionName=name, Qualifier="2"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}:2")
    refused(lambda: aws.invoke(FunctionName=name, Qualifier="2"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}:2")
    # Numbers are never given again, and what has not changed since version 2 is published anew when 2 is gone.
    assert aws.publish_version(FunctionName=name)["Version"] == "3"
    assert invoke(aws, name, Qualifier="1")[0][0] == "one"


def test_a_new_function_of_the_name_begins_at_one(aws, functions, name):
    functions(says("one"), name=name, Publish=True)
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    aws.delete_function(FunctionName=name)
    refused(lambda: aws.get_function(FunctionName=name, Qualifier="1"), 404, "ResourceNotFoundException", re.compile(".+"))
    functions(says("two"), name=name)
    assert [one["Version"] for one in aws.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST"]
    assert aws.list_aliases(FunctionName=name)["Aliases"] == []
    assert aws.publish_version(FunctionName=name)["Version"] == "1"


def test_only_latest_is_changed():
    """$LATEST is busy while it is updated: versions go on being invoked, and a second change waits its turn."""
    with Daemon("--update-delay", "0.7") as daemon:
        aws = daemon.client("lambda")
        name = Functions(aws)(says("one"), Publish=True)
        aws.update_function_code(FunctionName=name, ZipFile=says("two"))
        busy = f"The operation cannot be performed at this time. An update is in progress for resource: {arn(name)}"
        refused(lambda: aws.publish_version(FunctionName=name), 409, "ResourceConflictException", busy)
        refused(lambda: aws.update_function_configuration(FunctionName=name, Timeout=5), 409, "ResourceConflictException", busy)
        assert aws.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "InProgress"
        aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
        assert invoke(aws, name, Qualifier="1")[0][0] == "one"
        aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)
        assert invoke(aws, name)[0][0] == "two"
        other = aws.create_function(FunctionName="other", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": says("one")})
        assert other["State"] == "Pending"
        refused(lambda: aws.update_function_code(FunctionName="other", ZipFile=says("two")), 409, "ResourceConflictException",
                "The operation cannot be performed at this time. The function is currently in the following state: Pending")


def test_qualifiers_that_contradict(aws, functions):
    name = functions(says("one"), Publish=True)
    text = "The derived qualifier from the function name does not match the specified qualifier."
    refused(lambda: aws.get_function(FunctionName=f"{name}:1", Qualifier="$LATEST"), 400, "InvalidParameterValueException", text)
    refused(lambda: aws.invoke(FunctionName=arn(name) + ":1", Qualifier="2"), 400, "InvalidParameterValueException", text)
    refused(lambda: aws.get_function(FunctionName=name, Qualifier="none"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}:none")


def test_an_update_never_answers_with_old_code(aws, functions):
    """After LastUpdateStatus is Successful no invocation runs old code, however many environments are warm."""
    name = functions(says("0"))
    for word in "12345":
        for _ in range(4):
            invoke(aws, name)
        update(aws, name, word)
        assert {invoke(aws, name)[0][0] for _ in range(6)} == {word}


def test_versions_and_aliases_survive_a_restart(tmp_path):
    with Daemon(data_dir=tmp_path / "data") as daemon:
        aws = daemon.client("lambda")
        aws.create_function(FunctionName="kept", Runtime="python3.11", Handler="index.handler", Role="arn:aws:iam::000000000000:role/r",
                            Code={"ZipFile": says("one")}, Publish=True)
        aws.get_waiter("function_active_v2").wait(FunctionName="kept", WaiterConfig=FAST)
        update(aws, "kept", "two", Publish=True)
        alias = aws.create_alias(FunctionName="kept", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})
        marker = aws.list_versions_by_function(FunctionName="kept", MaxItems=2)["NextMarker"]
        before = aws.get_function(FunctionName="kept", Qualifier="2")["Configuration"]
        daemon.kill()
        daemon.start()
        aws = daemon.client("lambda")
        aws.get_waiter("published_version_active").wait(FunctionName="kept", Qualifier="2", WaiterConfig=FAST)
        after = aws.get_function(FunctionName="kept", Qualifier="2")["Configuration"]
        assert {key: after[key] for key in ("CodeSha256", "Version", "LastModified")} == {key: before[key] for key in ("CodeSha256", "Version", "LastModified")}
        assert [one["Version"] for one in aws.list_versions_by_function(FunctionName="kept", Marker=marker)["Versions"]] == ["2"]
        kept = aws.get_alias(FunctionName="kept", Name="live")
        assert {**kept, "ResponseMetadata": 0} == {**alias, "ResponseMetadata": 0}
        assert invoke(aws, "kept:1") == (["one", "1", arn("kept") + ":1"], "1")


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eu-central-1"])
def test_arns_of_all_partitions(daemon, region):
    aws = daemon.client("lambda", region=region)
    partition = {"c": "aws-cn", "u": "aws-us-gov", "e": "aws"}[region[0]]
    aws.create_function(FunctionName="partition", Runtime="python3.11", Handler="index.handler", Role=f"arn:{partition}:iam::000000000000:role/r",
                        Code={"ZipFile": says("one")}, Publish=True)
    full = f"arn:{partition}:lambda:{region}:000000000000:function:partition"
    assert aws.get_function(FunctionName=full)["Configuration"]["FunctionArn"] == full
    assert aws.get_function(FunctionName=full + ":1")["Configuration"]["FunctionArn"] == full + ":1"
    aws.delete_function(FunctionName=full)
