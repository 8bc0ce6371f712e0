"""If these fail, model/logs.model tells clients something else than the SDKs do, or less of CloudWatch Logs than there is."""

import botocore.session
import pytest

from conftest import check_operation, read_model
from model_paths import ROOT

MODEL = ROOT / "model" / "logs.model"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("logs")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert (ours["target"], ours["version"]) == (theirs.metadata["targetPrefix"], theirs.metadata["apiVersion"])
    assert theirs.metadata["jsonVersion"] == "1.1" and ours["protocol"] == "json-1.1"


def test_members_and_errors_of_what_works(ours, theirs):
    working = {name: operation for name, operation in ours["operations"].items() if not operation.get("todo")}
    assert len(working) > 20
    for name, operation in working.items():
        check_operation(ours, theirs, name)
