#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

#include "base/encoding.h"
#include "wire/json_codec.h"
#include "wire/storage.h"

namespace mayfly::wire {
namespace {

template <typename T>
const T& As(const void* value) {
  return *static_cast<const T*>(value);
}

void WriteList(const Shape& shape, const void* list, std::string& out) {
  out.push_back('[');
  if (!shape.list) {
    out.append(As<WrittenList>(list).items()).push_back(']');
    return;
  }
  const size_t size = shape.list->size(list);
  for (size_t i = 0; i < size; ++i) {
    if (i > 0) out.push_back(',');
    WriteJson(*shape.element, shape.list->at(list, i), out);
  }
  out.push_back(']');
}

void WriteMap(const Shape& shape, const void* map, std::string& out) {
  out.push_back('{');
  const size_t size = shape.map->size(map);
  for (size_t i = 0; i < size; ++i) {
    const auto [key, value] = shape.map->at(map, i);
    if (i > 0) out.push_back(',');
    json::WriteString(key, out);
    out.push_back(':');
    WriteJson(*shape.element, value, out);
  }
  out.push_back('}');
}

std::string FormatTime(TimeForm form, WallTime time) {
  if (form == TimeForm::Iso8601) return FormatIso8601(time);
  if (form == TimeForm::HttpDate) return FormatHttpDate(time);
  return ToEpochSeconds(time);
}

void WriteTime(TimeForm form, WallTime time, std::string& out) {
  const std::string text = FormatTime(form, time);
  if (form == TimeForm::Iso8601 || form == TimeForm::HttpDate) return json::WriteString(text, out);
  out += text;
}

void WriteDouble(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";  // JSON has no other word for it
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end.ptr);
}

// A required text that must match a pattern and is empty was never set: SDK models promise a few members that AWS leaves out
// (the name of a setting that was never made).
bool IsUnset(const Member& member, const void* value) {
  return member.required && member.shape->kind == Kind::String && member.shape->pattern && As<std::string>(value).empty();
}

}  // namespace

void WriteJson(const Shape& shape, const void* value, std::string& out) {
  switch (shape.kind) {
    case Kind::String: return json::WriteString(As<std::string>(value), out);
    case Kind::Boolean: out += As<bool>(value) ? "true" : "false"; return;
    case Kind::Integer: out += fmt::to_string(As<int32_t>(value)); return;
    case Kind::Long: out += fmt::to_string(As<int64_t>(value)); return;
    case Kind::Double: return WriteDouble(As<double>(value), out);
    case Kind::Blob: out.append(1, '"').append(Base64Encode(As<std::string>(value))).push_back('"'); return;
    case Kind::Timestamp: return WriteTime(shape.time, As<WallTime>(value), out);
    case Kind::List: return WriteList(shape, value, out);
    case Kind::Map: return WriteMap(shape, value, out);
    case Kind::Structure: return WriteJsonMembers(*shape.structure, MemberChoice::All, value, out);
    case Kind::BlobStream:
    case Kind::EventStream: MF_ASSERT(false); return;  // no JSON has one
  }
}

void WriteJsonMembers(const Structure& structure, MemberChoice choice, const void* object, std::string& out) {
  out.push_back('{');
  bool first = true;
  for (const Member& member : structure.members) {
    if (choice == MemberChoice::BodyOnly && member.location != Location::Body) continue;
    const void* value = Structure::Get(member, object);
    if (!value || IsUnset(member, value)) continue;
    if (!first) out.push_back(',');
    first = false;
    json::WriteString(member.name, out);
    out.push_back(':');
    WriteJson(*member.shape, value, out);
  }
  out.push_back('}');
}

std::string WriteText(const Shape& shape, const void* value, TimeForm time) {
  if (shape.kind == Kind::String) return As<std::string>(value);
  if (shape.kind == Kind::Blob) return Base64Encode(As<std::string>(value));
  if (shape.kind == Kind::Timestamp) return FormatTime(shape.time == TimeForm::Default ? time : shape.time, As<WallTime>(value));
  std::string out;
  WriteJson(shape, value, out);
  return out;
}

}  // namespace mayfly::wire
