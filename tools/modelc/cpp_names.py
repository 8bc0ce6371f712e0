"""C++ names and types for what the model declares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List

from model import Member, Model, Operation, Type

KEYWORDS = {"and", "auto", "break", "case", "class", "const", "continue", "default", "delete", "do", "double", "else", "enum",
            "export", "extern", "false", "float", "for", "if", "int", "long", "namespace", "new", "not", "operator", "or",
            "private", "public", "register", "requires", "return", "short", "signed", "static", "struct", "switch", "template",
            "this", "throw", "true", "try", "typedef", "union", "unsigned", "using", "virtual", "void", "volatile", "while"}

SCALAR_TYPES = {"string": "std::string", "bool": "bool", "int": "int32_t", "long": "int64_t", "double": "double",
                "blob": "std::string", "timestamp": "WallTime"}


def snake_case(name: str) -> str:
    """KMSKeyArn → kms_key_arn, MemoryGiBPerVCpu → memory_gib_per_vcpu, CodeSha256 → code_sha256, S3Bucket → s3_bucket."""
    name = name.replace("GiB", "Gib").replace("VCpu", "Vcpu").replace("DocumentDB", "DocumentDb")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return name + "_" if name in KEYWORDS else name


def enumerator(value: str) -> str:
    """A wire string as an identifier: nodejs4.3-edge → nodejs4_3_edge."""
    name = re.sub(r"\W", "_", value)
    return name + "_" if name in KEYWORDS or name[0].isdigit() else name


def type_name(model: Model, use: Type) -> str:
    use = model.resolve(use)
    if use.kind == "name" and model.is_stream(use):
        return f"wire::EventStream<{use.name}>"
    if use.kind == "name":
        return "std::string" if use.name in model.enums else use.name
    if model.is_blob_stream(use):
        return "wire::BlobStream"
    if use.written:
        return "wire::WrittenList"
    if use.kind == "list":
        return f"std::vector<{type_name(model, use.element)}>"
    if use.kind == "map":
        return f"wire::Map<{type_name(model, use.element)}>"
    return SCALAR_TYPES[use.kind]


def field_type(model: Model, member: Member, owner: str) -> str:
    """Of a member of `owner`, which is a declared struct or, by another name, a request."""
    plain = type_name(model, member.type)
    if owner not in model.structs and model.is_stream(model.resolve(member.type)):
        plain = plain.replace("wire::EventStream", "wire::EventReader", 1)
    if model.is_boxed(owner, member.type):
        return f"wire::Box<{plain}>"
    return plain if member.required else f"std::optional<{plain}>"


def request_name(operation: Operation) -> str:
    return operation.name + "Request"


def result_type(operation: Operation) -> str:
    return f"Result<{operation.output}>" if operation.output else "Result<>"


def working(model: Model) -> List[Operation]:
    return [operation for operation in model.operations.values() if not operation.todo]


@dataclass(frozen=True)
class HandlerClass:
    """What serves one group of a model: an abstract class, and its place in the service's Handlers."""

    title: str  # of the group
    name: str  # LayersHandler
    field: str  # layers
    operations: List[Operation]


def handler_classes(model: Model) -> List[HandlerClass]:
    """One per group of which something works. A service that has a single one calls it Handler."""
    found = []
    for title, names in model.groups:
        operations = [model.operations[name] for name in names if not model.operations[name].todo]
        if operations:
            words = group_words(title)
            found.append(HandlerClass(title, "".join(word.capitalize() for word in words) + "Handler", "_".join(words).lower(), operations))
    if len(found) == 1:
        return [HandlerClass(found[0].title, "Handler", "", found[0].operations)]
    return found


def group_words(title: str) -> List[str]:
    """Layers and their permissions → Layers; Function URLs → Function URLs; Functions: code and configuration → Functions."""
    return re.split(r":| and | \(", title)[0].replace("-", " ").split()


def quoted(text: str) -> str:
    """A C++ string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
