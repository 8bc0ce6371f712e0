#include "wire/xml_write.h"

#include "base/encoding.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

void Close(std::string_view name, std::string& out) { out.append("</").append(name).append(1, '>'); }

std::string TextOf(const Shape& shape, const void* value) { return WriteText(shape, value, TimeForm::Iso8601); }

void WriteAttributes(const Structure& structure, const void* object, std::string& out) {
  for (const Member& member : structure.members) {
    const void* value = member.xml->attribute ? Structure::Get(member, object) : nullptr;
    if (value) AppendXmlAttribute(member.xml_name(), TextOf(*member.shape, value), out);
  }
}

// `<name`, the namespace and the attributes of a value; what comes next is `>`.
void Begin(std::string_view name, const XmlForm& form, const Shape& shape, const void* value, std::string& out) {
  out.append(1, '<').append(name);
  if (!form.uri.empty()) AppendXmlAttribute(form.prefix.empty() ? "xmlns" : "xmlns:" + std::string(form.prefix), form.uri, out);
  if (shape.kind == Kind::Structure) WriteAttributes(*shape.structure, value, out);
}

void WriteContent(const XmlForm& form, const Shape& shape, const void* value, std::string& out);

void WriteElement(std::string_view name, const XmlForm& form, const Shape& shape, const void* value, std::string& out) {
  Begin(name, form, shape, value, out);
  out += '>';
  WriteContent(form, shape, value, out);
  Close(name, out);
}

void WriteItems(std::string_view name, const Shape& shape, const void* list, std::string& out) {
  for (size_t i = 0; i < shape.list->size(list); ++i) WriteElement(name, kPlainXml, *shape.element, shape.list->at(list, i), out);
}

void WriteEntries(std::string_view name, const XmlForm& form, const Shape& shape, const void* map, std::string& out) {
  for (size_t i = 0; i < shape.map->size(map); ++i) {
    const auto [key, value] = shape.map->at(map, i);
    out.append(1, '<').append(name).append(1, '>');
    AppendXmlElement(form.key_name(), key, out);
    WriteElement(form.value_name(), kPlainXml, *shape.element, value, out);
    Close(name, out);
  }
}

void WriteContent(const XmlForm& form, const Shape& shape, const void* value, std::string& out) {
  switch (shape.kind) {
    case Kind::Structure: return WriteXmlMembers(*shape.structure, MemberChoice::All, value, out);
    case Kind::List: return WriteItems(form.item_name(), shape, value, out);
    case Kind::Map: return WriteEntries("entry", form, shape, value, out);
    default: AppendXmlText(TextOf(shape, value), out);
  }
}

void WriteMember(const Member& member, const void* value, std::string& out) {
  const XmlForm& form = *member.xml;
  if (form.flat && member.shape->kind == Kind::List) return WriteItems(member.xml_name(), *member.shape, value, out);
  if (form.flat && member.shape->kind == Kind::Map) return WriteEntries(member.xml_name(), form, *member.shape, value, out);
  WriteElement(member.xml_name(), form, *member.shape, value, out);
}

void BeginDocument(std::string_view root, std::string_view xml_namespace, std::string& out) {
  out.append("<?xml version=\"1.0\"?><").append(root);
  if (!xml_namespace.empty()) AppendXmlAttribute("xmlns", xml_namespace, out);
}

// Of the character that `text` begins with; 0 when it begins with none.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return IsValidUtf8(text.substr(0, bytes)) ? bytes : 0;
}

void AppendAscii(char c, std::string& out) {
  switch (c) {
    case '&': out += "&amp;"; return;
    case '<': out += "&lt;"; return;
    case '>': out += "&gt;"; return;
    case '"': out += "&quot;"; return;
    case '\r': out += "&#xD;"; return;
    case '\n':
    case '\t': out += c; return;
    default: break;
  }
  if (c < 0x20) out += "\xEF\xBF\xBD";
  else out += c;
}

}  // namespace

void WriteXmlMembers(const Structure& structure, MemberChoice choice, const void* object, std::string& out) {
  for (const Member& member : structure.members) {
    if (member.xml->attribute || (choice == MemberChoice::BodyOnly && member.location != Location::Body)) continue;
    if (const void* value = Structure::Get(member, object)) WriteMember(member, value, out);
  }
}

void WriteXmlDocument(std::string_view root, std::string_view xml_namespace, const XmlForm& form, const Shape& shape, const void* value, std::string& out) {
  BeginDocument(root, form.prefix.empty() && !form.uri.empty() ? form.uri : xml_namespace, out);
  if (shape.kind == Kind::Structure) WriteAttributes(*shape.structure, value, out);
  out += '>';
  WriteContent(form, shape, value, out);
  Close(root, out);
}

void WriteXmlDocument(std::string_view root, std::string_view xml_namespace, const Structure& message, const void* object, std::string& out) {
  BeginDocument(root, xml_namespace, out);
  out += '>';
  WriteXmlMembers(message, MemberChoice::BodyOnly, object, out);
  Close(root, out);
}

void AppendXmlElement(std::string_view name, std::string_view text, std::string& out) {
  out.append(1, '<').append(name).append(1, '>');
  AppendXmlText(text, out);
  Close(name, out);
}

void AppendXmlAttribute(std::string_view name, std::string_view text, std::string& out) {
  out.append(1, ' ').append(name).append("=\"");
  AppendXmlText(text, out);
  out += '"';
}

void AppendXmlText(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    if (bytes == 0) {
      out += "\xEF\xBF\xBD";
    } else if (bytes == 1) {
      AppendAscii(text.front(), out);
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
}

}  // namespace mayfly::wire
