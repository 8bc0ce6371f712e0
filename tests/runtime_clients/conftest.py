"""Shared fixtures: every test gets a function folder of its own and a runner for the client under test."""

import os
import signal
import sys

import pytest

# Whoever runs the tests in the background has them ignore SIGINT, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from client_run import run_client  # noqa: E402
from clients import aws_node_client, aws_python_client, newest_aws_node_client, node, node_command, python_commands  # noqa: E402


class Function(object):
    """A function folder with a client to run it."""

    def __init__(self, folder, command, name, environment=None):
        self.folder = folder
        self.name = name
        self._command = command
        self._environment = environment or {}

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, handler, events, environment=None, **options):
        environment = dict(self._environment, **(environment or {}))
        return run_client(self.command(handler), self.folder, handler, events, environment, **options)

    def command(self, handler):
        return self._command(self.folder, handler)


def aws_python_command(folder, handler):
    interpreter, reason = aws_python_client()
    if interpreter is None:
        pytest.skip("awslambdaric cannot be installed: " + reason)
    return [interpreter, "-m", "awslambdaric", handler]


PYTHON_CLIENTS = python_commands()


@pytest.fixture(params=list(PYTHON_CLIENTS))
def python_function(request, tmp_path):
    """A function on each interpreter, by exec and by zygote."""
    return Function(tmp_path, PYTHON_CLIENTS[request.param], request.param)


@pytest.fixture(params=list(PYTHON_CLIENTS) + ["awslambdaric"])
def any_python_function(request, tmp_path):
    """The same, and AWS's own client as the measure of what is right."""
    return Function(tmp_path, PYTHON_CLIENTS.get(request.param, aws_python_command), request.param)


def aws_node_command(folder, handler):
    program, reason = aws_node_client()
    if program is None:
        pytest.skip("aws-lambda-ric cannot be installed: " + reason)
    return [node(), program, handler]


NODE_CLIENTS = {
    "node20": (node_command, "AWS_Lambda_nodejs20.x"),
    "node24": (node_command, "AWS_Lambda_nodejs24.x"),
    "aws-lambda-ric": (aws_node_command, "AWS_Lambda_nodejs20.x"),
}


def _node_function(name, tmp_path):
    if node() is None:
        pytest.skip("node is not installed")
    command, environment = NODE_CLIENTS[name]
    return Function(tmp_path, command, name, {"AWS_EXECUTION_ENV": environment})


@pytest.fixture(params=["node20", "node24"])
def node_function(request, tmp_path):
    """A function on Mayfly's client, in both generations of AWS's contract."""
    return _node_function(request.param, tmp_path)


@pytest.fixture(params=list(NODE_CLIENTS))
def any_node_function(request, tmp_path):
    """The same, and AWS's own client as the measure of what is right."""
    return _node_function(request.param, tmp_path)


def newest_aws_node_command(folder, handler):
    program, reason = newest_aws_node_client()
    if program is None:
        pytest.skip(reason)
    return [node(), program, handler]


@pytest.fixture(params=["node20", "node24", "aws-lambda-ric-4"])
def any_streaming_function(request, tmp_path):
    """As any_node_function, but AWS's newest client: older ones stream a little differently."""
    if request.param != "aws-lambda-ric-4":
        return _node_function(request.param, tmp_path)
    return Function(tmp_path, newest_aws_node_command, request.param, {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x", "AWS_REGION": "eu-central-1"})


@pytest.fixture(params=["node20", "aws-lambda-ric"])
def callback_function(request, tmp_path):
    """Only the generation that has callbacks."""
    return _node_function(request.param, tmp_path)
