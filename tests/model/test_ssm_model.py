"""If these fail, model/ssm.model tells clients something else than the SDKs do, or less of Parameter Store than there is."""

import botocore.session
import pytest

from conftest import check_operation, members_of, read_model, required
from model_paths import ROOT

MODEL = ROOT / "model" / "ssm.model"
TAGGING = {"AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("ssm")


def test_protocol_and_operations(ours, theirs):
    of_parameters = {name for name in theirs.operation_names if "Parameter" in name}
    assert set(ours["operations"]) == of_parameters | TAGGING
    assert (ours["target"], ours["version"]) == (theirs.metadata["targetPrefix"], theirs.metadata["apiVersion"])
    assert theirs.metadata["jsonVersion"] == "1.1" and ours["protocol"] == "json-1.1"


def test_members_and_errors(ours, theirs):
    for name, operation in ours["operations"].items():
        check_operation(ours, theirs, name)


def test_structures(ours, theirs):
    for name, struct in ours["structs"].items():
        if not name.endswith("Response"):
            assert required(struct["members"]) == members_of(theirs.shape_for(name)), name
