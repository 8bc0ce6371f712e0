"""If these fail, model/ses.model tells clients something else than the SDKs do. Operations that are only named have no members here."""

import botocore.session
import pytest

from conftest import check_operation, members_of, read_model, required
from model_paths import ROOT

MODEL = ROOT / "model" / "ses.model"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("ses")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert (ours["protocol"], ours["version"]) == (theirs.metadata["protocol"], theirs.metadata["apiVersion"])
    assert ours["xml"] == theirs.metadata["xmlNamespace"]


def test_members_and_errors(ours, theirs):
    for name, operation in ours["operations"].items():
        if operation["todo"]:
            continue
        check_operation(ours, theirs, name)


def test_structures(ours, theirs):
    for name, struct in ours["structs"].items():
        if not name.endswith(("Response", "Request")):
            assert required(struct["members"]) == members_of(theirs.shape_for(name)), name


def test_error_codes_and_statuses(ours, theirs):
    for name, error in ours["errors"].items():
        wanted = theirs.shape_for(name).metadata["error"]
        assert (error["query_code"], error["status"]) == (wanted["code"], wanted["httpStatusCode"]), name
