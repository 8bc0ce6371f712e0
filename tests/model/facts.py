"""Brings the model and both SDKs' models into one form that can be compared.

A description is {"operations", "structs", "errors", "enums"}; a member is a flat dictionary. What a source does not say is
left out of it, and then not compared.
"""

import re


def kind_of(model: dict, use: dict) -> dict:
    """The model's use of a type, followed to what it is."""
    while "name" in use and use["name"] in model["types"]:
        use = model["types"][use["name"]]
    if "name" in use:
        name = use["name"]
        return {"kind": "string", "enum": sorted(model["enums"][name]["values"])} if name in model["enums"] else {"kind": "struct", "name": name}
    result = {key: value for key, value in use.items() if key in ("kind", "low", "high", "pattern", "sensitive", "streaming")}
    for part in ("element", "key"):
        if part in use:
            result[part] = kind_of(model, use[part])
    return result


def model_members(model: dict, members: dict) -> dict:
    return {name: {"type": kind_of(model, member["type"]), "required": member["required"], "location": member["location"],
                   "wire_name": member.get("wire_name"), "idempotency": member.get("idempotency", False)}
            for name, member in members.items()}


def from_model(model: dict) -> dict:
    structs = {name: model_members(model, struct["members"]) for name, struct in model["structs"].items()}
    operations = {}
    for name, operation in model["operations"].items():
        query = "&".join(f"{key}={value}" for key, value in operation["query"].items())
        output = operation["output"]
        operations[name] = {"method": operation["method"], "uri": operation["path"] + ("?" + query if query else ""),
                            "status": operation["status"], "input": model_members(model, operation["input"]),
                            "output": structs[output] if output else None, "errors": sorted(operation["errors"]),
                            "deprecated": operation["deprecated"]}
    errors = {}
    for name, error in model["errors"].items():
        members = {"Type": "body", error["message"]: "body"}
        members.update({member: entry["location"] for member, entry in error["members"].items()})
        errors[name] = {"status": error["status"], "fault": error["fault"], "members": members}
    return {"operations": operations, "structs": structs, "errors": errors,
            "enums": {name: sorted(enum["values"]) for name, enum in model["enums"].items()}}


BOTOCORE_KINDS = {"string": "string", "boolean": "bool", "integer": "int", "long": "long", "double": "double", "blob": "blob",
                  "timestamp": "timestamp", "list": "list", "map": "map"}
BOTOCORE_LOCATIONS = {"uri": "path", "querystring": "query", "header": "header", "statusCode": "status"}


def botocore_type(shapes: dict, name: str) -> dict:
    shape = shapes[name]
    if shape["type"] == "structure":
        return {"kind": "struct", "name": name}
    result = {"kind": BOTOCORE_KINDS[shape["type"]]}
    if "enum" in shape:
        return {"kind": "string", "enum": sorted(shape["enum"])}
    for ours, theirs in (("low", "min"), ("high", "max"), ("pattern", "pattern"), ("sensitive", "sensitive"), ("streaming", "streaming")):
        if theirs in shape:
            result[ours] = shape[theirs]
    for ours, theirs in (("element", "member"), ("element", "value"), ("key", "key")):
        if theirs in shape:
            result[ours] = botocore_type(shapes, shape[theirs]["shape"])
    return result


def botocore_members(shapes: dict, name: str) -> dict:
    shape, result = shapes[name], {}
    for member, entry in shape["members"].items():
        location = BOTOCORE_LOCATIONS[entry["location"]] if "location" in entry else "body"
        if member == shape.get("payload") or entry.get("eventpayload"):
            location = "payload"
        result[member] = {"type": botocore_type(shapes, entry["shape"]), "required": member in shape.get("required", []),
                          "location": location, "wire_name": entry.get("locationName") if location in ("query", "header") else None,
                          "idempotency": entry.get("idempotencyToken", False)}
    return result


def from_botocore(data: dict) -> dict:
    shapes = data["shapes"]
    operations, used = {}, set()
    for name, operation in data["operations"].items():
        output = operation.get("output", {}).get("shape")
        used |= {operation["input"]["shape"]} | ({output} if output else set())
        operations[name] = {"method": operation["http"]["method"], "uri": operation["http"]["requestUri"],
                            "status": operation["http"]["responseCode"], "input": botocore_members(shapes, operation["input"]["shape"]),
                            "output": botocore_members(shapes, output) if output else None,
                            "errors": sorted(error["shape"] for error in operation["errors"]),
                            "deprecated": operation.get("deprecated", False)}
    errors = {name: {"status": shape["error"]["httpStatusCode"], "fault": shape.get("fault", False),
                     "members": {member: BOTOCORE_LOCATIONS[entry["location"]] if "location" in entry else "body"
                                 for member, entry in shape["members"].items()}}
              for name, shape in shapes.items() if shape.get("exception")}
    inputs = {operation["input"]["shape"] for operation in data["operations"].values()}
    structs = {name: botocore_members(shapes, name) for name, shape in shapes.items()
               if shape["type"] == "structure" and not shape.get("exception") and name not in inputs}
    enums = {name: sorted(shape["enum"]) for name, shape in shapes.items() if "enum" in shape}
    return {"operations": operations, "structs": structs, "errors": errors, "enums": enums}


def coarse(use: dict) -> dict:
    """What the JavaScript schemas tell of a type: kinds of numbers, limits and patterns are not in them."""
    kind = "number" if use["kind"] in ("int", "long", "double") else use["kind"]
    result = {"kind": kind}
    if kind == "struct":
        result["name"] = use["name"]
    if "element" in use:
        result["element"] = coarse(use["element"])
    return result


def coarse_members(members: dict) -> dict:
    return {name: {"type": coarse(member["type"]), "required": member["required"], "location": member["location"],
                   "wire_name": member["wire_name"]} for name, member in members.items()}


def coarsen(description: dict) -> dict:
    """A description of the model as far as the JavaScript schemas go."""
    operations = {name: {"method": operation["method"], "uri": operation["uri"], "status": operation["status"],
                         "input": coarse_members(operation["input"]),
                         "output": coarse_members(operation["output"]) if operation["output"] is not None else None}
                  for name, operation in description["operations"].items()}
    return {"operations": operations, "structs": {name: coarse_members(members) for name, members in description["structs"].items()},
            "errors": description["errors"], "enums": description["enums"]}


def from_javascript(data: dict) -> dict:
    structs = {name: {member: {**entry, "wire_name": entry.get("wire_name")} for member, entry in struct["members"].items()}
               for name, struct in data["structs"].items()}
    operations = {name: {"method": operation["method"], "uri": operation["uri"], "status": operation["status"],
                         "input": structs[operation["input"]], "output": structs[operation["output"]] if operation["output"] else None}
                  for name, operation in data["operations"].items()}
    errors = {name: {"status": error["status"], "fault": error["fault"],
                     "members": {member: entry["location"] for member, entry in error["members"].items()}}
              for name, error in data["errors"].items()}
    inputs = {operation["input"] for operation in data["operations"].values()}
    return {"operations": operations, "structs": {name: members for name, members in structs.items() if name not in inputs},
            "errors": errors, "enums": {name: sorted(values) for name, values in data["enums"].items()}}


class Difference:
    def __init__(self, path: str, ours, theirs):
        self.path, self.ours, self.theirs = path, ours, theirs

    @property
    def only_ours(self) -> bool:
        return self.theirs is None

    def __str__(self) -> str:
        return f"{self.path}: model {shorten(self.ours)}, SDK {shorten(self.theirs)}"


def differences(ours, theirs, path="") -> list:
    """Where two descriptions differ. Lists of names differ name by name; False and absence are one."""
    ours, theirs = by_name(ours), by_name(theirs)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key in sorted(set(ours) | set(theirs)):
            found += differences(ours.get(key), theirs.get(key), f"{path}/{key}")
        return found
    if ours == theirs or (ours in (None, False) and theirs in (None, False)):
        return []
    return [Difference(path, ours, theirs)]


def by_name(value):
    return {name: True for name in value} if isinstance(value, list) else value


def says(description, path: str) -> bool:
    """Whether a description says anything at that path."""
    for key in path.strip("/").split("/"):
        description = by_name(description)
        if not isinstance(description, dict) or description.get(key) is None:
            return False
        description = description[key]
    return True


def shorten(value) -> str:
    return re.sub(r"\s+", " ", "nothing" if value is None else str(value))[:200]
