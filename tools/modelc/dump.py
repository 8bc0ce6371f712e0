"""The model as plain JSON values, for tests and the console."""

from __future__ import annotations

from typing import Any, Dict, List

from model import Member, Model, Type


def dump(model: Model) -> Dict[str, Any]:
    return {
        "service": model.name,
        "title": model.title,
        "version": model.version,
        "protocol": model.protocol,
        "signing": model.signing,
        "hosts": model.hosts,
        "target": model.target,
        "namespace": model.namespace,
        "xml": model.xml,
        "errors_form": model.errors_form,
        "groups": [{"title": title, "operations": names} for title, names in model.groups],
        "operations": {name: {
            "method": operation.method,
            "path": operation.path,
            "query": dict(operation.literals),
            "status": operation.status,
            "doc": operation.doc,
            "action": operation.action,
            "resource": operation.resource,
            "deprecated": operation.deprecated,
            "input": members(operation.input),
            "output": operation.output,
            "errors": operation.errors,
            "todo": operation.todo or None,
            "limit": int(operation.limit),
        } for name, operation in model.operations.items()},
        "types": {name: type_value(declared.type) for name, declared in model.types.items()},
        "enums": {name: {"values": enum.values, "open": enum.open} for name, enum in model.enums.items()},
        "structs": {name: {"members": members(struct.members), "stream": struct.stream, "xml_root": struct.xml_root}
                    for name, struct in model.structs.items()},
        "errors": {name: {"status": error.status, "message": error.message_member, "fault": error.fault, "query_code": error.query_code,
                          "members": members(error.members)} for name, error in model.errors.items()},
    }


def members(values: List[Member]) -> Dict[str, Any]:
    result = {}
    for member in values:
        if member.own:
            continue
        entry = {"type": type_value(member.type), "required": member.required, "location": member.location}
        if member.location in ("query", "header", "headers"):
            entry["wire_name"] = member.wire_name
        if member.idempotency:
            entry["idempotency"] = True
        xml = {name: value for name, value in vars(member.xml).items() if value}
        if xml:
            entry["xml"] = xml
        if member.or_path:
            entry["or_path"] = True
        if member.bare_max:
            entry["bare_max"] = int(member.bare_max)
        result[member.name] = entry
    return result


def type_value(use: Type) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"name": use.name} if use.kind == "name" else {"kind": use.kind}
    if use.element:
        entry["element"] = type_value(use.element)
    if use.key:
        entry["key"] = type_value(use.key)
    for name in ("low", "high"):
        text = getattr(use, name)
        if text:
            entry[name] = float(text) if use.kind == "double" else int(text)
    for name in ("pattern", "match", "refuse"):
        if getattr(use, name):
            entry[name] = getattr(use, name)
    if use.form:
        entry["form"] = use.form
    for name in ("sensitive", "streaming"):
        if getattr(use, name):
            entry[name] = True
    return entry
