#include "wire/validation.h"

#include <algorithm>
#include <string>

#include "wire/json_codec.h"
#include "wire/violations.h"

namespace mayfly::wire {
namespace {

bool IsValid(const Shape& shape, const void* value);
bool IsValid(const Structure& structure, const void* object);

bool Streams(const Member& member) { return member.shape->kind == Kind::BlobStream || member.shape->kind == Kind::EventStream; }

const void* ValueOf(const Member& member, const void* object) { return member.field->get(static_cast<const char*>(object) + member.offset); }

bool IsValidList(const Shape& shape, const void* list) {
  if (!shape.list) return true;  // a WrittenList; no request has one
  const size_t size = shape.list->size(list);
  if (!Satisfies(shape, static_cast<double>(size))) return false;
  for (size_t i = 0; i < size; ++i) {
    if (!IsValid(*shape.element, shape.list->at(list, i))) return false;
  }
  return true;
}

bool IsValidMap(const Shape& shape, const void* map) {
  const size_t size = shape.map->size(map);
  if (!Satisfies(shape, static_cast<double>(size))) return false;
  for (size_t i = 0; i < size; ++i) {
    const auto [key, value] = shape.map->at(map, i);
    if (!Satisfies(*shape.key, key) || !IsValid(*shape.element, value)) return false;
  }
  return true;
}

bool IsValid(const Shape& shape, const void* value) {
  switch (shape.kind) {
    case Kind::String: return Satisfies(shape, std::string_view(*static_cast<const std::string*>(value)));
    case Kind::Blob: return Satisfies(shape, static_cast<double>(static_cast<const std::string*>(value)->size()));
    case Kind::Integer: return Satisfies(shape, static_cast<double>(*static_cast<const int32_t*>(value)));
    case Kind::Long: return Satisfies(shape, static_cast<double>(*static_cast<const int64_t*>(value)));
    case Kind::Double: return Satisfies(shape, *static_cast<const double*>(value));
    case Kind::List: return IsValidList(shape, value);
    case Kind::Map: return IsValidMap(shape, value);
    case Kind::Structure: return IsValid(*shape.structure, value);
    default: return true;
  }
}

bool IsBareNameTooLong(const Member& member, const void* value) {
  if (member.bare_characters_max == 0) return false;
  const auto& text = *static_cast<const std::string*>(value);
  return text.find(':') == std::string::npos && CountCharacters(text) > member.bare_characters_max;
}

bool IsValid(const Structure& structure, const void* object) {
  return std::ranges::all_of(structure.members, [&](const Member& member) {
    const void* value = ValueOf(member, object);
    if (!value) return !member.required;
    return Streams(member) || (IsValid(*member.shape, value) && !IsBareNameTooLong(member, value));
  });
}

// The struct as JSON, without what streams.
json::Value ToJson(const Structure& structure, const void* object) {
  json::Object all;
  for (const Member& member : structure.members) {
    const void* value = Streams(member) ? nullptr : ValueOf(member, object);
    if (!value) continue;
    std::string text;
    WriteJson(*member.shape, value, text);
    if (auto parsed = json::Parse(text)) all.emplace_back(std::string(member.name), std::move(*parsed));
  }
  return json::Value(std::move(all));
}

}  // namespace

Result<> Validate(const Structure& structure, const void* object) {
  if (IsValid(structure, object)) return {};
  // What is wrong is told by the one who tells clients.
  json::Value json = ToJson(structure, object);
  const std::unique_ptr<void, void (*)(void*)> copy(structure.make(), structure.destroy);
  Violations violations;
  MF_TRY_VOID(ReadJsonMembers(structure, MemberChoice::All, json, copy.get(), nullptr, violations));
  if (violations.empty()) return Fail(Error::Service("ValidationException", "The request is not within the limits of the operation."));
  return Fail(violations.ToError());
}

}  // namespace mayfly::wire
