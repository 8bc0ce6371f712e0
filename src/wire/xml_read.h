// XML of requests, by descriptors: elements and attributes become a TextTree, which becomes structs.
//
// Names are compared without their prefixes: a namespace is not looked at, since clients of AWS disagree about theirs. Comments,
// processing instructions and white space between elements are nothing. There are no entities but XML's own five and numbers; a
// document with a document type is refused, and so are more than kXmlNodesMax elements and attributes or more than kXmlDepthMax levels.
// Pure functions, any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "wire/text_tree.h"

namespace mayfly::wire {

inline constexpr size_t kXmlNodesMax = 100'000;
inline constexpr size_t kXmlDepthMax = 128;

// The document's root. `text` is used up. Error: SerializationException.
Result<TextNode> ParseXml(std::string text);

// Lists and maps as their members' XmlForm says.
class XmlTextForm final : public TextForm {
 public:
  TextNodes Named(const Member& member, TextNode& parent) const override { return parent.FindAll(member.xml_name()); }
  TextNodes Items(const XmlForm& form, const TextNodes& nodes) const override;
  TextNodes Entries(const XmlForm& form, const TextNodes& nodes) const override;
  Error NotOneValue(std::string_view name) const override;
  Error NoSuchValue(std::string_view name, std::string_view text) const override;
};

}  // namespace mayfly::wire
