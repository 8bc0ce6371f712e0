#include "wire/xml_write.h"

#include "base/clock.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

void Open(std::string_view name, std::string& out) { out.append(1, '<').append(name).append(1, '>'); }
void Close(std::string_view name, std::string& out) { out.append("</").append(name).append(1, '>'); }

void WriteElement(std::string_view name, const Member& member, const Shape& shape, const void* value, std::string& out);

void WriteMap(const Member& member, const Shape& shape, const void* map, std::string& out) {
  const std::string_view key_name = member.xml_key.empty() ? "key" : member.xml_key;
  const std::string_view value_name = member.xml_value.empty() ? "value" : member.xml_value;
  for (size_t i = 0; i < shape.map->size(map); ++i) {
    const auto [key, value] = shape.map->at(map, i);
    Open(member.query_name(), out);
    Open(key_name, out);
    AppendXmlText(key, out);
    Close(key_name, out);
    WriteElement(value_name, member, *shape.element, value, out);
    Close(member.query_name(), out);
  }
}

void WriteValue(const Shape& shape, const void* value, std::string& out) {
  if (shape.kind == Kind::Structure) return WriteXmlMembers(*shape.structure, value, out);
  if (shape.kind == Kind::Timestamp) return AppendXmlText(FormatIso8601(*static_cast<const WallTime*>(value)), out);
  AppendXmlText(WriteText(shape, value), out);
}

void WriteElement(std::string_view name, const Member& member, const Shape& shape, const void* value, std::string& out) {
  if (shape.kind == Kind::Map) return WriteMap(member, shape, value, out);
  if (shape.kind == Kind::List) {
    for (size_t i = 0; i < shape.list->size(value); ++i) WriteElement(member.query_name(), member, *shape.element, shape.list->at(value, i), out);
    return;
  }
  Open(name, out);
  WriteValue(shape, value, out);
  Close(name, out);
}

}  // namespace

void WriteXmlMembers(const Structure& structure, const void* object, std::string& out) {
  for (const Member& member : structure.members) {
    if (member.location != Location::Body) continue;
    const void* value = member.field->get(static_cast<const char*>(object) + member.offset);
    if (value) WriteElement(member.query_name(), member, *member.shape, value, out);
  }
}

void AppendXmlText(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#xD;"; break;
      case '\n':
      case '\t': out += c; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
}

}  // namespace mayfly::wire
