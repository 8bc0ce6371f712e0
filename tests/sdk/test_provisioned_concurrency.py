"""If these fail, provisioned concurrency is lost, given to what may not have it, or never becomes READY."""
import re

import pytest

from conftest import Functions
from daemon import Daemon, wait_until
from test_errors import refused
from test_lifecycle import FAST, arn
from test_versions import says, update

ACCOUNT = "222233334444"
NOT_FOUND = "No Provisioned Concurrency Config found for this function"
UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
NOT_LATEST = "The function resource provided must be an alias or a published version."
TWICE_BY_ALIAS = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
INVALID = "InvalidParameterValueException"


@pytest.fixture
def account(daemon):
    return daemon.client(key=ACCOUNT)


@pytest.fixture
def make(account):
    made = Functions(account)
    yield made
    made.delete_all()


@pytest.fixture
def name(account, make):
    """A function with the versions 1 and 2, and the alias live for 1."""
    made = make(says("one"), Publish=True)
    update(account, made, "two", Publish=True)
    for version in ("1", "2"):
        account.get_waiter("published_version_active").wait(FunctionName=made, Qualifier=version, WaiterConfig=FAST)
    account.create_alias(FunctionName=made, Name="live", FunctionVersion="1")
    return made


def put(client, name, qualifier, count):
    return client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count)


def get(client, name, qualifier):
    answer = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
    del answer["ResponseMetadata"]
    return answer


def ready(client, name, qualifier):
    return wait_until(lambda: (config := get(client, name, qualifier))["Status"] == "READY" and config, 10, "it did not get ready")


def counts(config):
    return [config[f"{kind}ProvisionedConcurrentExecutions"] for kind in ("Requested", "Allocated", "Available")]


def test_from_in_progress_to_ready(account, name):
    made = put(account, name, "live", 3)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (made["Status"], counts(made)) == ("IN_PROGRESS", [3, 0, 0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])
    config = ready(account, name, "live")
    assert (counts(config), config["LastModified"], "StatusReason" in config) == ([3, 3, 3], made["LastModified"], False)
    more = put(account, f"{arn(name, account=ACCOUNT)}:live", "live", 5)
    assert (more["Status"], counts(more)) == ("IN_PROGRESS", [5, 3, 3])
    assert counts(ready(account, name, "live")) == [5, 5, 5]
    for _ in range(2):
        answer = account.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused(lambda: get(account, name, "live"), 404, "ProvisionedConcurrencyConfigNotFoundException", NOT_FOUND)


def test_list_and_pages(account, name):
    assert account.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []
    put(account, name, "live", 1)
    put(account, name, "2", 2)
    ready(account, name, "live"), ready(account, name, "2")
    pages = list(account.get_paginator("list_provisioned_concurrency_configs").paginate(FunctionName=name, PaginationConfig={"PageSize": 1}))
    items = [item for page in pages for item in page["ProvisionedConcurrencyConfigs"]]
    own = arn(name, account=ACCOUNT)
    assert [item["FunctionArn"] for item in items] == [own + ":2", own + ":live"] and len(pages) == 2
    assert {key: value for key, value in items[0].items() if key != "FunctionArn"} == get(account, name, "2")
    refused(lambda: account.list_provisioned_concurrency_configs(FunctionName="nobody"), 404, "ResourceNotFoundException",
            f"Function not found: {arn('nobody', account=ACCOUNT)}")


def test_only_versions_and_aliases(daemon, account, name):
    own = arn(name, account=ACCOUNT)
    refused(lambda: put(account, name, "$LATEST", 1), 400, INVALID, UNPUBLISHED)
    refused(lambda: get(account, name, "$LATEST"), 400, INVALID, NOT_LATEST)
    refused(lambda: account.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="$LATEST"), 400, INVALID, NOT_LATEST)
    for call in (lambda q: put(account, name, q, 1), lambda q: get(account, name, q),
                 lambda q: account.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=q)):
        refused(lambda: call("7"), 404, "ResourceNotFoundException", f"Function not found: {own}:7")
        refused(lambda: call("none"), 404, "ResourceNotFoundException", f"Cannot find alias arn: {own}:none")
    account.create_alias(FunctionName=name, Name="newest", FunctionVersion="$LATEST")
    refused(lambda: put(account, name, "newest", 1), 400, INVALID, UNPUBLISHED)
    account.create_alias(FunctionName=name, Name="shared", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    refused(lambda: put(account, name, "shared", 1), 400, INVALID, "Alias with weights can not be used with Provisioned Concurrency")
    refused(lambda: put(daemon.client(key=ACCOUNT, parameter_validation=False), name, "1", 0), 400, "ValidationException",
            "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1")


def test_a_version_is_provisioned_once(account, name):
    put(account, name, "live", 1)
    refused(lambda: put(account, name, "1", 1), 409, "ResourceConflictException", "Version is pointed by a Provisioned Concurrency alias")
    put(account, name, "2", 1)
    account.create_alias(FunctionName=name, Name="next", FunctionVersion="2")
    refused(lambda: put(account, name, "next", 1), 409, "ResourceConflictException", TWICE_BY_ALIAS)
    refused(lambda: account.update_alias(FunctionName=name, Name="live", FunctionVersion="2"), 409, "ResourceConflictException", TWICE_BY_ALIAS)
    refused(lambda: account.update_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST"), 400, INVALID, UNPUBLISHED)
    assert account.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "1"


def test_it_follows_its_alias_to_another_version(account, name):
    put(account, name, "live", 2)
    ready(account, name, "live")
    account.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert counts(ready(account, name, "live")) == [2, 2, 2]
    put(account, name, "1", 1)  # the alias has left it


def test_not_more_than_reserved_or_than_the_account_has(account, name):
    account.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    put(account, name, "2", 3)
    refused(lambda: put(account, name, "live", 3), 400, INVALID,
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
    put(account, name, "live", 2)
    refused(lambda: account.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=4), 400, INVALID,
            " ReservedConcurrentExecutions  4 should not be lower than function's total provisioned concurrency [5].")
    account.delete_function_concurrency(FunctionName=name)
    refused(lambda: put(account, name, "live", 1001), 400, INVALID,
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].")
    refused(lambda: put(account, name, "live", 898), 400, INVALID,
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
    put(account, name, "live", 897)
    assert account.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000  # less what is reserved, and nothing else


def test_it_goes_with_version_alias_and_function(account, make, name):
    put(account, name, "live", 1)
    put(account, name, "2", 1)
    account.delete_function(FunctionName=name, Qualifier="2")
    account.delete_alias(FunctionName=name, Name="live")
    assert account.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []
    account.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    refused(lambda: get(account, name, "live"), 404, "ProvisionedConcurrencyConfigNotFoundException", NOT_FOUND)
    put(account, name, "live", 1)
    account.delete_function(FunctionName=name)
    make(says("one"), name=name, Publish=True)
    refused(lambda: get(account, name, "1"), 404, "ProvisionedConcurrencyConfigNotFoundException", NOT_FOUND)


def test_what_a_crash_interrupts_gets_ready():
    with Daemon("--update-delay", "1") as daemon:
        aws = daemon.client()
        name = Functions(aws)(Publish=True)
        aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
        put(aws, name, "1", 4)
        daemon.kill()
        daemon.start()
        aws = daemon.client()
        assert counts(ready(aws, name, "1")) == [4, 4, 4]
