"""If these fail, model/cloudtrail.model tells clients something else than the SDKs do."""

import botocore.session
import pytest

from conftest import members_of, read_model, required
from model_paths import ROOT

MODEL = ROOT / "model" / "cloudtrail.model"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("cloudtrail")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert (ours["target"], ours["version"]) == (theirs.metadata["targetPrefix"], theirs.metadata["apiVersion"])


def test_members_and_errors(ours, theirs):
    operation, model = ours["operations"]["LookupEvents"], theirs.operation_model("LookupEvents")
    assert required(operation["input"]) == members_of(model.input_shape)
    assert required(ours["structs"][operation["output"]]["members"]) == members_of(model.output_shape)
    assert set(operation["errors"]) == {error.name for error in model.error_shapes}
    for name in ("Event", "LookupAttribute", "Resource"):
        assert required(ours["structs"][name]["members"]) == members_of(theirs.shape_for(name)), name
