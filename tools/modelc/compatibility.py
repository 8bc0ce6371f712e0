"""docs/compatibility.md: which operations work, and what builds the others."""

from __future__ import annotations

from typing import List

from model import Model, Operation


def compatibility(models: List[Model]) -> str:
    lines = [
        "# Compatibility with AWS",
        "",
        "Generated from `model/*.model` by `tools/modelc`; do not edit. Operations that are not built yet are known, routed and answered "
        "with a well-formed `NotImplementedException` (HTTP 501) that names the operation and what it comes with.",
        "",
        "| service | API version | operations that work |",
        "|---|---|---|",
    ]
    for model in models:
        works = sum(not operation.todo for operation in model.operations.values())
        lines.append(f"| {model.title} | {model.version} | **{works} of {len(model.operations)}** |")
    for model in models:
        lines += service(model)
    return "\n".join(lines) + "\n"


def service(model: Model) -> List[str]:
    lines = ["", f"## {model.title}", "", "| part of the API | works | to come |", "|---|---|---|"]
    for title, names in model.groups:
        done = sum(not model.operations[name].todo for name in names)
        lines.append(f"| {title} | {done} | {len(names) - done} |")
    for title, names in model.groups:
        lines += ["", f"### {title}", "", "| operation | state | what it does |", "|---|---|---|"]
        lines += [row(model.operations[name]) for name in names]
    return lines + later(model)


def later(model: Model) -> List[str]:
    """Operations that the model only names."""
    lines: List[str] = []
    for todo in dict.fromkeys(operation.todo for operation in model.operations.values() if operation.is_bare):
        names = [name for name, operation in model.operations.items() if operation.is_bare and operation.todo == todo]
        lines += ["", f"{len(names)} more operations are to come ({todo}), and are answered as such."]
    return lines


def row(operation: Operation) -> str:
    state = f"to do: {operation.todo}" if operation.todo else "works"
    note = " Deprecated by AWS." if operation.deprecated else ""
    return f"| `{operation.name}` | {state} | {operation.doc}{note} |".replace("${", "\\${")


__all__: List[str] = ["compatibility"]
