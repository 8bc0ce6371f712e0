"""If these fail, aliases point elsewhere, share traffic other than asked, or answer other than on AWS."""
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from test_errors import refused
from test_lifecycle import FAST, arn
from test_versions import STALE, invoke, says, update


@pytest.fixture
def two_versions(aws, functions):
    name = functions(says("one"), Publish=True)
    update(aws, name, "two", Publish=True)
    aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="2", WaiterConfig=FAST)
    return name


def body(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_create_read_update_delete(aws, two_versions):
    name = two_versions
    made = aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="traffic")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(r"[0-9a-f-]{36}", made["RevisionId"])
    assert body(made) == {"AliasArn": arn(name) + ":live", "Name": "live", "FunctionVersion": "1", "Description": "traffic", "RevisionId": made["RevisionId"]}
    assert body(aws.get_alias(FunctionName=name, Name="live")) == body(made)
    assert invoke(aws, name, Qualifier="live") == (["one", "1", arn(name) + ":live"], "1")
    shown = aws.get_function(FunctionName=name, Qualifier="live")["Configuration"]
    assert (shown["FunctionArn"], shown["Version"]) == (arn(name) + ":live", "1")

    changed = aws.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert (changed["FunctionVersion"], changed["Description"]) == ("2", "traffic") and changed["RevisionId"] != made["RevisionId"]
    assert invoke(aws, f"{name}:live") == (["two", "2", arn(name) + ":live"], "2")
    refused(lambda: aws.update_alias(FunctionName=name, Name="live", RevisionId=made["RevisionId"]), 412, "PreconditionFailedException", STALE)
    assert aws.update_alias(FunctionName=name, Name="live", Description="", RevisionId=changed["RevisionId"])["Description"] == ""

    assert aws.delete_alias(FunctionName=name, Name="live")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.delete_alias(FunctionName=name, Name="live")["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused(lambda: aws.get_alias(FunctionName=name, Name="live"), 404, "ResourceNotFoundException", f"Cannot find alias arn: {arn(name)}:live")
    refused(lambda: aws.invoke(FunctionName=name, Qualifier="live"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}:live")
    assert invoke(aws, name, Qualifier="2")[1] == "2"


def test_an_alias_follows_latest(aws, functions):
    name = functions(says("one"))
    aws.create_alias(FunctionName=name, Name="newest", FunctionVersion="$LATEST")
    assert invoke(aws, name, Qualifier="newest") == (["one", "$LATEST", arn(name) + ":newest"], "$LATEST")
    update(aws, name, "two")
    assert invoke(aws, name, Qualifier="newest")[0][0] == "two"


def test_weights_share_the_traffic(aws, two_versions):
    name = two_versions
    weight, calls = 0.3, 600
    made = aws.create_alias(FunctionName=name, Name="canary", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": weight}})
    assert made["RoutingConfig"] == {"AdditionalVersionWeights": {"2": weight}}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: invoke(aws, name, Qualifier="canary"), range(calls)))
    for (word, version, qualified), executed in answers:
        assert (word, version, executed) in (("one", "1", "1"), ("two", "2", "2")) and qualified == arn(name) + ":canary"
    share = sum(executed == "2" for _, executed in answers) / calls
    assert abs(share - weight) < 5 * math.sqrt(weight * (1 - weight) / calls)  # five standard deviations: once in two million runs
    # Uniform over time as well: no stretch of calls that all go to one version.
    assert "2" * 30 not in "".join(executed for _, executed in answers) and "1" * 60 not in "".join(executed for _, executed in answers)

    assert "RoutingConfig" not in aws.update_alias(FunctionName=name, Name="canary", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {invoke(aws, name, Qualifier="canary")[1] for _ in range(20)} == {"1"}
    for weight, expected in ((0.0, "1"), (1.0, "2")):
        aws.update_alias(FunctionName=name, Name="canary", RoutingConfig={"AdditionalVersionWeights": {"2": weight}})
        assert {invoke(aws, name, Qualifier="canary")[1] for _ in range(20)} == {expected}


def test_routing_that_makes_no_sense(aws, two_versions):
    name = two_versions

    def create(version="1", **weights):
        return lambda: aws.create_alias(FunctionName=name, Name="a", FunctionVersion=version,
                                        RoutingConfig={"AdditionalVersionWeights": {key.strip("v"): value for key, value in weights.items()}})
    refused(create(v1=0.1, v2=0.1), 400, "InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1")
    refused(create(v1=0.5), 400, "InvalidParameterValueException",
            "Invalid function version 1. Function version 1 is already included in routing configuration.")
    refused(create("$LATEST", v1=0.5), 400, "InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version")
    refused(create("10"), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}:10")
    refused(create(v10=0.5), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}:10")
    refused(create(v2=2.0), 400, "ValidationException",
            "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy "
            "constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]")
    refused(lambda: aws.create_alias(FunctionName=name, Name="a", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.5}}),
            400, "ValidationException", re.compile(r".*Map keys must satisfy constraint: .*\[0-9\]\+.*"))
    refused(lambda: aws.create_alias(FunctionName=name, Name="12", FunctionVersion="1"), 400, "ValidationException", re.compile(".*at 'name'.*"))
    assert aws.list_aliases(FunctionName=name)["Aliases"] == []


def test_names_that_are_taken_or_unknown(aws, two_versions):
    name = two_versions
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    refused(lambda: aws.create_alias(FunctionName=name, Name="live", FunctionVersion="2"), 409, "ResourceConflictException",
            f"Alias already exists: {arn(name)}:live")
    refused(lambda: aws.update_alias(FunctionName=name, Name="other"), 404, "ResourceNotFoundException", f"Alias not found: {arn(name)}:other")
    refused(lambda: aws.create_alias(FunctionName=name + "-no", Name="a", FunctionVersion="1"), 404, "ResourceNotFoundException",
            f"Function not found: {arn(name)}-no:1")
    for call in (lambda: aws.get_alias(FunctionName=name + "-no", Name="a"), lambda: aws.list_aliases(FunctionName=name + "-no"),
                 lambda: aws.update_alias(FunctionName=name + "-no", Name="a"), lambda: aws.delete_alias(FunctionName=name + "-no", Name="a")):
        refused(call, 404, "ResourceNotFoundException", f"Function not found: {arn(name)}-no")


def test_aliases_are_listed_by_pages_and_by_version(aws, two_versions):
    name = two_versions
    for number in range(5):
        aws.create_alias(FunctionName=name, Name=f"a{number}", FunctionVersion="1" if number % 2 else "2")
    for size in (1, 2, 50):
        pages = aws.get_paginator("list_aliases").paginate(FunctionName=name, PaginationConfig={"PageSize": size})
        assert [one["Name"] for page in pages for one in page["Aliases"]] == ["a0", "a1", "a2", "a3", "a4"]
    pages = aws.get_paginator("list_aliases").paginate(FunctionName=name, FunctionVersion="2", PaginationConfig={"PageSize": 2})
    assert [one["Name"] for page in pages for one in page["Aliases"]] == ["a0", "a2", "a4"]


def test_many_changes_at_once_leave_one_whole_state(aws, two_versions):
    """Of changes that meet, each is answered with what it did or with a conflict; none is lost half way."""
    name = two_versions
    aws.create_alias(FunctionName=name, Name="busy", FunctionVersion="1")

    def change(number):
        try:
            return aws.update_alias(FunctionName=name, Name="busy", FunctionVersion=str(1 + number % 2), Description=str(number))["RevisionId"]
        except aws.exceptions.ResourceConflictException:
            return None
    with ThreadPoolExecutor(8) as pool:
        revisions = [one for one in pool.map(change, range(40)) if one]
    assert len(set(revisions)) == len(revisions) > 0
    last = aws.get_alias(FunctionName=name, Name="busy")
    assert last["RevisionId"] in revisions and last["FunctionVersion"] == str(1 + int(last["Description"]) % 2)
