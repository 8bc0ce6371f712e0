"""If these fail, a request with several wrong values learns of one at a time: AWS tells all of them in one answer.

The requests are made from botocore's model: for each operation one in which every scalar of the first level that has a constraint breaks it.
What is not in the model but in AWS's answers (sizes of ordinary functions, runtimes of layers) is written out below.
"""
import json
import re
import urllib.parse

import botocore.session
import pytest

MODEL = botocore.session.get_session().get_service_model("lambda")
# AWS answers these two in another way than by a finding of its model.
OPEN = {"Runtime"}


def wrong_value(shape):
    """A value of the shape's type that breaks one of its constraints, and what the answer must say of it; None: it has none."""
    limits = shape.metadata
    if shape.name in OPEN or shape.type_name in ("structure", "map", "list", "boolean", "timestamp", "blob"):
        return None
    if limits.get("enum"):
        return "no such value", "Member must satisfy enum value set: ["
    if shape.type_name in ("integer", "long") and "max" in limits:
        return limits["max"] + 1, f"Member must have value less than or equal to {limits['max']}"
    if shape.type_name in ("integer", "long") and "min" in limits:
        return limits["min"] - 1, f"Member must have value greater than or equal to {limits['min']}"
    if shape.type_name == "string" and "pattern" in limits:
        pattern = limits["pattern"]
        wrong = next((text for text in ("no such value!", "\n") if not re.fullmatch(to_python(pattern), text)), None)
        return (wrong, f"Member must satisfy regular expression pattern: {pattern}") if wrong else None
    if shape.type_name == "string" and "max" in limits:
        return "x" * (limits["max"] + 1), f"Member must have length less than or equal to {limits['max']}"
    return None


def to_python(pattern):
    return re.sub(r"\\p\{[A-Z]\w*\}", "\\\\w", pattern)


def request_of(operation):
    """(method, path, headers, body, {member: what must be said}) that breaks all it can."""
    shape = operation.input_shape
    path, query, headers, body, broken = operation.http["requestUri"], [], {}, {}, {}
    for name, member in shape.members.items() if shape else []:
        place, wire = member.serialization.get("location"), member.serialization.get("name", name)
        wrong = wrong_value(member) if name != shape.serialization.get("payload") else None
        if place == "uri":
            value = wrong[0] if wrong else "1"
            path = re.sub(r"\{%s\+?\}" % wire, urllib.parse.quote(str(value), safe=""), path)
            if wrong:
                broken[name] = wrong
        elif wrong and place == "querystring":
            query.append((wire, str(wrong[0])))
            broken[name] = wrong
        elif wrong and place == "header" and "\n" not in str(wrong[0]):
            headers[wire] = str(wrong[0])
            broken[name] = wrong
        elif wrong and place is None:
            body[name] = wrong[0]
            broken[name] = wrong
        elif name in shape.required_members:
            broken[name] = None, "Member must not be null"
    if query:
        path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query)
    return operation.http["method"], path, headers, json.dumps(body).encode() if body else b"", broken


def texts_of(message):
    """The findings of an answer by their member's path; one member may have several."""
    count, rest = re.fullmatch(r"(\d+) validation errors? detected: (.*)", message, re.S).groups()
    found = re.split(r"; (?=Value )", rest)
    assert len(found) == int(count), message
    told = {}
    for text in found:
        path = re.search(r"at '([^']*)' failed", text)[1]
        told[path] = told.get(path, "") + text
    return told


def not_built():
    from daemon import ROOT
    text = (ROOT / "model" / "lambda.model").read_text()
    return {match[1] for match in re.finditer(r"^op (\w+) .*?(?=^op |\Z)", text, re.M | re.S) if re.search(r"^\s+todo ", match[0], re.M)}


@pytest.mark.parametrize("name", [name for name in MODEL.operation_names if name not in not_built()])
def test_every_wrong_value_is_told(daemon, name):
    method, path, headers, body, broken = request_of(MODEL.operation_model(name))
    if not broken:
        pytest.skip("nothing of this operation has a constraint")
    answer = daemon.raw(method, path, body, headers)
    assert (answer.status, answer.code) == (400, "ValidationException"), str(answer)
    told = texts_of(answer.json["message"])
    expected = {member[0].lower() + member[1:]: text for member, (_, text) in broken.items()}
    missing = {member: text for member, text in expected.items() if text not in told.get(member, "")}
    assert not missing, "%s\n%s" % (missing, answer.json["message"])
    assert set(told) == set(expected)


def findings(daemon, method, path, body):
    answer = daemon.raw(method, path, json.dumps(body).encode())
    assert (answer.status, answer.code) == (400, "ValidationException"), str(answer)
    return texts_of(answer.json["message"])


def test_layers_with_several_wrong_values(daemon, name):
    """What Mayfly checks beside the model hides what the model says, or is hidden by it."""
    told = findings(daemon, "POST", f"/2018-10-31/layers/{name}/versions",
                    {"Content": {"ZipFile": "AAAA"}, "CompatibleRuntimes": ["nosuch1.0"], "CompatibleArchitectures": ["mips"], "Description": "d" * 257})
    assert set(told) == {"compatibleRuntimes", "compatibleArchitectures", "description"}
    assert told["compatibleRuntimes"].startswith("Value '[nosuch1.0]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum value set: [")
    for path in ("/2018-10-31/layers", f"/2018-10-31/layers/{name}/versions"):
        assert set(findings(daemon, "GET", path + "?CompatibleRuntime=nosuch&CompatibleArchitecture=mips&MaxItems=51", {})) == {
            "compatibleRuntime", "compatibleArchitecture", "maxItems"}


def test_large_layers_with_several_wrong_values(daemon, name):
    """Large bodies are read elsewhere, and then less is told."""
    told = findings(daemon, "POST", f"/2018-10-31/layers/{name}/versions",
                    {"Content": {"ZipFile": "A" * 800_000}, "CompatibleRuntimes": ["nosuch1.0"], "CompatibleArchitectures": ["mips"]})
    assert set(told) == {"compatibleRuntimes", "compatibleArchitectures"}


@pytest.mark.parametrize("method, path, more", [("POST", "/2015-03-31/functions", {"Role": "arn:aws:iam::000000000000:role/r", "Code": {"ZipFile": "AAAA"}}),
                                                ("PUT", "/2015-03-31/functions/NAME/configuration", {})], ids=["create", "update"])
def test_sizes_of_functions(daemon, name, method, path, more):
    """Limits of ordinary functions, which are lower than the model's, are told one at a time."""
    told = findings(daemon, method, path.replace("NAME", name), {
        **({"FunctionName": name} if more else {}), **more, "Timeout": 901, "MemorySize": 10241, "EphemeralStorage": {"Size": 10241}, "Handler": "two words"})
    assert set(told) == {"timeout", "memorySize", "ephemeralStorage.size", "handler"}
    assert told["timeout"] == "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"
