"""Fixtures for tests with real clients. They need root, and the programs in MAYFLY_BIN (default build/release/bin)."""
import itertools
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from daemon import ACCOUNT, Daemon, skip_without_daemon  # noqa: E402
from packages import ECHO, FULL_CPU_MIB, make_zip  # noqa: E402

ROLE = f"arn:aws:iam::{ACCOUNT}:role/test"
counter = itertools.count()


def pytest_collection_modifyitems(items):
    skip_without_daemon(items, Path(__file__).resolve().parent)


@pytest.fixture(scope="session")
def daemon():
    """One daemon in open mode for all tests that do not change how it runs. Its clean end is checked at the end."""
    with Daemon() as running:
        yield running


@pytest.fixture(scope="session")
def aws(daemon):
    return daemon.client("lambda")


@pytest.fixture
def name():
    """A function name that no other test uses."""
    return f"test-{os.getpid()}-{next(counter)}"


class Functions:
    """Makes functions that are active, and deletes them after the test. They have a whole CPU unless the test says otherwise, so that
    no test is about the speed of the machine."""

    def __init__(self, aws):
        self.aws = aws
        self.names = []

    def __call__(self, code=ECHO, name=None, wait=True, **settings):
        name = name or f"test-{os.getpid()}-{next(counter)}"
        package = code if isinstance(code, bytes) else make_zip(code)
        request = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": package},
                   "MemorySize": FULL_CPU_MIB, **settings}
        self.aws.create_function(**request)
        self.names.append(name)
        if wait:
            self.aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
        return name

    def delete_all(self):
        for name in self.names:
            try:
                self.aws.delete_function(FunctionName=name)
            except self.aws.exceptions.ResourceNotFoundException:
                pass  # the test has deleted it
            except self.aws.exceptions.ResourceConflictException:  # a change is on its way
                for waiter in ("function_active_v2", "function_updated_v2"):
                    self.aws.get_waiter(waiter).wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
                self.aws.delete_function(FunctionName=name)


@pytest.fixture
def functions(aws):
    made = Functions(aws)
    yield made
    made.delete_all()
