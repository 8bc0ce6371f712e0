"""The service model in memory: what parse.py reads, check.py proves and the generators use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

SCALARS = ("string", "bool", "int", "long", "double", "blob", "timestamp")
LOCATIONS = ("body", "path", "query", "header", "payload", "status")


class ModelError(Exception):
    """Something in the model's text is wrong. The message begins with file:line."""


@dataclass(frozen=True)
class Place:
    file: str
    line: int

    def error(self, text: str) -> ModelError:
        return ModelError(f"{self.file}:{self.line}: {text}")


@dataclass
class Type:
    """A use of a type: kind is a scalar, `list`, `map` or `name` (a type, enum, struct or stream declared elsewhere).

    low and high bound the length (string in characters, blob in bytes, list and map in items) or the value of a number;
    they are kept as text, because messages to clients quote them. `pattern` is what clients are shown; `match` and `refuse`
    express it without look-around where the pattern has some.
    """

    kind: str
    place: Place
    name: str = ""
    element: Optional["Type"] = None
    key: Optional["Type"] = None
    low: str = ""
    high: str = ""
    pattern: str = ""
    match: str = ""
    refuse: str = ""
    sensitive: bool = False
    streaming: bool = False
    whole: bool = False  # a streaming blob that the service wants in memory all the same
    written: bool = False  # a list whose items the service gives as JSON: it keeps some of them as they were written

    @property
    def constrained(self) -> bool:
        return bool(self.low or self.high or self.pattern)


@dataclass
class Member:
    name: str
    type: Type
    place: Place
    required: bool = False
    location: str = "body"
    wire_name: str = ""  # of the query parameter or header; the member's own name elsewhere
    idempotency: bool = False
    bare_max: str = ""  # a function name without colons may be this long
    xml: Tuple[str, str, str] = ("", "", "")  # of a list or map in the query protocol: the names of an element, its key and value
    own: bool = False  # ours alone: no SDK knows it


@dataclass
class NamedType:
    name: str
    type: Type
    place: Place


@dataclass
class Enum:
    name: str
    values: List[str]
    place: Place
    open: bool = False  # other values are not refused here: the service looks at them


@dataclass
class Struct:
    name: str
    members: List[Member]
    place: Place
    stream: bool = False  # an event stream: one member per event


@dataclass
class ErrorShape:
    name: str  # with "Exception"
    status: int
    message_member: str
    place: Place
    fault: bool = False
    query_code: str = ""  # in the query protocol, and in x-amzn-query-error; the name itself unless it is said
    members: List[Member] = field(default_factory=list)


@dataclass
class Operation:
    name: str
    method: str
    path: str  # template without the query literals
    literals: List[Tuple[str, str]]  # query parameters that the URI itself demands
    status: int
    place: Place
    deprecated: bool = False
    doc: str = ""
    action: str = ""
    resource: str = ""
    input: List[Member] = field(default_factory=list)
    output: Optional[str] = None  # name of a struct, shared or <Operation>Response; None when there is no output at all
    errors: List[str] = field(default_factory=list)
    todo: str = ""
    limit: str = ""  # bytes of a request; the service's unless the operation has its own
    limit_name: str = ""  # what the service calls the operation when it refuses a larger one; the name itself unless it is said


@dataclass
class Model:
    name: str = ""  # also the C++ namespace
    file: str = ""  # of the model, without folder and extension: the generated header's name
    title: str = ""
    version: str = ""
    protocol: str = ""  # or several, parted by blanks
    signing: str = ""  # or several, parted by blanks
    hosts: str = ""  # forms of a Host that mean the service, parted by blanks
    limit: str = "1048576"  # bytes of a request to an operation that has no limit of its own
    target: str = ""  # X-Amz-Target is TARGET.Operation
    namespace: str = ""  # of __type in answers of the JSON protocols
    xml: str = ""  # namespace of the query protocol's answers
    types: Dict[str, NamedType] = field(default_factory=dict)
    enums: Dict[str, Enum] = field(default_factory=dict)
    structs: Dict[str, Struct] = field(default_factory=dict)
    errors: Dict[str, ErrorShape] = field(default_factory=dict)
    operations: Dict[str, Operation] = field(default_factory=dict)
    groups: List[Tuple[str, List[str]]] = field(default_factory=list)  # headings and the operations below them

    @property
    def rest(self) -> bool:
        """Whether operations have methods and paths of their own. Otherwise all are POST /."""
        return self.protocol.startswith("rest")

    def resolve(self, use: Type) -> Type:
        """Follows names of `type` declarations; stays at enums and structs."""
        while use.kind == "name" and use.name in self.types:
            use = self.types[use.name].type
        return use

    def is_blob_stream(self, use: Type) -> bool:
        """Whether a use is of bytes that the service reads or gives piece by piece."""
        use = self.resolve(use)
        return use.kind == "blob" and use.streaming and not use.whole

    def is_stream(self, use: Type) -> bool:
        """Whether a use is one of an event stream (and not of one of its events)."""
        return use.kind == "name" and use.name in self.structs and self.structs[use.name].stream

    def reachable(self, operations: List[Operation]) -> List[str]:
        """Names of the structs that these operations need, each after those that it contains."""
        found: List[str] = []
        open_names: List[str] = []

        def visit_type(use: Optional[Type]) -> None:
            if use is None:
                return
            use = self.resolve(use)
            visit_type(use.element)
            visit_type(use.key)
            if use.kind == "name" and use.name in self.structs:
                visit(use.name)

        def visit(name: str) -> None:
            if name in found or name in open_names:
                return
            open_names.append(name)
            for member in self.structs[name].members:
                visit_type(member.type)
            open_names.remove(name)
            found.append(name)

        for operation in operations:
            for member in operation.input:
                visit_type(member.type)
            if operation.output:
                visit(operation.output)
        return found
