// XML of generated structs, by descriptors: what answers of rest-xml and of the query protocol hold.
//
// Lists and maps are wrapped or flat, and structures have attributes and namespaces, as their members' XmlForm says. Absent members are
// left out, blobs are base64, times ISO 8601 unless their shape says otherwise. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "wire/descriptor.h"

namespace mayfly::wire {

// The elements of the members that are in the body; their attributes are not: those stand in a start tag.
void WriteXmlMembers(const Structure& structure, MemberChoice choice, const void* object, std::string& out);
// <root xmlns="xml_namespace">…</root> of a value; `form` is that of its member. Without a namespace there is none.
void WriteXmlDocument(std::string_view root, std::string_view xml_namespace, const XmlForm& form, const Shape& shape, const void* value, std::string& out);
// The same of a message, of which the document holds what is in the body.
void WriteXmlDocument(std::string_view root, std::string_view xml_namespace, const Structure& message, const void* object, std::string& out);

// Escaped, also what a parser would take for white space of its own. What XML cannot hold becomes U+FFFD.
void AppendXmlText(std::string_view text, std::string& out);
// <name>text</name>
void AppendXmlElement(std::string_view name, std::string_view text, std::string& out);
// ` name="text"`
void AppendXmlAttribute(std::string_view name, std::string_view text, std::string& out);

}  // namespace mayfly::wire
