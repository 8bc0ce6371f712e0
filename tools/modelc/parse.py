"""Reads a .model file. README.md beside this file has the grammar."""

from __future__ import annotations

import pathlib
import re
from typing import Dict, Iterator, List, Tuple

from model import (Enum, ErrorShape, Member, Model, ModelError, NamedType, Operation, Place, SCALARS, Struct, Type)

Line = Tuple[Place, str]

TOKEN = re.compile(r"\s*(?:`([^`]*)`|\"([^\"]*)\"|(\S+))")
RANGE = re.compile(r"^(-?[0-9]+(?:\.[0-9]+)?)?\.\.(-?[0-9]+(?:\.[0-9]+)?)?$")
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9]*$")
XML_ROOT = re.compile(r"^xml\((\w+)\)(?:\s+|$)")
CALL = re.compile(r"^op (\w+)()()()()( deprecated)?$")
OPERATION = re.compile(r"^op (\w+)\s+(GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS) (/\S*)(?: with ([a-z0-9-]+))? -> (\d{3})( deprecated)?$")
ERROR = re.compile(r"^error (\w+)\s+(\d{3}) (message|Message|none)( fault)?( any)?(?:\s+query (\S+))?(?:\s+for\(([\w ]+)\)(?:\s+`([^`]*)`)?)?$")
# Traits of a member that say how XML and the query protocol write it.
XML_TRAIT = re.compile(r"^(xml|items|entries|xmlns)\(")
XML_TRAITS = ((r"^xml\(([\w:-]+)\)$", ("name",)), (r"^items\((\w+)\)$", ("item",)), (r"^entries\((\w+):(\w+)\)$", ("key", "value")),
              (r"^xmlns\((?:(\w+)=)?([^)=]+)\)$", ("prefix", "uri")))
HEADING = re.compile(r"^# -{4,} (.+)$")


def parse_file(path: str) -> Model:
    with open(path, encoding="utf-8") as text:
        model = Parser(path, text.read()).model()
    model.file = pathlib.Path(path).stem
    return model


class Parser:
    def __init__(self, file: str, text: str):
        self._model = Model()
        self._parts: Dict[str, str] = {}
        self._entries: List[Tuple[List[Line], str]] = []
        heading = ""
        for number, raw in enumerate(text.splitlines(), 1):
            place = Place(file, number)
            if "\t" in raw:
                raise place.error("a tab: indent with blanks")
            found = HEADING.match(raw)
            if found:
                heading = found.group(1)
            line = raw.rstrip()
            if not line or line.lstrip().startswith("#"):
                continue
            if line[0] != " ":
                self._entries.append(([(place, line)], heading))
            elif not self._entries:
                raise place.error("an indented line before the first entry")
            else:
                self._entries[-1][0].append((place, line.strip()))

    def model(self) -> Model:
        readers = {"service": self._service, "let": self._let, "type": self._type, "enum": self._enum,
                   "struct": self._struct, "stream": self._struct, "error": self._error, "op": self._operation, "later": self._later}
        for lines, heading in self._entries:
            place, first = lines[0]
            keyword = first.split(" ", 1)[0]
            if keyword not in readers:
                raise place.error(f"'{keyword}' begins no entry; known are {', '.join(readers)}")
            readers[keyword](lines)
            if keyword == "op":
                self._add_to_group(heading, first.split()[1])
        for operation in self._model.operations.values():
            operation.limit = operation.limit or self._model.limit
        return self._model

    def _add_to_group(self, heading: str, operation: str) -> None:
        groups = self._model.groups
        if not groups or groups[-1][0] != heading:
            groups.append((heading, []))
        groups[-1][1].append(operation)

    def _service(self, lines: List[Line]) -> None:
        place, first = lines[0]
        self._model.name = first.split(" ", 1)[1].strip()
        for place, line in lines[1:]:
            key, _, value = line.partition(" ")
            if key not in ("title", "version", "protocol", "signing", "hosts", "limit", "target", "namespace", "xml", "errors", "callers"):
                raise place.error(f"a service has no '{key}'")
            setattr(self._model, "errors_form" if key == "errors" else key, value.strip())

    def _let(self, lines: List[Line]) -> None:
        place, text = self._single(lines)
        found = re.match(r"^let (\w+)\s+`([^`]*)`$", text)
        if not found:
            raise place.error("expected: let name `part of a pattern`")
        self._parts[found.group(1)] = found.group(2)

    def _type(self, lines: List[Line]) -> None:
        place, text = self._single(lines)
        tokens = Tokens(place, text)
        tokens.take_word("type")
        name = tokens.take_name()
        use = self._type_use(tokens)
        tokens.expect_end()
        self._declare(self._model.types, name, NamedType(name, use, place), place)

    def _enum(self, lines: List[Line]) -> None:
        place, _ = lines[0]
        words = " ".join(text for _, text in lines).split()
        name = words[1] if len(words) > 1 else ""
        is_open = len(words) > 2 and words[2] == "open"
        rest = words[3 if is_open else 2:]
        if not NAME.match(name) or not rest or rest[0] != "=" or len(rest) < 2:
            raise place.error("expected: enum Name [open] = VALUE …")
        if len(set(rest)) != len(rest):
            raise place.error(f"enum {name} has a value twice")
        self._declare(self._model.enums, name, Enum(name, rest[1:], place, is_open), place)

    def _struct(self, lines: List[Line]) -> None:
        place, first = lines[0]
        keyword, _, rest = first.partition(" ")
        name, _, inline = rest.strip().partition(" ")
        if not NAME.match(name):
            raise place.error(f"expected: {keyword} Name")
        root, inline = self._xml_root(inline.strip())
        members = self._members([(place, inline)] + lines[1:])
        self._declare(self._model.structs, name, Struct(name, members, place, keyword == "stream", root), place)

    @staticmethod
    def _xml_root(text: str) -> Tuple[str, str]:
        """The root element's name that a list of members may begin with, and the rest."""
        found = XML_ROOT.match(text)
        return (found.group(1), text[found.end():]) if found else ("", text)

    def _error(self, lines: List[Line]) -> None:
        place, first = lines[0]
        head, _, rest = first.partition(" ; ")
        found = ERROR.match(head)
        if not found:
            raise place.error("expected: error Name STATUS message|Message|none [fault] [any] [query CODE] [for(CODE …) [`text`]] [; member type …]")
        name = self._error_name(found.group(1))
        error = ErrorShape(name, int(found.group(2)), found.group(3), place, bool(found.group(4)), found.group(6) or "",
                           self._members([(place, rest)] + lines[1:]), bool(found.group(5)),
                           (found.group(7) or "").split(), found.group(8) or "")
        self._declare(self._model.errors, name, error, place)

    def _error_name(self, name: str) -> str:
        return name + "Exception" if self._model.protocol.startswith("rest-json") else name

    def _operation(self, lines: List[Line]) -> None:
        place, first = lines[0]
        found = (OPERATION if self._model.rest else CALL).match(first)
        if not found:
            raise place.error("expected: op Name  METHOD /uri [with HEADER] -> STATUS [deprecated]" if self._model.rest else "expected: op Name [deprecated]")
        path, _, query = (found.group(3) or "/").partition("?")
        literals = [part.partition("=")[::2] for part in query.split("&") if part]
        operation = Operation(found.group(1), found.group(2) or "POST", path, literals, int(found.group(5) or 200), place, bool(found.group(6)))
        operation.header = found.group(4) or ""
        for keyword, section in self._sections(lines[1:]):
            self._section(operation, keyword, section)
        self._declare(self._model.operations, operation.name, operation, place)

    def _later(self, lines: List[Line]) -> None:
        """Operations of which nothing is said but their names, and what builds them."""
        text = " ".join(line for _, line in lines)
        found = re.match(r'^later "([^"]+)"((?: \w+)+)$', text)
        if not found:
            raise lines[0][0].error('expected: later "which later part builds them" Name …')
        for name in found.group(2).split():
            operation = Operation(name, "POST", "/", [], 200, lines[0][0], todo=found.group(1), is_bare=True)
            operation.action, operation.resource = f"{self._model.name}:{name}", "any"
            self._declare(self._model.operations, name, operation, lines[0][0])

    def _sections(self, lines: List[Line]) -> Iterator[Tuple[str, List[Line]]]:
        keyword, section = "", []  # type: str, List[Line]
        for place, line in lines:
            word, _, rest = line.partition(" ")
            if word in ("doc", "auth", "in", "out", "errors", "todo", "limit"):
                if keyword:
                    yield keyword, section
                keyword, section = word, [(place, rest.strip())]
            elif not keyword:
                raise place.error(f"'{word}' is no section; known are doc, auth, in, out, errors, todo, limit")
            else:
                section.append((place, line))
        if keyword:
            yield keyword, section

    def _section(self, operation: Operation, keyword: str, lines: List[Line]) -> None:
        place = lines[0][0]
        text = " ".join(line for _, line in lines).strip()
        if keyword == "doc":
            operation.doc = text
        elif keyword == "auth":
            found = re.match(r"^([a-z0-9-]+:\w+) on (\w+)$", text)
            if not found:
                raise place.error("expected: auth service:Action on resource_kind")
            operation.action, operation.resource = found.groups()
        elif keyword == "in":
            operation.input_root, first = self._xml_root(lines[0][1])
            operation.input = self._members([(place, first)] + lines[1:])
        elif keyword == "errors":
            operation.errors = [self._error_name(name) for name in text.split()]
        elif keyword == "todo":
            if not re.match(r'^"[^"]+"$', text):
                raise place.error('expected: todo "which later part builds it"')
            operation.todo = text.strip('"')
        elif keyword == "limit":
            found = re.match(r"^([0-9]+)(?: (\w+))?$", text)
            if not found:
                raise place.error("expected: limit BYTES [NameInAnswers]")
            operation.limit, operation.limit_name = found.group(1), found.group(2) or ""
        elif text == "nothing":
            self._output(operation, [], place)
        elif NAME.match(text):
            operation.output = text
        else:
            root, first = self._xml_root(lines[0][1])
            self._output(operation, self._members([(place, first)] + lines[1:]), place, root)

    def _output(self, operation: Operation, members: List[Member], place: Place, root: str = "") -> None:
        operation.output = operation.name + "Response"
        struct = Struct(operation.output, members, place, xml_root=root)
        self._declare(self._model.structs, operation.output, struct, place)

    def _members(self, lines: List[Line]) -> List[Member]:
        members: List[Member] = []
        for place, line in lines:
            for text in split_outside_quotes(line):
                member = self._member(place, text)
                if any(other.name == member.name for other in members):
                    raise place.error(f"member {member.name} stands here twice")
                members.append(member)
        return members

    def _member(self, place: Place, text: str) -> Member:
        tokens = Tokens(place, text)
        name = tokens.take_word()
        required = name.endswith("!")
        name = name.rstrip("!")
        if not NAME.match(name):
            raise place.error(f"'{name}' is no member name")
        member = Member(name, self._type_use(tokens), place, required, "body", name)
        while not tokens.at_end():
            self._member_trait(member, tokens)
        if self._model.protocol == "ec2-query":
            self._as_ec2(member)
        return member

    @staticmethod
    def _as_ec2(member: Member) -> None:
        """What ec2-query calls a member whose model says nothing else: vpcId, with <item> around the elements of a list."""
        member.xml.name = member.xml.name or member.name[0].lower() + member.name[1:]
        if member.type.kind == "list" and not member.xml.flat:
            member.xml.item = member.xml.item or "item"

    def _member_trait(self, member: Member, tokens: "Tokens") -> None:
        word = tokens.take_word()
        located = re.match(r"^@(path|query|header|headers|payload|status)(?:\(([^)]+)\))?$", word)
        if located:
            member.location = located.group(1)
            member.wire_name = located.group(2) or member.name
        elif word in ("idempotency", "own", "or_path"):
            setattr(member, word, True)
        elif word in ("flat", "attribute"):
            setattr(member.xml, word, True)
        elif XML_TRAIT.match(word):
            self._xml_trait(member, word, tokens.place)
        elif word.startswith("bare.."):
            member.bare_max = word[len("bare.."):]
        else:
            raise tokens.place.error(f"'{word}' says nothing about member {member.name}")

    @staticmethod
    def _xml_trait(member: Member, word: str, place: Place) -> None:
        for pattern, fields in XML_TRAITS:
            found = re.match(pattern, word)
            if found:
                for name, value in zip(fields, found.groups()):
                    setattr(member.xml, name, value or "")
                return
        raise place.error("expected: xml(Element), items(Element), entries(Key:Value) or xmlns([prefix=]uri)")

    def _type_use(self, tokens: "Tokens") -> Type:
        use = self._type_word(tokens.take_word(), tokens.place)
        while not tokens.at_end():
            if tokens.peek_quoted():
                use.pattern = self._pattern(tokens)
                continue
            word = tokens.peek_word()
            bounds = RANGE.match(word)
            if bounds:
                use.low, use.high = bounds.group(1) or "", bounds.group(2) or ""
            elif word in ("sensitive", "streaming", "whole", "written"):
                setattr(use, word, True)
            elif word in ("iso", "http", "epoch"):
                use.form = word
            elif word in ("match", "not"):
                tokens.take_word()
                setattr(use, "match" if word == "match" else "refuse", self._pattern(tokens))
                continue
            else:
                break
            tokens.take_word()
        if use.kind == "name" and (use.constrained or use.sensitive):
            raise tokens.place.error(f"limits belong to the declaration of {use.name}, not to its use")
        return use

    def _type_word(self, word: str, place: Place) -> Type:
        if word in SCALARS:
            return Type(word, place)
        found = re.match(r"^list<(.+)>$", word)
        if found:
            return Type("list", place, element=self._type_word(found.group(1), place))
        found = re.match(r"^map<(\w+),(.+)>$", word)
        if found:
            return Type("map", place, key=self._type_word(found.group(1), place), element=self._type_word(found.group(2), place))
        if not NAME.match(word):
            raise place.error(f"'{word}' is no type")
        return Type("name", place, name=word)

    def _pattern(self, tokens: "Tokens") -> str:
        def part(found: "re.Match[str]") -> str:
            if found.group(1) not in self._parts:
                raise tokens.place.error(f"no 'let {found.group(1)}' before this line")
            return self._parts[found.group(1)]

        return re.sub(r"\{([a-z_]+)\}", part, tokens.take_quoted())

    @staticmethod
    def _single(lines: List[Line]) -> Line:
        if len(lines) > 1:
            raise lines[1][0].error("this entry is one line")
        return lines[0]

    def _declare(self, table: Dict, name: str, value: object, place: Place) -> None:
        shared = (self._model.types, self._model.enums, self._model.structs)  # one space of names
        spaces = shared if any(table is space for space in shared) else (table,)
        if name in SCALARS or any(name in space for space in spaces):
            raise place.error(f"{name} is declared twice")
        table[name] = value


class Tokens:
    """The words and `quoted texts` of one member or type."""

    def __init__(self, place: Place, text: str):
        self.place = place
        self._items: List[Tuple[bool, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = TOKEN.match(text, position)
            assert found
            position = found.end()
            if found.group(1) is not None:
                self._items.append((True, found.group(1)))
            else:
                word = found.group(2) if found.group(2) is not None else found.group(3)
                if "`" in word:
                    raise place.error("a ` without its partner, or no blank before it")
                self._items.append((False, word))

    def at_end(self) -> bool:
        return not self._items

    def peek_quoted(self) -> bool:
        return bool(self._items) and self._items[0][0]

    def peek_word(self) -> str:
        return self._items[0][1]

    def take_word(self, expected: str = "") -> str:
        if not self._items or self._items[0][0]:
            raise self.place.error("a word is missing here")
        word = self._items.pop(0)[1]
        if expected and word != expected:
            raise self.place.error(f"expected '{expected}', found '{word}'")
        return word

    def take_name(self) -> str:
        word = self.take_word()
        if not NAME.match(word):
            raise self.place.error(f"'{word}' is no name")
        return word

    def take_quoted(self) -> str:
        if not self.peek_quoted():
            raise self.place.error("a pattern between ` ` is missing here")
        return self._items.pop(0)[1]

    def expect_end(self) -> None:
        if self._items:
            raise self.place.error(f"'{self._items[0][1]}' is one word too many")


def split_outside_quotes(line: str) -> List[str]:
    """Splits at ` ; ` and leaves patterns whole."""
    pieces = re.findall(r"(?:`[^`]*`|[^;`])+", line)
    return [piece.strip() for piece in pieces if piece.strip()]


__all__ = ["parse_file", "ModelError"]
