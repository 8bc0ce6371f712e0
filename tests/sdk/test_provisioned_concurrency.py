"""If these fail, provisioned concurrency is lost, given to what may not have it, or never becomes READY."""
import json
import re

import pytest

from conftest import Functions
from daemon import ACCOUNT as DEFAULT_ACCOUNT
from daemon import REGION, Daemon, wait_until
from hold import HOLD, Holder, metric, throttle_of
from packages import make_zip
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


def test_a_restart_makes_them_again():
    with Daemon() as daemon:
        aws = daemon.client()
        name = Functions(aws)(Publish=True)
        aws.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
        put(aws, name, "1", 4)
        daemon.kill()
        daemon.start()
        aws = daemon.client()
        assert counts(ready(aws, name, "1")) == [4, 4, 4]
        assert status(daemon)["environments_live"] == 4


# --- what they are for -------------------------------------------------------------------------------------------------------

def status(daemon):
    return json.loads(daemon.send("GET", "/_mayfly/status").body)


@pytest.fixture(scope="module")
def own():
    """A daemon whose environments are all of one test's making."""
    with Daemon("--idle-timeout", "0.5") as running:
        yield running


@pytest.fixture
def holding(own):
    """(client, name): a function of the versions 1 and 2 that can hold its invocations, with the alias live for 1."""
    client = own.client()
    made = Functions(client)
    name = made(HOLD, Publish=True, Timeout=120)
    client.update_function_code(FunctionName=name, ZipFile=make_zip(HOLD + "\n# two\n"), Publish=True)
    for version in ("1", "2"):
        client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version, WaiterConfig=FAST)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    yield client, name
    made.delete_all()


def figure(daemon, metric_name, name, resource):
    return metric(daemon, f"aws_lambda_{metric_name}", account=DEFAULT_ACCOUNT, region=REGION, function_name=name, resource=f"{name}:{resource}")


def test_invocations_find_them_initialised_and_spill_over(own, holding):
    client, name = holding
    put(client, name, "live", 2)
    ready(client, name, "live")
    with Holder(own, client) as holder:
        first = holder.call(name, Qualifier="live")
        assert (first["type"], first["version"]) == ("provisioned-concurrency", "1")
        assert holder.call(name)["type"] == "on-demand"  # $LATEST has none
        held = holder.begin(name, 3, Qualifier="live")
        results = holder.release(name, held)
        assert sorted(result["type"] for result in results) == ["on-demand", "provisioned-concurrency", "provisioned-concurrency"]
        wait_until(lambda: status(own)["environments_live"] == 2, 30, "others than the provisioned ones stay")
        assert holder.call(name, Qualifier="live")["type"] == "provisioned-concurrency"  # they do not time out
        assert holder.call(name, Qualifier="1")["type"] == "provisioned-concurrency"  # the version itself has them too
    assert figure(own, "provisioned_concurrency_invocations_sum", name, "live") == 4
    assert figure(own, "provisioned_concurrency_spillover_invocations_sum", name, "live") == 1
    assert figure(own, "provisioned_concurrent_executions_max", name, "live") == 2
    assert figure(own, "provisioned_concurrency_utilization_max", name, "live") == 1


def test_the_log_tells_how_they_were_initialised(own, holding):
    client, name = holding
    put(client, name, "live", 1)
    ready(client, name, "live")
    with Holder(own, client) as holder:
        holder.call(name, Qualifier="live")


    def lines():
        text = own.raw("GET", f"/_mayfly/logs?function={name}").body.decode()
        return text if "REPORT RequestId" in text else None
    text = wait_until(lines, 30, "there is no log")
    assert re.search(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init", text), text
    assert text.index("INIT_REPORT") < text.index("START RequestId")
    assert "Init Duration" not in text[text.index("REPORT RequestId"):]  # the invocation did not wait for it


def test_a_crashed_one_is_replaced(own, holding):
    client, name = holding
    put(client, name, "live", 1)
    ready(client, name, "live")
    with Holder(own, client) as holder:
        before = holder.call(name, Qualifier="live")["stream"]
        answer = client.invoke(FunctionName=name, Qualifier="live", Payload=b'{"crash": true}')
        assert answer["FunctionError"] == "Unhandled"
        wait_until(lambda: counts(get(client, name, "live")) == [1, 1, 1], 30, "it is not replaced")
        after = holder.call(name, Qualifier="live")
        assert after["type"] == "provisioned-concurrency" and after["stream"] != before


def test_a_failing_init(own):
    client = own.client()
    made = Functions(client)
    name = made("raise Exception('no')", Publish=True)
    client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
    put(client, name, "1", 2)
    failed = wait_until(lambda: (config := get(client, name, "1"))["Status"] == "FAILED" and config, 30, "it does not fail")
    assert (counts(failed), failed["StatusReason"]) == ([2, 0, 0], "FUNCTION_ERROR_INIT_FAILURE")
    made.delete_all()
    wait_until(lambda: status(own)["environments_live"] == 0, 30, "something is left")


def test_an_alias_takes_them_to_another_version(own, holding):
    client, name = holding
    put(client, name, "live", 2)
    ready(client, name, "live")
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    ready(client, name, "live")
    with Holder(own, client) as holder:
        assert holder.call(name, Qualifier="live") | {"stream": ""} == {"type": "provisioned-concurrency", "version": "2", "stream": ""}
        wait_until(lambda: status(own)["environments_live"] == 2, 30, "those of the old version stay")
        client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
        wait_until(lambda: status(own)["environments_live"] == 0, 30, "they do not end")
        assert holder.call(name, Qualifier="live")["type"] == "on-demand"


def test_what_is_provisioned_nobody_else_can_take():
    with Daemon("--account-concurrency", "4", "--unreserved-concurrency-min", "1", "--requests-per-concurrency", "0") as daemon:
        client = daemon.client()
        make = Functions(client)
        flood, name = make(HOLD, Timeout=120), make(HOLD, Timeout=120, Publish=True)
        client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1", WaiterConfig=FAST)
        put(client, name, "1", 2)
        ready(client, name, "1")
        with Holder(daemon, client) as holder:
            flooding = holder.begin(flood, 2)
            assert throttle_of(lambda: client.invoke(FunctionName=flood))["Reason"] == "ConcurrentInvocationLimitExceeded"
            held = holder.begin(name, 2, Qualifier="1")
            assert throttle_of(lambda: client.invoke(FunctionName=name, Qualifier="1"))["Reason"] == "ConcurrentInvocationLimitExceeded"
            assert {result["type"] for result in holder.release(name, held)} == {"provisioned-concurrency"}
            holder.release(flood, flooding)
