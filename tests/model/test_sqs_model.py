"""If these fail, model/sqs.model tells clients something else than the SDKs do: botocore of today (JSON), and, where it is
installed, Debian's of before 2023, whose names the query protocol has."""

import json
import pathlib

import pytest

from conftest import read_botocore, read_model
from model_paths import SQS_MODEL

OLD = pathlib.Path("/usr/lib/python3/dist-packages/awscli/botocore/data/sqs/2012-11-05/service-2.json")
KINDS = {"string": "string", "boolean": "bool", "integer": "int", "long": "long", "blob": "blob"}

# botocore calls these members of answers required; the service leaves empty lists out, and so do we.
OPTIONAL_HERE = {"Successful", "Failed"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(SQS_MODEL, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def botocore():
    return read_botocore("sqs", "2012-11-05")


def our_type(model, use):
    if "name" in use:
        if use["name"] in model["enums"]:
            return ("string", tuple(sorted(model["enums"][use["name"]]["values"])))
        return ("struct", use["name"])
    if use["kind"] == "list":
        return ("list", our_type(model, use["element"]))
    if use["kind"] == "map":
        return ("map", our_type(model, use["key"]), our_type(model, use["element"]))
    return (use["kind"],)


def their_type(shapes, name):
    shape = shapes[name]
    if shape["type"] == "structure":
        return ("struct", name)
    if shape["type"] == "list":
        return ("list", their_type(shapes, shape["member"]["shape"]))
    if shape["type"] == "map":
        return ("map", their_type(shapes, shape["key"]["shape"]), their_type(shapes, shape["value"]["shape"]))
    return (KINDS[shape["type"]], *([tuple(sorted(shape["enum"]))] if "enum" in shape else []))


def our_members(model, members):
    return {name: (our_type(model, member["type"]), member["required"] or name in OPTIONAL_HERE) for name, member in members.items()}


def their_members(shapes, name):
    shape = shapes[name]
    return {member: (their_type(shapes, entry["shape"]), member in shape.get("required", []) or member in OPTIONAL_HERE)
            for member, entry in shape["members"].items()}


def test_operations_are_those_of_the_sdk(ours, botocore):
    shapes = botocore["shapes"]
    assert set(ours["operations"]) == set(botocore["operations"])
    for name, theirs in botocore["operations"].items():
        mine = ours["operations"][name]
        assert our_members(ours, mine["input"]) == their_members(shapes, theirs["input"]["shape"]), name
        assert sorted(mine["errors"]) == sorted(error["shape"] for error in theirs["errors"]), name
        assert bool(mine["output"]) == ("output" in theirs), name
        if mine["output"]:
            assert our_members(ours, ours["structs"][mine["output"]]["members"]) == their_members(shapes, theirs["output"]["shape"]), name


def test_structures_and_errors_are_those_of_the_sdk(ours, botocore):
    shapes = botocore["shapes"]
    messages = {name for operation in botocore["operations"].values() for name in
                (operation["input"]["shape"], operation.get("output", {}).get("shape"))}
    theirs = {name for name, shape in shapes.items() if shape["type"] == "structure" and not shape.get("exception") and name not in messages}
    mine = {name for name in ours["structs"] if not any(operation["output"] == name for operation in ours["operations"].values())}
    assert mine == theirs
    for name in mine:
        assert our_members(ours, ours["structs"][name]["members"]) == their_members(shapes, name), name
    errors = {name: set(shape["members"]) for name, shape in shapes.items() if shape.get("exception")}
    assert {name: {error["message"]} - {"none"} for name, error in ours["errors"].items()} == errors
    metadata = botocore["metadata"]
    assert (ours["target"], ours["protocol"].split()[0], ours["version"]) == (metadata["targetPrefix"], "json-" + metadata["jsonVersion"], metadata["apiVersion"])
    assert "awsQueryCompatible" in metadata


@pytest.fixture(scope="module")
def old():
    if not OLD.exists():
        pytest.skip("Debian's awscli is not installed")
    return json.loads(OLD.read_text())


def their_xml(shapes, entry, name):
    """[element, key, value] as the older SDK writes them; an element that is named like its member is not said."""
    shape = shapes[entry["shape"]]
    own = entry.get("locationName") or shape.get("locationName")
    if shape["type"] == "map":
        return [own, shape["key"]["locationName"], shape["value"]["locationName"]]
    return [own or shape["member"].get("locationName"), "", ""]


def test_the_query_protocol_has_the_names_of_the_older_sdk(ours, old):
    shapes, compared = old["shapes"], 0
    assert old["metadata"]["protocol"] == "query" and ours["xml"] == old["metadata"]["xmlNamespace"]

    def compare(members, shape):
        nonlocal compared
        for name, entry in shapes[shape]["members"].items():
            if shapes[entry["shape"]]["type"] not in ("list", "map"):
                continue
            xml = members[name]["xml"]
            element, key, value = their_xml(shapes, entry, name)
            # QueueAttributeMap and the tags of TagQueue have no name of their own there: the decoder takes the member's, too.
            assert (xml["name"], xml.get("key", ""), xml.get("value", "")) == (element or xml["name"], key, value), (shape, name)
            assert xml["flat"] and (entry.get("flattened") or shapes[entry["shape"]].get("flattened")), (shape, name)
            compared += 1
    for name, operation in old["operations"].items():
        compare(ours["operations"][name]["input"], operation["input"]["shape"])
        if "output" in operation:
            compare(ours["structs"][ours["operations"][name]["output"]]["members"], operation["output"]["shape"])
    for name in ours["structs"]:
        if name in shapes:
            compare(ours["structs"][name]["members"], name)
    assert compared > 25


def test_errors_have_their_old_codes(ours, old):
    compared = 0
    for name, shape in old["shapes"].items():
        if not shape.get("exception") or "error" not in shape:
            continue
        assert (ours["errors"][name]["query_code"], ours["errors"][name]["status"]) == (shape["error"]["code"], shape["error"]["httpStatusCode"]), name
        compared += 1
    assert compared > 10
