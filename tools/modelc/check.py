"""Proves that a model holds together; every finding names its line."""

from __future__ import annotations

import re
from typing import List, Optional

from cpp_names import group_words
from model import Member, Model, ModelError, Operation, Place, Type

PROTOCOLS = ("rest-json", "rest-xml", "json-1.0", "json-1.1", "query", "ec2-query", "rpc-v2-cbor")
HOST = re.compile(r"^(\*|\{\w+\}|REGION|[a-z0-9-]+)(\.(REGION|[a-z0-9-]+))*(\.\*)?$")
LOOK_AROUND = re.compile(r"\(\?[=!<]")


def check(model: Model) -> None:
    """Raises ModelError with all findings, one a line."""
    findings: List[ModelError] = []
    Checker(model, findings).run()
    if findings:
        raise ModelError("\n".join(str(finding) for finding in findings))


class Checker:
    def __init__(self, model: Model, findings: List[ModelError]):
        self._model = model
        self._findings = findings
        self._used: set = set()

    def run(self) -> None:
        model = self._model
        if not (model.name and model.title and model.version and model.signing):
            self._find(Place("model", 0), "the service entry needs a name, title, version, protocol and signing")
        if not model.limit.isdigit():
            self._find(Place("model", 0), "the limit of a service is a number of bytes")
        for form in model.hosts.split():
            if not HOST.match(form):
                self._find(Place("model", 0), f"'{form}' is no form of a host: labels, REGION, and * at its ends")
        for protocol in model.protocol.split() or [""]:
            if protocol not in PROTOCOLS:
                self._find(Place("model", 0), f"protocol '{protocol}' is not one of {', '.join(PROTOCOLS)}")
        if "json-1" in model.protocol and not model.target:
            self._find(Place("model", 0), "a JSON protocol needs a target")
        if "query" in model.protocol and not model.xml:
            self._find(Place("model", 0), "the query protocol needs an xml namespace")
        if "ec2-query" in model.protocol and model.protocol != "ec2-query":
            self._find(Place("model", 0), "ec2-query stands alone: it has names of its own for members")
        if len({protocol.startswith("rest") for protocol in model.protocol.split()}) > 1:
            self._find(Place("model", 0), "a REST protocol stands with its like only: others have no paths")
        if model.callers not in ("", "anyone"):
            self._find(Place("model", 0), "expected: callers anyone")
        if model.errors_form not in ("", "bare"):
            self._find(Place("model", 0), "expected: errors bare")
        for declared in model.types.values():
            self._check_type(declared.type)
        for struct in model.structs.values():
            for member in struct.members:
                self._check_member(member, struct.name)
        for error in model.errors.values():
            for member in error.members:
                self._check_member(member, error.name)
        for operation in model.operations.values():
            self._check_operation(operation)
        self._check_routes()
        self._check_groups()
        self._check_unused()
        self._check_cycles()

    def _find(self, place: Place, text: str) -> None:
        self._findings.append(place.error(text))

    def _check_type(self, use: Optional[Type]) -> None:
        if use is None:
            return
        if use.kind == "name":
            self._used.add(use.name)
            model = self._model
            if not any(use.name in table for table in (model.types, model.enums, model.structs)):
                self._find(use.place, f"{use.name} is declared nowhere")
        self._check_type(use.element)
        self._check_type(use.key)
        if use.kind == "map" and use.key and not self._is_text(use.key):
            self._find(use.place, "the keys of a map are strings")
        if use.pattern and use.kind != "string":
            self._find(use.place, "only a string has a pattern")
        self._check_patterns(use)
        if use.form and use.kind != "timestamp":
            self._find(use.place, f"'{use.form}' is a form of timestamps")
        if use.streaming and use.kind != "blob":
            self._find(use.place, "only a blob is streaming: a stream of events is declared by `stream`")
        if use.whole and not use.streaming:
            self._find(use.place, "whole is for a streaming blob")
        if self._model.is_blob_stream(use) and (use.low or use.high):
            self._find(use.place, "what streams has no range: its bytes are not counted before")
        if use.written and use.kind != "list":
            self._find(use.place, "only a list comes as it was written")
        if use.written and self._model.protocol != "rest-json":
            self._find(use.place, "what comes as it was written is JSON, which other protocols do not speak alone")
        if use.low and use.high and float(use.low) > float(use.high):
            self._find(use.place, f"the range {use.low}..{use.high} is empty")
        if (use.low or use.high) and use.kind in ("bool", "timestamp"):
            self._find(use.place, f"a {use.kind} has no range")

    def _check_patterns(self, use: Type) -> None:
        if LOOK_AROUND.search(use.pattern) and not use.match:
            self._find(use.place, "this pattern looks around: say it again with match `…` and not `…`")
        for pattern in (use.match, use.refuse):
            if LOOK_AROUND.search(pattern):
                self._find(use.place, "match and not must do without looking around")
        for pattern in (use.pattern, use.match, use.refuse):
            try:
                re.compile(re.sub(r"\\p\{\w\}", "x", pattern))
            except re.error as error:
                self._find(use.place, f"the pattern does not compile: {error}")

    def _is_text(self, use: Type) -> bool:
        found = self._model.resolve(use)
        return found.kind == "string" or found.name in self._model.enums

    def _check_member(self, member: Member, owner: str) -> None:
        self._check_type(member.type)
        found = self._model.resolve(member.type)
        what = f"member {member.name} of {owner}"
        if member.location == "path" and not member.required:
            self._find(member.place, f"{what} is in the path and so must be required (!)")
        if (member.location, found.kind) != ("header", "list"):
            if member.location in ("path", "header", "status") and found.kind in ("list", "map", "blob"):
                self._find(member.place, f"{what} is a {found.kind}, which cannot stand in a {member.location}")
        if member.location == "headers" and not (found.kind == "map" and self._is_text(found.element)):
            self._find(member.place, f"{what} stands in headers and so is a map of strings")
        self._check_xml(member, found, what)
        if member.or_path and not (found.kind == "string" and "query" in self._model.protocol.split()):
            self._find(member.place, f"{what}: or_path is for a string in the query protocol")
        if member.own and member.location not in ("header", "status"):
            self._find(member.place, f"{what}: own is for headers and the status")
        if member.bare_max and (found.kind != "string" or member.location != "body"):
            self._find(member.place, f"{what}: bare.. is for a string in the body")
        if self._model.is_stream(found) and member.location != "payload":
            self._find(member.place, f"{what} is an event stream and so the payload")
        if self._model.is_blob_stream(found) and member.location != "payload":
            self._find(member.place, f"{what} is a streaming blob and so the payload")
        if member.location == "status" and found.kind != "int":
            self._find(member.place, f"{what} is the status and so an int")

    def _check_xml(self, member: Member, found: Type, what: str) -> None:
        xml = member.xml
        if xml.flat and found.kind not in ("list", "map"):
            self._find(member.place, f"{what}: flat is for lists and maps")
        if xml.item and (found.kind != "list" or xml.flat):
            self._find(member.place, f"{what}: items(…) is for a list that is not flat, whose elements have the member's name")
        if xml.key and found.kind != "map":
            self._find(member.place, f"{what}: entries(…) is for maps")
        if xml.attribute and (found.kind in ("list", "map", "blob") or found.name in self._model.structs):
            self._find(member.place, f"{what}: an attribute is one text")

    def _check_operation(self, operation: Operation) -> None:
        model, place = self._model, operation.place
        for member in operation.input:
            self._check_member(member, operation.name)
            if not model.rest and (model.is_stream(model.resolve(member.type)) or model.is_blob_stream(member.type)):
                self._find(member.place, f"{operation.name} takes a stream, which only REST protocols read")
            if model.resolve(member.type).written:
                self._find(member.place, f"member {member.name} of {operation.name} is read, not written")
        labels = re.findall(r"\{(\w+)(\+?)\}", operation.path)
        if "+}/" in operation.path:
            self._find(place, f"the greedy label of {operation.name} is the last part of its URI")
        bound = [member.wire_name for member in operation.input if member.location == "path"]
        for label, _ in labels:
            if label not in bound:
                self._find(place, f"{{{label}}} in the URI of {operation.name} has no member @path")
        for name in bound:
            if name not in [label for label, _ in labels]:
                self._find(place, f"member {name} of {operation.name} is @path, but the URI has no {{{name}}}")
        for members in (operation.input, model.structs[operation.output].members if operation.output in model.structs else []):
            if sum(member.location == "payload" for member in members) > 1:
                self._find(place, f"{operation.name} has two payloads")
        if operation.output:
            self._used.add(operation.output)
            if operation.output not in model.structs:
                self._find(place, f"{operation.output}, the output of {operation.name}, is declared nowhere")
        for name in operation.errors:
            self._used.add(name)
            if name not in model.errors:
                self._find(place, f"error {name} of {operation.name} is declared nowhere")
        if len(set(operation.errors)) != len(operation.errors):
            self._find(place, f"{operation.name} names an error twice")
        for what, value in (("doc", operation.doc), ("auth", operation.action)):
            if not value and not operation.is_bare:
                self._find(place, f"{operation.name} has no {what}")

    def _check_routes(self) -> None:
        if not self._model.rest:
            return
        seen = {}
        for operation in self._model.operations.values():
            route = (operation.method, re.sub(r"\{\w+\+?\}", "{}", operation.path), tuple(sorted(operation.literals)), operation.header)
            if route in seen:
                self._find(operation.place, f"{operation.name} has the same route as {seen[route]}")
            seen[route] = operation.name

    def _check_groups(self) -> None:
        model = self._model
        seen = {}
        for title, names in model.groups:
            words = tuple(group_words(title))
            place = model.operations[names[0]].place
            if not words and len(model.groups) > 1:
                self._find(place, f"{names[0]} stands in no group (# -------- Title)")
            if words in seen:
                self._find(place, f"group '{title}' has the same handler as '{seen[words]}'")
            seen[words] = title

    def _check_unused(self) -> None:
        model = self._model
        # A service with bare errors tells any of them of any operation.
        tables = (model.types, model.enums, model.structs) + (() if model.errors_form == "bare" else (model.errors,))
        for table in tables:
            for name, declared in table.items():
                if name not in self._used and not getattr(declared, "of_any", False):
                    self._find(declared.place, f"{name} is used nowhere")

    def _check_cycles(self) -> None:
        """Recursion has to be able to end: through a list, a map or a member that may be absent."""
        model = self._model
        for struct in model.structs.values():
            for member in struct.members:
                if member.required and model.is_boxed(struct.name, member.type):
                    self._find(member.place, f"{struct.name} contains itself without end: {member.name} may not be required")
