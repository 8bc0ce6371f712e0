"""If these fail, model/s3.model tells clients something else than the SDKs do: other operations, members, places or names on the wire."""
import pytest

from conftest import read_botocore, read_model
from model_paths import ROOT

# What the newer operation of the same URI answers.
TWINS = {"GetBucketNotification", "PutBucketNotification", "GetBucketLifecycle", "PutBucketLifecycle", "ListDirectoryBuckets"}
OURS = {"PostObject"}  # what browsers send
# No structure can say that a document's root is the value itself.
OWN_OUTPUT = {"GetBucketLocation"}
PLACES = {"uri": "path", "querystring": "query", "header": "header", "headers": "headers", None: "body"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return read_model(ROOT / "model" / "s3.model", tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def botocore():
    return read_botocore("s3", "2006-03-01")


def their_members(shapes, name):
    shape = shapes[name]
    members = {}
    for member, entry in shape["members"].items():
        place = "payload" if shape.get("payload") == member else PLACES[entry.get("location")]
        wire = entry.get("locationName", member) if place in ("query", "header", "headers") else None
        members[member] = (place, wire, member in shape.get("required", []))
    return members


def our_members(members):
    return {name: (member["location"], member["wire_name"] if member["location"] in ("query", "header", "headers") else None, member["required"])
            for name, member in members.items() if not member.get("own")}


def test_operations_are_those_of_the_sdk(ours, botocore):
    assert set(ours["operations"]) - OURS == set(botocore["operations"]) - TWINS
    for name, operation in ours["operations"].items():
        if name not in OURS:
            theirs = botocore["operations"][name]["http"]
            assert (operation["method"], operation["path"]) == (theirs["method"], theirs["requestUri"].split("?")[0]), name


def test_members_stand_where_the_sdk_puts_them(ours, botocore):
    shapes = botocore["shapes"]
    compared = 0
    for name, operation in ours["operations"].items():
        if operation["todo"] or name in OURS:
            continue
        theirs = botocore["operations"][name]
        if "input" in theirs:
            wanted = their_members(shapes, theirs["input"]["shape"])
            assert {member: place for member, place in our_members(operation["input"]).items() if member in wanted} == wanted, name
        if "output" in theirs and operation["output"] and name not in OWN_OUTPUT:
            wanted = {member: place[:2] for member, place in their_members(shapes, theirs["output"]["shape"]).items()}
            mine = {member: place[:2] for member, place in our_members(ours["structs"][operation["output"]]["members"]).items()}
            assert {member: place for member, place in mine.items() if member in wanted} == wanted, name
        compared += 1
    assert compared > 70
