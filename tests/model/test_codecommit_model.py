"""If these fail, model/codecommit.model tells clients something else than the SDKs do. Operations that are only named have no members here."""

import botocore.session
import pytest

from conftest import check_operation, members_of, read_model, required
from model_paths import ROOT

MODEL = ROOT / "model" / "codecommit.model"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("codecommit")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert ours["protocol"] == "json-1.1" and theirs.metadata["protocol"] == "json" and ours["version"] == theirs.metadata["apiVersion"]
    assert ours["target"] == theirs.metadata["targetPrefix"]


def test_members_and_errors(ours, theirs):
    for name, operation in ours["operations"].items():
        if operation["todo"]:
            continue
        check_operation(ours, theirs, name)


def test_structures(ours, theirs):
    for name, struct in ours["structs"].items():
        if not name.endswith(("Response", "Request")):
            assert required(struct["members"]) == members_of(theirs.shape_for(name)), name
