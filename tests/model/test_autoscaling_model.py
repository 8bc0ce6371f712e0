"""If these fail, model/application-autoscaling.model tells clients something else than the SDKs do, or less than it says it leaves out."""
import botocore.session
import pytest

from conftest import read_model
from model_paths import ROOT

MODEL = ROOT / "model" / "application-autoscaling.model"
# Of services other than Lambda, or of predictive scaling, which Lambda does not have.
LEFT_OUT = {"GetPredictiveScalingForecast"}
LEFT_OUT_MEMBERS = {"PredictiveScalingPolicyConfiguration", "Metrics", "NotScaledReasons"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("application-autoscaling")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names) - LEFT_OUT
    assert (ours["target"], ours["version"]) == (theirs.metadata["targetPrefix"], theirs.metadata["apiVersion"])
    assert theirs.metadata["jsonVersion"] == "1.1" and ours["protocol"] == "json-1.1"


def members_of(shape):
    """{name: whether it is required}, without those that are left out."""
    return {} if shape is None else {name: name in shape.required_members for name in shape.members if name not in LEFT_OUT_MEMBERS}


def required(members):
    return {name: member["required"] for name, member in (members or {}).items()}


def test_members_and_errors(ours, theirs):
    for name, operation in ours["operations"].items():
        model = theirs.operation_model(name)
        assert required(operation["input"]) == members_of(model.input_shape), name
        assert required(operation["output"] and ours["structs"][operation["output"]]["members"]) == members_of(model.output_shape), name
        assert set(operation["errors"]) == {error.name for error in model.error_shapes}, name


def test_structures(ours, theirs):
    for name, struct in ours["structs"].items():
        assert required(struct["members"]) == members_of(theirs.shape_for(name)), name
