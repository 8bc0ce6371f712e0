"""docs/compatibility.md: which operations work, and what builds the others."""

from __future__ import annotations

from typing import List

from model import Model, Operation


def compatibility(model: Model) -> str:
    operations = list(model.operations.values())
    works = [operation for operation in operations if not operation.todo]
    lines = [
        "# Compatibility with AWS Lambda",
        "",
        f"Generated from `model/{model.name}.model` by `tools/modelc`; do not edit. {model.title}, API version {model.version}.",
        "",
        f"**{len(works)} of {len(operations)} operations work.** The others are known, routed and answered with a well-formed "
        "`NotImplementedException` (HTTP 501) that names the operation and what it comes with.",
        "",
        "| part of the API | works | to come |",
        "|---|---|---|",
    ]
    for title, names in model.groups:
        done = sum(not model.operations[name].todo for name in names)
        lines.append(f"| {title} | {done} | {len(names) - done} |")
    for title, names in model.groups:
        lines += ["", f"## {title}", "", "| operation | state | what it does |", "|---|---|---|"]
        lines += [row(model.operations[name]) for name in names]
    return "\n".join(lines) + "\n"


def row(operation: Operation) -> str:
    state = f"to do: {operation.todo}" if operation.todo else "works"
    note = " Deprecated by AWS." if operation.deprecated else ""
    return f"| `{operation.name}` | {state} | {operation.doc}{note} |".replace("${", "\\${")


__all__: List[str] = ["compatibility"]
