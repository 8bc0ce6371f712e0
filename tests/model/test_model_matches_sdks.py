"""If these fail, the model tells clients something else than AWS's own SDKs do: a new version has come, or ours is wrong.

The two SDKs are rarely of the same day. So everything that either of them says must be in the model, and everything that the
model says must be said by at least one of them.
"""

import copy

import facts
import pytest

PARTS = ["operations", "structs", "errors", "enums"]

# Differences that stay, as the beginning of a path, with the reason. Empty: the model has no opinion of its own.
ALLOWED = {}


@pytest.fixture(scope="module")
def sources(model, botocore, javascript) -> dict:
    ours = facts.from_model(model)
    return {"botocore": (ours, facts.from_botocore(botocore)), "javascript": (facts.coarsen(ours), facts.from_javascript(javascript))}


def compare(sources: dict, source: str, part: str) -> list:
    ours, theirs = sources[source]
    found = facts.differences(ours[part], theirs[part], f"/{part}")
    return [difference for difference in found if not any(difference.path.startswith(prefix) for prefix in ALLOWED)]


def report(found: list) -> str:
    return f"{len(found)} differences:\n" + "\n".join(str(difference) for difference in found[:200])


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("source", ["botocore", "javascript"])
def test_the_model_says_all_that_an_sdk_says(sources, source, part):
    missing = [difference for difference in compare(sources, source, part) if not difference.only_ours]
    assert not missing, report(missing)


@pytest.mark.parametrize("part", PARTS)
def test_an_sdk_says_all_that_the_model_says(sources, part):
    _, javascript = sources["javascript"]
    alone = [difference for difference in compare(sources, "botocore", part)
             if difference.only_ours and not facts.says(javascript, difference.path)]
    assert not alone, report(alone)


def spoil_status(ours):
    ours["operations"]["Invoke"]["status"] = 201


def spoil_limit(ours):
    ours["operations"]["CreateFunction"]["input"]["Timeout"]["type"]["high"] = 900


def spoil_member(ours):
    del ours["structs"]["Layer"]["CodeSize"]


def spoil_header(ours):
    ours["operations"]["Invoke"]["input"]["LogType"]["wire_name"] = "X-Log-Type"


def spoil_enum(ours):
    ours["enums"]["LogType"].append("Everything")


def spoil_errors(ours):
    ours["operations"]["GetFunction"]["errors"].pop()


def spoil_pattern(ours):
    ours["operations"]["CreateFunction"]["input"]["Role"]["type"]["pattern"] = ".*"


@pytest.mark.parametrize("spoil", [spoil_status, spoil_limit, spoil_member, spoil_header, spoil_enum, spoil_errors, spoil_pattern])
def test_the_comparison_notices(sources, spoil):
    ours, theirs = sources["botocore"]
    ours = copy.deepcopy(ours)
    spoil(ours)
    assert facts.differences(ours, theirs), f"{spoil.__name__} went unnoticed"
