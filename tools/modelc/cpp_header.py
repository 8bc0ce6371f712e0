"""The generated header of a service: enum values, structs, the handler classes."""

from __future__ import annotations

from typing import List

from cpp_names import (HandlerClass, enumerator, field_type, handler_classes, quoted, request_name, result_type, snake_case,
                       working)
from model import Member, Model, Type

TOP = """// Generated from model/{name}.model by tools/modelc; do not edit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/descriptor.h"
#include "wire/storage.h"

namespace mayfly::{name} {{
"""


def header(model: Model) -> str:
    lines = [TOP.format(name=model.name)]
    operations = working(model)
    structs = model.reachable(operations)
    lines += enums(model, structs)
    lines += [f"struct {name};" for name in structs if model.is_recursive(name)]
    for name in structs:
        lines += struct(model, name, model.structs[name].members)
    for operation in operations:
        lines += struct(model, request_name(operation), operation.input)
    lines += handlers(model)
    lines += [f"extern const wire::Service kService;  // {model.title}", ""]
    lines += calls(model) + [f"}}  // namespace mayfly::{model.name}", ""]
    return "\n".join(lines)


def enums(model: Model, structs: List[str]) -> List[str]:
    used: List[str] = []

    def visit(use: Type) -> None:
        use = model.resolve(use)
        for part in (use.element, use.key):
            if part:
                visit(part)
        if use.name in model.enums and use.name not in used:
            used.append(use.name)

    members = [member for name in structs for member in model.structs[name].members]
    members += [member for operation in working(model) for member in operation.input]
    members += [member for error in model.errors.values() for member in error.members]
    for member in members:
        visit(member.type)
    lines = ["// Values of enums. In structs they are strings: requests hold known values only, unless the enum is open."]
    for name in used:
        lines += [f"namespace {name} {{"]
        lines += [f"inline constexpr std::string_view {enumerator(value)} = {quoted(value)};" for value in model.enums[name].values]
        lines += [f"}}  // namespace {name}"]
    return lines + [""]


def struct(model: Model, name: str, members: List[Member]) -> List[str]:
    lines = [f"struct {name} {{"]
    for member in members:
        initial = "{}" if member.required else ""
        lines.append(f"  {field_type(model, member, name)} {snake_case(member.name)}{initial};")
    return lines + ["};", ""]


def handlers(model: Model) -> List[str]:
    lines = [f"// What serves {model.title}: one method per operation. Requests are complete and within the model's limits.",
             "// Expected errors are those of the model, by their codes; anything else is a fault."]
    classes = handler_classes(model)
    if len(classes) == 1:
        return lines + handler(classes[0], " : public wire::ServiceHandler")
    for group in classes:
        lines += ["", f"// {group.title}"] + handler(group)
    lines += [f"// Who serves {model.title}, complete: a handler per group. They outlive this.", "struct Handlers : wire::ServiceHandler {"]
    return lines + [f"  {group.name}& {group.field};" for group in classes] + ["};", ""]


def handler(group: HandlerClass, base: str = "") -> List[str]:
    lines = [f"class {group.name}{base} {{", " public:", f"  virtual ~{group.name}() = default;"]
    for operation in group.operations:
        lines += [f"  // {operation.doc}",
                  f"  virtual Task<{result_type(operation)}> {operation.name}(Context& ctx, {request_name(operation)} request) = 0;"]
    return lines + ["};", ""]


def calls(model: Model) -> List[str]:
    """Each operation with its types, for callers inside of the daemon."""
    numbers = {name: number for number, name in enumerate(model.operations)}
    lines = ["// What wire::Directory::Call takes.", "namespace calls {"]
    lines += [f"inline constexpr wire::TypedOperation<{request_name(operation)}, {operation.output or 'void'}> k{operation.name}"
              f"{{&kService, {numbers[operation.name]}}};" for operation in working(model)]
    return lines + ["}  // namespace calls", ""]


def fake(model: Model) -> str:
    """A handler of which nothing works: tests override the operations that they are about."""
    classes = handler_classes(model)
    bases = ", ".join(f"public {group.name}" for group in classes)
    lines = [f"// Generated from model/{model.file}.model by tools/modelc; do not edit.", "#pragma once", "",
             f'#include "model/{model.file}.h"', "", f"namespace mayfly::{model.name} {{", "",
             "// For tests: overrides what they are about; every other operation fails.",
             f"class FakeHandler : {bases} {{", " public:"]
    for operation in working(model):
        lines += [f"  Task<{result_type(operation)}> {operation.name}(Context&, {request_name(operation)}) override {{",
                  '    co_return Fail(Error::Service("ResourceNotFoundException", "not part of this test"));', "  }"]
    if len(classes) > 1:
        lines.append(f"  Handlers handlers() {{ return {{{{}}, {', '.join('*this' for _ in classes)}}}; }}")
    return "\n".join(lines + ["};", "", f"}}  // namespace mayfly::{model.name}", ""])
