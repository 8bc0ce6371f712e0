"""If these fail, model/scheduler.model tells clients something else than the SDKs do, or less of EventBridge Scheduler than there is."""

import botocore.session
import pytest

from conftest import read_model
from model_paths import ROOT
from test_ssm_model import members_of, required

MODEL = ROOT / "model" / "scheduler.model"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("scheduler")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert ours["version"] == theirs.metadata["apiVersion"] and ours["protocol"] == theirs.metadata["protocol"]


def test_members_and_errors(ours, theirs):
    for name, operation in ours["operations"].items():
        model = theirs.operation_model(name)
        assert required(operation["input"]) == members_of(model.input_shape), name
        assert set(operation["errors"]) == {error.name for error in model.error_shapes}, name
        assert (operation["method"], operation["path"]) == (model.http["method"], model.http["requestUri"]), name


def test_structures(ours, theirs):
    for name, struct in ours["structs"].items():
        if not name.endswith("Response"):
            assert required(struct["members"]) == members_of(theirs.shape_for(name)), name
