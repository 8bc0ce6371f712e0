"""If these fail, reserved concurrency is lost, given twice, or answered otherwise than on AWS."""
import pytest

from conftest import Functions
from daemon import Daemon
from test_errors import refused
from test_lifecycle import arn

ACCOUNT = "111122223333"  # its own account: the sums are per account and region
FLOOR = ("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{}].")
UNQUALIFIED = ("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
               "Please specify either a function name or an unqualified function ARN.")


@pytest.fixture
def account(daemon):
    return daemon.client(key=ACCOUNT)


@pytest.fixture
def make(account):
    made = Functions(account)
    yield made
    made.delete_all()


def own(name):
    return arn(name, account=ACCOUNT)


def unreserved(client):
    return client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]


def reserved(client, name):
    return client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")


def test_put_read_delete(account, make):
    name = make()
    assert reserved(account, name) is None
    assert "Concurrency" not in account.get_function(FunctionName=name)
    before = account.get_function_configuration(FunctionName=name)["RevisionId"]
    put = account.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)
    assert put["ReservedConcurrentExecutions"] == 7
    assert reserved(account, own(name)) == 7
    assert account.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    assert account.get_function_configuration(FunctionName=name)["RevisionId"] == before
    assert unreserved(account) == 993
    account.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert reserved(account, name) == 0
    assert account.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    for _ in range(2):  # the second finds nothing, and says nothing
        assert account.delete_function_concurrency(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert reserved(account, name) is None
    assert unreserved(account) == 1000


def test_a_hundred_stay_unreserved(account, make):
    first, second = make(), make()
    account.put_function_concurrency(FunctionName=first, ReservedConcurrentExecutions=900)
    assert unreserved(account) == 100
    refused(lambda: account.put_function_concurrency(FunctionName=second, ReservedConcurrentExecutions=1), 400, "InvalidParameterValueException",
            FLOOR.format(100))
    account.put_function_concurrency(FunctionName=second, ReservedConcurrentExecutions=0)
    # What the function itself has does not count against it.
    account.put_function_concurrency(FunctionName=first, ReservedConcurrentExecutions=899)
    account.put_function_concurrency(FunctionName=second, ReservedConcurrentExecutions=1)
    refused(lambda: account.put_function_concurrency(FunctionName=first, ReservedConcurrentExecutions=900), 400, "InvalidParameterValueException",
            FLOOR.format(100))
    assert reserved(account, first) == 899
    account.delete_function(FunctionName=first)
    assert unreserved(account) == 999


def test_accounts_and_regions_do_not_share(daemon, account, make):
    name = make()
    account.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=900)
    assert unreserved(daemon.client(key="111122223334")) == 1000
    assert unreserved(daemon.client(key=ACCOUNT, region="eu-west-1")) == 1000


def test_refusals(account, make):
    name = make(Publish=True)
    for wrong in (f"{name}:1", own(name) + ":$LATEST", own(name) + ":live"):
        for call in (lambda: account.put_function_concurrency(FunctionName=wrong, ReservedConcurrentExecutions=1),
                     lambda: account.get_function_concurrency(FunctionName=wrong),
                     lambda: account.delete_function_concurrency(FunctionName=wrong)):
            refused(call, 400, "InvalidParameterValueException", UNQUALIFIED)
    refused(lambda: account.put_function_concurrency(FunctionName="nobody", ReservedConcurrentExecutions=1), 404, "ResourceNotFoundException",
            f"Function not found: {own('nobody')}:$LATEST")
    refused(lambda: account.get_function_concurrency(FunctionName="nobody"), 404, "ResourceNotFoundException", f"Function not found: {own('nobody')}")
    refused(lambda: account.delete_function_concurrency(FunctionName="nobody"), 404, "ResourceNotFoundException", f"Function not found: {own('nobody')}")


def test_a_new_function_of_the_same_name_starts_without(account, make):
    name = make()
    account.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    account.delete_function(FunctionName=name)
    make(name=name)
    assert reserved(account, name) is None
    assert unreserved(account) == 1000


def test_a_restart_keeps_it_and_the_sums():
    with Daemon("--account-concurrency", "150") as daemon:
        aws = daemon.client()
        make = Functions(aws)
        first, second = make(), make()
        aws.put_function_concurrency(FunctionName=first, ReservedConcurrentExecutions=40)
        daemon.kill()
        daemon.start()
        aws = daemon.client()
        assert unreserved(aws) == 110
        assert reserved(aws, first) == 40
        refused(lambda: aws.put_function_concurrency(FunctionName=second, ReservedConcurrentExecutions=11), 400, "InvalidParameterValueException",
                FLOOR.format(100))
        aws.put_function_concurrency(FunctionName=second, ReservedConcurrentExecutions=10)
        aws.delete_function_concurrency(FunctionName=first)
        assert unreserved(aws) == 140


def test_a_small_account_can_reserve_nothing():
    with Daemon("--account-concurrency", "10") as daemon:
        aws = daemon.client()
        name = Functions(aws)()
        refused(lambda: aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1), 400, "InvalidParameterValueException",
                FLOOR.format(10))
        aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def test_account_settings(account, make):
    name = make(Publish=True)
    settings = account.get_account_settings()
    size = account.get_function_configuration(FunctionName=name)["CodeSize"]
    assert settings["AccountLimit"] == {"TotalCodeSize": 322122547200, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
                                        "ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    assert settings["AccountUsage"] == {"TotalCodeSize": 2 * size, "FunctionCount": 1}
