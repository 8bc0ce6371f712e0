#include "services/member_texts.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::services {
namespace {

// Calls `visit` with every value that stands at `path`.
using Visit = std::function<void(const wire::Shape& shape, const void* value)>;

void WalkPath(const wire::Structure& structure, const void* object, std::string_view path, const Visit& visit);

void WalkValue(const wire::Shape& shape, const void* value, std::string_view rest, const Visit& visit) {
  if (shape.kind == wire::Kind::List && shape.list && (!rest.empty() || shape.element->kind != wire::Kind::Structure)) {
    for (size_t at = 0; at < shape.list->size(value); ++at) WalkValue(*shape.element, shape.list->at(value, at), rest, visit);
    return;
  }
  if (rest.empty()) return visit(shape, value);
  if (shape.kind == wire::Kind::Structure) WalkPath(*shape.structure, value, rest, visit);
}

void WalkPath(const wire::Structure& structure, const void* object, std::string_view path, const Visit& visit) {
  const size_t dot = path.find('.');
  const wire::Member* member = FindMember(structure, path.substr(0, dot));
  const void* value = member ? wire::Structure::Get(*member, object) : nullptr;
  if (value) WalkValue(*member->shape, value, dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), visit);
}

void TakeScalar(const wire::Shape& shape, const void* value, const TakeText& take) {
  switch (shape.kind) {
    case wire::Kind::String: return take(*static_cast<const std::string*>(value));
    case wire::Kind::Boolean: return take(*static_cast<const bool*>(value) ? "true" : "false");
    case wire::Kind::Integer: return take(std::to_string(*static_cast<const int32_t*>(value)));
    case wire::Kind::Long: return take(std::to_string(*static_cast<const int64_t*>(value)));
    case wire::Kind::Double: return take(fmt::format("{}", *static_cast<const double*>(value)));
    default: return;
  }
}

void TakeElement(const wire::Structure& structure, const void* object, const TakePair& take) {
  std::string_view key, value;
  for (const wire::Member& member : structure.members) {
    if (member.shape->kind != wire::Kind::String) continue;
    const void* text = wire::Structure::Get(member, object);
    if (!text) continue;
    const std::string name = LowerCase(member.name);
    if (name.ends_with("key")) key = *static_cast<const std::string*>(text);
    if (name.ends_with("value")) value = *static_cast<const std::string*>(text);
  }
  if (!key.empty()) take(key, value);
}

}  // namespace

const wire::Member* FindMember(const wire::Structure& structure, std::string_view name) {
  const auto found = std::ranges::find_if(structure.members, [&](const wire::Member& member) { return EqualIgnoringCase(member.name, name); });
  return found == structure.members.end() ? nullptr : &*found;
}

void ForEachText(const wire::Structure& structure, const void* object, std::string_view path, const TakeText& take) {
  WalkPath(structure, object, path, [&](const wire::Shape& shape, const void* value) { TakeScalar(shape, value, take); });
}

void ForEachPair(const wire::Structure& structure, const void* object, std::string_view path, const TakePair& take) {
  WalkPath(structure, object, path, [&](const wire::Shape& shape, const void* value) {
    if (shape.kind == wire::Kind::Map && shape.map && shape.element->kind == wire::Kind::String) {
      for (size_t at = 0; at < shape.map->size(value); ++at) {
        const auto [key, text] = shape.map->at(value, at);
        take(key, *static_cast<const std::string*>(text));
      }
    }
    if (shape.kind == wire::Kind::List && shape.list && shape.element->kind == wire::Kind::Structure) {
      for (size_t at = 0; at < shape.list->size(value); ++at) TakeElement(*shape.element->structure, shape.list->at(value, at), take);
    }
  });
}

std::string_view TextOf(const wire::Structure& structure, const void* object, std::string_view name) {
  const wire::Member* member = FindMember(structure, name);
  if (!member || member->shape->kind != wire::Kind::String) return {};
  const void* value = wire::Structure::Get(*member, object);
  return value ? std::string_view(*static_cast<const std::string*>(value)) : std::string_view();
}

}  // namespace mayfly::services
