"""The generated tables of a service: shapes, structures, operations, errors."""

from __future__ import annotations

from typing import Dict, List, Tuple

from cpp_names import HandlerClass, field_type, handler_classes, quoted, request_name, snake_case, type_name, working
from model import ErrorShape, Member, Model, Operation, Type, Xml

TOP = """// Generated from model/{file}.model by tools/modelc; do not edit.
#include "model/{file}.h"

#include <cstddef>

namespace mayfly::{name} {{
namespace {{

using namespace wire;
"""

KINDS = {"string": "String", "bool": "Boolean", "int": "Integer", "long": "Long", "double": "Double", "blob": "Blob",
         "timestamp": "Timestamp", "list": "List", "map": "Map"}
TIME_FORMS = {"iso": "Iso8601", "http": "HttpDate", "epoch": "EpochSeconds"}


def source(model: Model) -> str:
    return Source(model).text()


class Source:
    def __init__(self, model: Model):
        self._model = model
        self._patterns: Dict[Tuple[str, str, str], str] = {}
        self._enums: Dict[str, str] = {}
        self._shapes: Dict[str, str] = {}
        self._xml_forms: Dict[str, str] = {}
        self._tables: List[str] = []  # patterns, values and shapes, each after what it names
        self._classes = handler_classes(model)
        self._class_of = {operation.name: group for group in self._classes for operation in group.operations}

    def text(self) -> str:
        model, operations = self._model, working(self._model)
        names = model.reachable(operations)
        structures = [(name, model.structs[name].members, model.structs[name].xml_root) for name in names]
        structures += [(request_name(operation), operation.input, operation.input_root) for operation in operations]
        forward = [f"extern const Structure k{name};" for name, _, _ in structures]
        bodies: List[str] = []
        whole = {operation.output for operation in operations} | {request_name(operation) for operation in operations}
        for name, members, root in structures:
            bodies += self._structure(name, members, root, name in whole)
        lines = [TOP.format(name=model.name, file=model.file)]
        lines += forward + [""] + self._tables + [""] + bodies
        lines += self._choices() + self._operations() + self._errors() + ["", "}  // namespace", ""]
        lines += self._service() + ["", f"}}  // namespace mayfly::{model.name}", ""]
        return "\n".join(lines)

    def _pattern(self, use: Type) -> str:
        key = (use.pattern, use.match, use.refuse)
        if key not in self._patterns:
            name = f"kPattern{len(self._patterns)}"
            self._patterns[key] = name
            arguments = [key[0]] if not use.match else list(key)
            self._tables.append(f"constinit const Pattern {name}({', '.join(quoted(text) for text in arguments)});")
        return self._patterns[key]

    def _values(self, name: str) -> str:
        if name not in self._enums:
            self._enums[name] = f"k{name}Values"
            values = ", ".join(quoted(value) for value in self._model.enums[name].values)
            self._tables.append(f"constexpr std::string_view k{name}Values[] = {{{values}}};")
        return self._enums[name]

    def _shape(self, use: Type, incoming: bool = False) -> str:
        """The name of a shape's table; equal shapes share one."""
        model, use = self._model, self._model.resolve(use)
        fields = []
        if model.is_stream(use):
            fields += [".kind = Kind::EventStream", f".structure = &k{use.name}", f".events = &kEvent{'Reader' if incoming else 'Stream'}Ops<{use.name}>"]
        elif use.kind == "name" and use.name in model.structs:
            fields += [".kind = Kind::Structure", f".structure = &k{use.name}"]
        elif use.kind == "name":
            fields += [".kind = Kind::String"] + ([".open = true"] if model.enums[use.name].open else [])
            fields += [f".values = {self._values(use.name)}"]
        else:
            fields = self._plain_shape(use)
        body = "{" + ", ".join(fields) + "}"
        if body not in self._shapes:
            name = f"kShape{len(self._shapes)}"
            self._shapes[body] = name
            self._tables.append(f"constinit const Shape {name}{body};")
        return self._shapes[body]

    def _plain_shape(self, use: Type) -> List[str]:
        kind = "BlobStream" if self._model.is_blob_stream(use) else KINDS[use.kind]
        fields = [f".kind = Kind::{kind}"]
        if use.form:
            fields.append(f".time = TimeForm::{TIME_FORMS[use.form]}")
        if use.sensitive:
            fields.append(".sensitive = true")
        for bound in ("low", "high"):
            text = getattr(use, bound)
            if text:
                fields.append(f".{bound} = {{{quoted(shown_bound(use, text))}, {text}}}")
        if use.pattern:
            fields.append(f".pattern = &{self._pattern(use)}")
        if use.element:
            fields.append(f".element = &{self._shape(use.element)}")
        if use.key:
            fields.append(f".key = &{self._shape(use.key)}")
        if use.kind in ("list", "map") and not use.written:
            inner = type_name(self._model, use.element)
            fields.append(f".{use.kind} = &k{use.kind.capitalize()}Ops<{inner}>")
        return fields

    def _structure(self, name: str, members: List[Member], root: str, whole: bool) -> List[str]:
        """`whole`: a request or an answer, which is made and destroyed by what is told here."""
        lines = []
        if members:
            lines.append(f"constexpr Member k{name}Members[] = {{")
            lines += [self._member(name, member) for member in members]
            lines.append("};")
        span = f"k{name}Members" if members else "{}"
        life = f"&MakeObject<{name}>, &DestroyObject<{name}>" if whole else "nullptr, nullptr"
        lines += [f"const Structure k{name}{{{quoted(name)}, {span}, {life}, {quoted(root)}}};", ""]
        return lines

    def _member(self, owner: str, member: Member) -> str:
        location = "PrefixHeaders" if member.location == "headers" else member.location.capitalize()
        bare = member.bare_max or "0"
        return (f"    {{{quoted(member.name)}, {quoted(member.wire_name)}, &{self._shape(member.type, owner not in self._model.structs)}, "
                f"&kFieldOps<{field_type(self._model, member, owner)}>, offsetof({owner}, {snake_case(member.name)}), {bare}, "
                f"Location::{location}, {truth(member.required)}, {truth(member.or_path)}{self._xml_form(member.xml)}}},")

    def _xml_form(self, xml: Xml) -> str:
        if xml == Xml():
            return ""
        names = [quoted(text) for text in (xml.name, xml.item, xml.key, xml.value)]
        body = "{" + ", ".join(names + [truth(xml.flat), truth(xml.attribute), quoted(xml.prefix), quoted(xml.uri)]) + "}"
        if body not in self._xml_forms:
            self._xml_forms[body] = f"kXml{len(self._xml_forms)}"
            self._tables.append(f"constexpr XmlForm {self._xml_forms[body]}{body};")
        return f", &{self._xml_forms[body]}"

    def _choices(self) -> List[str]:
        """How an operation finds the handler of its group."""
        if len(self._classes) == 1:
            group = self._classes[0]
            return [f"{group.name}& {choice(group)}(ServiceHandler& all) {{ return static_cast<{group.name}&>(all); }}", ""]
        return [f"{group.name}& {choice(group)}(ServiceHandler& all) {{ return static_cast<Handlers&>(all).{group.field}; }}"
                for group in self._classes] + [""]

    def _operations(self) -> List[str]:
        lines = []
        for operation in self._model.operations.values():
            if operation.literals:
                pairs = ", ".join(f"{{{quoted(name)}, {quoted(value)}}}" for name, value in operation.literals)
                lines.append(f"constexpr QueryLiteral k{operation.name}Query[] = {{{pairs}}};")
        lines.append("const Operation kOperations[] = {")
        lines += [self._operation(operation) for operation in self._model.operations.values()]
        return lines + ["};", ""]

    def _operation(self, operation: Operation) -> str:
        query = f"k{operation.name}Query" if operation.literals else "{}"
        row = [quoted(operation.name), quoted(operation.method), quoted(operation.path), query, str(operation.status),
               quoted(operation.action), quoted(operation.resource)]
        if operation.todo:
            row += ["nullptr", "nullptr", quoted(operation.todo), "nullptr"]
        else:
            output = f"&k{operation.output}" if operation.output else "nullptr"
            group = self._class_of[operation.name]
            row += [f"&k{request_name(operation)}", output, '""',
                    f"&CallHandler<{choice(group)}, &{group.name}::{operation.name}, {request_name(operation)}>"]
        row += [operation.limit, quoted(operation.limit_name or operation.name)]
        row += [quoted(operation.header)] if operation.header else []
        return f"    {{{', '.join(row)}}},"

    def _errors(self) -> List[str]:
        lines = [f"constexpr std::string_view k{error.name}StandsFor[] = {{{', '.join(quoted(code) for code in error.stands_for)}}};"
                 for error in self._model.errors.values() if error.stands_for]
        lines += ["constexpr ErrorShape kErrors[] = {"]
        for error in self._model.errors.values():
            message = "message" if error.message_member == "none" else error.message_member
            lines.append(f"    {{{quoted(error.name)}, {error.status}, {quoted(message)}, {truth(error.fault)}, "
                         f"{quoted(retry_after(error))}, {quoted(error.query_code)}{stands_for(error)}}},")
        return lines + ["};"]

    def _service(self) -> List[str]:
        model = self._model
        texts = [quoted(text) for text in (model.name, model.title, model.signing, model.protocol)]
        more = [quoted(text) for text in (model.target, model.namespace, model.xml, model.version, model.hosts)]
        if model.errors_form == "bare" or model.callers:
            more += [truth(model.errors_form == "bare"), truth(model.callers == "anyone")]
        return [f"const Service kService{{{', '.join(texts)}, kOperations, kErrors, {', '.join(more)}}};"]


def choice(group: HandlerClass) -> str:
    return f"The{group.name}"


def truth(value: bool) -> str:
    return "true" if value else "false"


def shown_bound(use: Type, text: str) -> str:
    """How messages write a bound: that of a double always with a point."""
    return text + ".0" if use.kind == "double" and "." not in text else text


def stands_for(error: ErrorShape) -> str:
    return f", k{error.name}StandsFor, {quoted(error.text)}" if error.stands_for else ""


def retry_after(error: ErrorShape) -> str:
    for member in error.members:
        if member.location == "header" and member.wire_name == "Retry-After":
            return member.name
    return ""
