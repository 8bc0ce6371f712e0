"""The service model in memory: what parse.py reads, check.py proves and the generators use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

SCALARS = ("string", "bool", "int", "long", "double", "blob", "timestamp")


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
    form: str = ""  # of a timestamp as text: iso, http or epoch; what its place says otherwise
    whole: bool = False  # a streaming blob that the service wants in memory all the same
    written: bool = False  # a list whose items the service gives as JSON: it keeps some of them as they were written

    @property
    def constrained(self) -> bool:
        return bool(self.low or self.high or self.pattern)


@dataclass
class Xml:
    """How XML and the query protocol write a member; what is empty is as they do it by themselves."""

    name: str = ""
    item: str = ""  # the elements of a list
    key: str = ""  # of a map's entries, as value
    value: str = ""
    flat: bool = False
    attribute: bool = False
    prefix: str = ""  # of the namespace that its element declares
    uri: str = ""


@dataclass
class Member:
    name: str
    type: Type
    place: Place
    required: bool = False
    location: str = "body"
    wire_name: str = ""  # of the query parameter or header; the member's own name elsewhere
    idempotency: bool = False
    bare_max: str = ""  # a name without colons may be this long
    xml: Xml = field(default_factory=Xml)
    or_path: bool = False  # in the query protocol the request's path stands in for it
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
    xml_root: str = ""  # of a document that holds one


@dataclass
class ErrorShape:
    name: str  # in rest-json with "Exception"
    status: int
    message_member: str
    place: Place
    fault: bool = False
    query_code: str = ""  # in the query protocol, and in x-amzn-query-error; the name itself unless it is said
    members: List[Member] = field(default_factory=list)
    of_any: bool = False  # every operation may answer it, so that none lists it
    stands_for: List[str] = field(default_factory=list)  # codes that services share, which this one calls so
    text: str = ""  # its own words for them


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
    input_root: str = ""  # of an XML document that holds the input
    output: Optional[str] = None  # name of a struct, shared or <Operation>Response; None when there is no output at all
    errors: List[str] = field(default_factory=list)
    todo: str = ""
    is_bare: bool = False  # nothing is said of it but its name (and todo)
    header: str = ""  # a field that a request has only when it means this operation
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
    xml: str = ""  # namespace of XML answers
    errors_form: str = ""  # "bare": an XML answer that tells of an error is the Error element alone
    callers: str = ""  # "anyone": requests without a signature reach the service, which decides about them
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

    def contained(self, name: str) -> List[str]:
        """Names of the structs that lie in a struct itself, not in a list or map of it."""
        uses = [self.resolve(member.type) for member in self.structs[name].members]
        return [use.name for use in uses if use.kind == "name" and use.name in self.structs]

    def is_boxed(self, owner: str, use: Type) -> bool:
        """Whether a struct that lies in `owner` leads back to it, so that it has to lie elsewhere."""
        use = self.resolve(use)
        if owner not in self.structs or use.kind != "name" or use.name not in self.structs or self.structs[use.name].stream:
            return False
        found, open_names = set(), [use.name]
        while open_names:
            name = open_names.pop()
            if name not in found:
                found.add(name)
                open_names += self.contained(name)
        return owner in found

    def is_recursive(self, name: str) -> bool:
        """Whether a struct leads back to itself, on whatever way."""
        found, open_names = set(), [name]
        while open_names:
            uses = [member.type for member in self.structs[open_names.pop()].members]
            while uses:
                use = self.resolve(uses.pop())
                uses += [part for part in (use.element, use.key) if part]
                if use.kind == "name" and use.name in self.structs and use.name not in found:
                    found.add(use.name)
                    open_names.append(use.name)
        return name in found

    def is_stream(self, use: Type) -> bool:
        """Whether a use is one of an event stream (and not of one of its events)."""
        return use.kind == "name" and use.name in self.structs and self.structs[use.name].stream

    def reachable(self, operations: List[Operation]) -> List[str]:
        """Names of the structs that these operations need, each after those that it contains (but for recursion)."""
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
