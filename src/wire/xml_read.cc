#include "wire/xml_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "base/encoding.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

// White space that is all of an element's text is its text; between elements it is dropped below.
constexpr unsigned kParsing = pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype;

Error Malformed(std::string_view what) { return SerializationError(fmt::format("The request body is not valid XML: {}", what)); }

// Elements and attributes, nearly: an element has two of these, an attribute one.
size_t EstimateNodes(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return c == '<' || c == '='; }));
}

// Names in XML Schema's own namespace keep their prefix ("xsi:type"): there it tells them apart from names of the service.
std::string_view LocalName(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos || name.starts_with("xsi:") ? name : name.substr(colon + 1);
}

void TakeAttributes(pugi::xml_node element, TextNode& node) {
  for (const pugi::xml_attribute& attribute : element.attributes()) {
    const std::string_view name = attribute.name();
    if (name.starts_with("xmlns")) continue;
    node.children.push_back({.name = std::string(LocalName(name)), .text = attribute.value(), .children = {}});
  }
}

Result<> Take(pugi::xml_node element, TextNode& node, size_t depth) {
  if (depth > kXmlDepthMax) return Fail(Malformed("it has too many levels"));
  node.name = LocalName(element.name());
  std::string text;
  bool has_elements = false;
  for (const pugi::xml_node& child : element.children()) {
    if (child.type() == pugi::node_element) {
      has_elements = true;
      MF_TRY_VOID(Take(child, node.children.emplace_back(), depth + 1));
    } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      text += child.value();
    }
  }
  TakeAttributes(element, node);
  if (!has_elements) node.text = std::move(text);
  return {};
}

}  // namespace

Result<TextNode> ParseXml(std::string text) {
  if (text.find('\0') != std::string::npos || !IsValidUtf8(text)) return Fail(Malformed("it is not text in UTF-8"));
  if (EstimateNodes(text) > 2 * kXmlNodesMax) return Fail(Malformed("it has too many elements"));
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer_inplace(text.data(), text.size(), kParsing, pugi::encoding_utf8);
  if (!parsed) return Fail(Malformed(parsed.description()));
  size_t roots = 0;
  for (const pugi::xml_node& child : document.children()) {
    if (child.type() == pugi::node_doctype) return Fail(Malformed("it has a document type"));
    if (child.type() == pugi::node_element) ++roots;
  }
  if (roots != 1) return Fail(Malformed("it has no single root"));
  TextNode node;
  MF_TRY_VOID(Take(document.document_element(), node, 1));
  return node;
}

TextNodes XmlTextForm::Items(const XmlForm& form, const TextNodes& nodes) const {
  return form.flat ? nodes : nodes.back()->FindAll(form.item_name());
}

TextNodes XmlTextForm::Entries(const XmlForm& form, const TextNodes& nodes) const { return form.flat ? nodes : nodes.back()->FindAll("entry"); }

Error XmlTextForm::NotOneValue(std::string_view name) const {
  return SerializationError(fmt::format("The element {} has parts, but is one value.", name));
}

Error XmlTextForm::NoSuchValue(std::string_view name, std::string_view text) const {
  return SerializationError(fmt::format("Value {} for element {} is invalid.", text.substr(0, 100), name));
}

}  // namespace mayfly::wire
