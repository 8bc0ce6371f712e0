"""If these fail, model/iot.model or model/iotdata.model tells clients something else than the SDKs do. Operations that are not built have their paths alone;
actions that are refused have no members."""

import re

import botocore.session
import pytest

from conftest import check_operation, members_of, read_model, required
from model_paths import ROOT

SERVICES = {"iot": "iot", "iotdata": "iot-data"}


@pytest.fixture(scope="module", params=SERVICES)
def models(request, tmp_path_factory):
    ours = read_model(ROOT / "model" / f"{request.param}.model", tmp_path_factory.mktemp("model"))
    return ours, botocore.session.get_session().get_service_model(SERVICES[request.param])


def path_of(uri):
    return re.sub(r"\{\w+", "{", uri)


def test_protocol_and_paths(models):
    ours, theirs = models
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert (ours["protocol"], ours["version"]) == (theirs.metadata["protocol"], theirs.metadata["apiVersion"])
    for name, operation in ours["operations"].items():
        http = theirs.operation_model(name).http
        assert (operation["method"], path_of(operation["path"]), operation["status"]) == (http["method"], path_of(http["requestUri"]), http.get("responseCode", 200)), name


def test_members_and_errors(models):
    ours, theirs = models
    for name, operation in ours["operations"].items():
        if operation["todo"]:
            continue
        check_operation(ours, theirs, name)


def test_structures(models):
    ours, theirs = models
    for name, struct in ours["structs"].items():
        if not name.endswith(("Response", "Request")) and name != "OtherAction":
            assert required(struct["members"]) == members_of(theirs.shape_for(name)), name


def test_error_statuses(models):
    ours, theirs = models
    for name, error in ours["errors"].items():
        assert error["status"] == theirs.shape_for(name).metadata["error"]["httpStatusCode"], name
