"""If these fail, runtime management or recursion settings are lost, or answered otherwise than on AWS."""
import pytest

from conftest import Functions
from daemon import Daemon
from test_errors import refused
from test_lifecycle import arn

VERSION = "arn:aws:lambda:us-east-1::runtime:" + "b4" * 32


def shown(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


@pytest.fixture
def name(functions):
    return functions(Publish=True)


def test_modes(aws, name):
    latest = arn(name) + ":$LATEST"
    assert shown(aws.get_runtime_management_config(FunctionName=name)) == {"UpdateRuntimeOn": "Auto", "FunctionArn": latest}
    put = aws.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    assert shown(put) == {"UpdateRuntimeOn": "FunctionUpdate", "FunctionArn": latest}
    put = aws.put_runtime_management_config(FunctionName=f"{name}:1", UpdateRuntimeOn="Manual", RuntimeVersionArn=VERSION)
    assert shown(put) == {"UpdateRuntimeOn": "Manual", "FunctionArn": arn(name) + ":1", "RuntimeVersionArn": VERSION}
    assert shown(aws.get_runtime_management_config(FunctionName=name, Qualifier="1")) == shown(put)
    assert aws.get_runtime_management_config(FunctionName=name, Qualifier="$LATEST")["UpdateRuntimeOn"] == "FunctionUpdate"
    put = aws.put_runtime_management_config(FunctionName=name, Qualifier="1", UpdateRuntimeOn="Auto")
    assert "RuntimeVersionArn" not in put
    assert shown(aws.get_runtime_management_config(FunctionName=name, Qualifier="1")) == {"UpdateRuntimeOn": "Auto", "FunctionArn": arn(name) + ":1"}


def test_runtime_refusals(aws, name):
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    refused(lambda: aws.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Manual"), 400, "InvalidParameterValueException",
            "RuntimeVersionArn must be specified when UpdateRuntimeOn is Manual.")
    refused(lambda: aws.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Auto", RuntimeVersionArn=VERSION), 400,
            "InvalidParameterValueException", "RuntimeVersionArn must not be specified when UpdateRuntimeOn is Auto.")
    refused(lambda: aws.get_runtime_management_config(FunctionName=name, Qualifier="live"), 400, "InvalidParameterValueException",
            "Runtime management configurations belong to function versions. Please specify $LATEST or a version.")
    refused(lambda: aws.put_runtime_management_config(FunctionName="nobody", UpdateRuntimeOn="Auto"), 404, "ResourceNotFoundException",
            f"Function not found: {arn('nobody')}")
    refused(lambda: aws.get_runtime_management_config(FunctionName=name, Qualifier="7"), 404, "ResourceNotFoundException",
            f"Function not found: {arn(name)}:7")
    refused(lambda: aws.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Never"), 400, "ValidationException",
            "1 validation error detected: Value 'Never' at 'updateRuntimeOn' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Auto, Manual, FunctionUpdate]")


def test_recursion(aws, name):
    assert aws.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    assert aws.put_function_recursion_config(FunctionName=arn(name), RecursiveLoop="Allow")["RecursiveLoop"] == "Allow"
    assert aws.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    assert aws.put_function_recursion_config(FunctionName=name, RecursiveLoop="Terminate")["RecursiveLoop"] == "Terminate"
    assert aws.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    for call in (lambda: aws.get_function_recursion_config(FunctionName="nobody"),
                 lambda: aws.put_function_recursion_config(FunctionName="nobody", RecursiveLoop="Allow")):
        refused(call, 404, "ResourceNotFoundException", f"Function not found: {arn('nobody')}")


def test_they_survive_a_restart_but_not_their_function():
    with Daemon() as daemon:
        make = Functions(daemon.client())
        name = make()
        make.aws.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Manual", RuntimeVersionArn=VERSION)
        make.aws.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
        daemon.kill()
        daemon.start()
        aws = make.aws = daemon.client()
        assert aws.get_runtime_management_config(FunctionName=name)["RuntimeVersionArn"] == VERSION
        assert aws.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
        aws.delete_function(FunctionName=name)
        make(name=name)
        assert aws.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"
        assert aws.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
