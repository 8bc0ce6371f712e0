"""If these fail, functions run more often at once than they may, or reserved concurrency is not there for its owner."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Functions
from daemon import ACCOUNT, REGION, Daemon, wait_until
from hold import HOLD, Holder, metric, throttle_of

LIMITS = ("--account-concurrency", "8", "--unreserved-concurrency-min", "2", "--requests-per-concurrency", "0")


@pytest.fixture(scope="module")
def small():
    """An account of eight; two stay unreserved."""
    with Daemon(*LIMITS) as daemon:
        yield daemon


@pytest.fixture
def client(small):
    return small.client()


@pytest.fixture
def make(client):
    made = Functions(client)
    yield lambda code=HOLD, **settings: made(code, **{"Timeout": 120, "MemorySize": 256, **settings})
    made.delete_all()


def reason_of(call):
    return throttle_of(call)["Reason"]


def test_the_account_is_full(small, client, make):
    name, other = make(), make()
    with Holder(small, client) as holder:
        held = holder.begin(name, 8)
        for refused in (name, other):
            response = throttle_of(lambda: client.invoke(FunctionName=refused))
            assert response["Error"]["Code"] == "TooManyRequestsException" and response["Error"]["Message"] == "Rate Exceeded."
            assert response["Reason"] == "ConcurrentInvocationLimitExceeded" and response["Type"] == "User"
        raw = small.raw("POST", f"/2015-03-31/functions/{other}/invocations", "{}")
        assert raw.status == 429 and raw.code == "TooManyRequestsException" and raw.headers["retry-after"] == "1"
        assert raw.body == b'{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}'
        assert len({result["stream"] for result in holder.release(name, held)}) == 8
        assert holder.call(other)["type"] == "on-demand"
    labels = {"account": ACCOUNT, "region": REGION, "function_name": name}
    assert metric(small, "aws_lambda_throttles_sum", **labels) == 1
    assert metric(small, "aws_lambda_invocations_sum", **labels) == 8
    assert metric(small, "aws_lambda_concurrent_executions_max", **labels) == 8
    assert metric(small, "aws_lambda_concurrent_executions_max", account=ACCOUNT, region=REGION) == 8
    assert metric(small, "aws_lambda_unreserved_concurrent_executions_max", account=ACCOUNT, region=REGION) == 8


def test_the_command_line_shows_the_reason(small, client, make):
    name = make()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    command = [str(Path(sys.executable).parent / "aws"), "lambda", "invoke", "--function-name", name, "--endpoint-url", small.url, "--region", REGION, "--debug", "/dev/null"]
    variables = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"}
    told = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=120)
    assert told.returncode != 0
    assert "(TooManyRequestsException)" in told.stderr and "Rate Exceeded." in told.stderr
    assert "ReservedFunctionConcurrentInvocationLimitExceeded" in told.stderr


def test_a_reserved_function_has_its_share_under_a_flood(small, client, make):
    flood, owner = make(), make()
    client.put_function_concurrency(FunctionName=owner, ReservedConcurrentExecutions=3)
    with Holder(small, client) as holder:
        flooding = holder.begin(flood, 5)
        assert reason_of(lambda: client.invoke(FunctionName=flood)) == "ConcurrentInvocationLimitExceeded"
        owned = holder.begin(owner, 3)
        assert reason_of(lambda: client.invoke(FunctionName=owner)) == "ReservedFunctionConcurrentInvocationLimitExceeded"
        holder.release(owner, owned)
        assert reason_of(lambda: client.invoke(FunctionName=flood)) == "ConcurrentInvocationLimitExceeded"  # it stays the owner's
        owned = holder.begin(owner, 3)
        holder.release(owner, owned)
        holder.release(flood, flooding)


def test_a_reservation_changes_while_its_function_runs(small, client, make):
    name = make()
    settings = client.get_account_settings()["AccountLimit"]
    assert (settings["ConcurrentExecutions"], settings["UnreservedConcurrentExecutions"]) == (8, 8)
    with Holder(small, client) as holder:
        held = holder.begin(name, 2)
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
        assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 6
        assert reason_of(lambda: client.invoke(FunctionName=name)) == "ReservedFunctionConcurrentInvocationLimitExceeded"
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
        held += holder.begin(name, 1)
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        assert reason_of(lambda: client.invoke(FunctionName=name)) == "ReservedFunctionConcurrentInvocationLimitExceeded"
        client.delete_function_concurrency(FunctionName=name)
        held += holder.begin(name, 5)
        holder.release(name, held)


def rush(daemon, name, count):
    """Reasons of `count` invocations, one right after the other; None for those that ran."""
    answers = [daemon.raw("POST", f"/2015-03-31/functions/{name}/invocations", "{}") for _ in range(count)]
    return [answer.json["Reason"] if answer.status == 429 else None for answer in answers]


def test_requests_per_second():
    # One request a second and unit of concurrency: what comes faster than that is refused, whoever is busy here.
    with Daemon("--account-concurrency", "4", "--unreserved-concurrency-min", "1", "--requests-per-concurrency", "1") as daemon:
        client = daemon.client()
        make = Functions(client)
        owner, first, second = make(), make(), make()
        client.put_function_concurrency(FunctionName=owner, ReservedConcurrentExecutions=1)
        # What another second brings runs.
        for name, reason in ((owner, "ReservedFunctionInvocationRateLimitExceeded"), (first, "FunctionInvocationRateLimitExceeded")):
            reasons = rush(daemon, name, 40)
            assert reasons[0] is None and set(reasons) == {None, reason}
        wait_until(lambda: rush(daemon, owner, 1) == [None], 30, "nothing is allowed any more")
        assert "CallerRateLimitExceeded" in [reason for _ in range(20) for reason in rush(daemon, first, 1) + rush(daemon, second, 1)]


def test_new_environments_per_time():
    with Daemon("--scaling-environments", "2", "--scaling-window", "3600") as daemon:
        client = daemon.client()
        make = Functions(client)
        name, other = make(HOLD, Timeout=120), make(HOLD, Timeout=120)
        with Holder(daemon, client) as holder:
            held = holder.begin(name, 2)
            assert reason_of(lambda: client.invoke(FunctionName=name)) == "ConcurrentInvocationLimitExceeded"
            assert holder.call(other)["type"] == "on-demand"  # each function has its own rate
            holder.release(name, held)
            held = holder.begin(name, 2)  # in the environments that are there
            holder.release(name, held)


def test_the_machine_says_that_it_is_the_machine():
    with Daemon("--environments-max", "2") as daemon:
        client = daemon.client()
        name = Functions(client)(HOLD, Timeout=120)
        with Holder(daemon, client) as holder:
            held = holder.begin(name, 2)
            response = throttle_of(lambda: client.invoke(FunctionName=name))
            assert response["Reason"] == "MachineEnvironmentLimitExceeded"
            assert response["Error"]["Message"].startswith("Rate Exceeded. Not by a quota: ")
            holder.release(name, held)


def test_the_memory_bound_counts_what_is_used_and_makes_idle_environments_go():
    with Daemon("--memory-max", "60") as daemon:
        client = daemon.client()
        make = Functions(client)
        # Nominally 3 GB each; a few MiB are expected of each, and used.
        names = [make(HOLD, Timeout=120, MemorySize=3008) for _ in range(6)]
        with Holder(daemon, client) as holder:
            calls = {name: holder.pool.submit(holder.call, name, {"hold": True}) for name in names}
            wait_until(lambda: holder.running() == sum(not call.done() for call in calls.values()) < len(calls), 60, "nothing was refused")
            held = [(name, call) for name, call in calls.items() if not call.done()]
            assert len(held) >= 2
            for name in set(calls) - {name for name, _ in held}:
                response = calls[name].exception().response
                assert response["Reason"] == "MachineMemoryLimitExceeded"
                assert "has no memory for a further execution environment" in response["Error"]["Message"]
            for name, call in held:
                holder.release(name, [call])
            for name in names:  # what is idle makes room
                assert holder.call(name)["type"] == "on-demand"


def test_unreserved_minimum_is_an_option(small, client, make):
    name = make()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=6)
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=r"below its minimum value of \[2\]"):
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)
