"""If these fail, model/ec2.model tells clients something else than the SDKs do.

The model is a part of EC2's: other operations are only named, and of structures members are left out. What is there must be the SDKs'.
"""

import botocore.session
import pytest

from conftest import read_model
from model_paths import ROOT

MODEL = ROOT / "model" / "ec2.model"
SCALARS = {"string": "string", "bool": "boolean", "int": "integer", "long": "long", "double": "double", "blob": "blob", "timestamp": "timestamp"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def theirs():
    return botocore.session.get_session().get_service_model("ec2")


def test_protocol_and_operations(ours, theirs):
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert ours["protocol"] == "ec2-query" and theirs.metadata["protocol"] == "ec2"
    assert (ours["version"], ours["xml"].rstrip("/")) == (theirs.metadata["apiVersion"], theirs.metadata["xmlNamespace"])


def large(name):
    return name[0].upper() + name[1:]


def check_members(ours, shape, members, names, where):
    """Each member is one of the SDK's, as required as there, of that type, and called the same on the wire."""
    for name, member in members.items():
        assert name in shape.members, f"{where}: the SDK has no {name}"
        theirs = shape.members[name]
        if names == "request":
            assert member["required"] == (name in shape.required_members), f"{where}.{name}"
            wire = theirs.serialization.get("queryName") or large(theirs.serialization.get("name", name))
            assert large(member["xml"]["name"]) == wire, f"{where}.{name} is called {wire}"
        else:
            assert member["xml"]["name"] == theirs.serialization.get("name", name), f"{where}.{name}"
        check_type(ours, theirs, member["type"], f"{where}.{name}")


def check_type(ours, shape, use, where):
    name, kind = use.get("name"), use.get("kind")
    if name in ours["enums"]:
        assert ours["enums"][name]["values"] == shape.enum, where
    elif name in ours["structs"]:
        assert shape.type_name == "structure" and shape.name == name, where
    elif kind == "list":
        assert shape.type_name == "list", where
        check_type(ours, shape.member, use["element"], where)
    else:
        assert SCALARS[kind] == shape.type_name, where


def test_members(ours, theirs):
    for name, operation in ours["operations"].items():
        if operation["todo"]:
            continue
        model = theirs.operation_model(name)
        if operation["input"]:
            check_members(ours, model.input_shape, operation["input"], "request", name)
        missing = set(model.input_shape.required_members if model.input_shape else []) - set(operation["input"] or {})
        assert not missing, f"{name} must take {missing}"
        assert bool(operation["output"]) == bool(model.output_shape), name
        if operation["output"]:
            check_members(ours, model.output_shape, ours["structs"][operation["output"]]["members"], "answer", name)


def test_structures(ours, theirs):
    for name, struct in ours["structs"].items():
        if name.endswith("Response"):
            continue
        for member, facts in struct["members"].items():
            shape = theirs.shape_for(name)
            assert member in shape.members, f"the SDK's {name} has no {member}"
            check_type(ours, shape.members[member], facts["type"], f"{name}.{member}")
            assert large(facts["xml"]["name"]) == large(shape.members[member].serialization.get("name", member)), f"{name}.{member}"
