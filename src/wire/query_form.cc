#include "wire/query_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace mayfly::wire {
namespace {

std::optional<uint64_t> NumberOf(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

TextNode& ChildOf(TextNode& parent, std::string_view name) {
  // Parameters come in order: what is looked for is the last one, nearly always.
  if (!parent.children.empty() && parent.children.back().name == name) return parent.children.back();
  if (TextNode* found = parent.Find(name)) return *found;
  parent.children.emplace_back().name = name;
  return parent.children.back();
}

// Children whose names are numbers, in their order.
TextNodes Numbered(TextNode& node) {
  std::vector<std::pair<uint64_t, TextNode*>> found;
  for (TextNode& child : node.children) {
    if (const auto number = NumberOf(child.name)) found.emplace_back(*number, &child);
  }
  std::ranges::sort(found);  // of equal numbers ("1", "01") the one that came first: children stay where they are
  TextNodes nodes;
  nodes.reserve(found.size());
  for (const auto& [number, child] : found) nodes.push_back(child);
  return nodes;
}

// The node below which the numbers are.
TextNode& Around(TextNode& node, std::string_view part_name) {
  TextNode* inner = node.Find(part_name);
  return inner ? *inner : node;
}

}  // namespace

Error MalformedQuery(std::string message) { return Error::Service("MalformedQueryString", std::move(message)); }

Result<TextNode> BuildQueryTree(const std::vector<std::pair<std::string, std::string>>& parameters) {
  TextNode root;
  for (const auto& [name, value] : parameters) {
    const auto parts = Split(name, '.');
    if (parts.size() > kQueryDepthMax) return Fail(MalformedQuery("The name of a parameter has too many parts."));
    TextNode* node = &root;
    for (const std::string_view part : parts) node = &ChildOf(*node, part);
    node->text = value;
  }
  return root;
}

TextNodes QueryForm::Named(const Member& member, TextNode& parent) const {
  TextNode* found = parent.Find(member.xml_name());
  if (!found) found = parent.Find(member.name);
  return found ? TextNodes{found} : TextNodes();
}

TextNodes QueryForm::Items(const XmlForm& form, const TextNodes& nodes) const {
  TextNode& list = Around(*nodes.back(), form.item_name());
  TextNodes items = Numbered(list);
  // "Tags=" is how clients write an empty list.
  if (items.empty() && list.text && !list.text->empty()) items.push_back(&list);
  return items;
}

TextNodes QueryForm::Entries(const XmlForm& form, const TextNodes& nodes) const {
  TextNode& map = Around(*nodes.back(), "entry");
  TextNodes entries = Numbered(map);
  if (entries.empty() && map.Find(form.key_name())) entries.push_back(&map);
  return entries;
}

Error QueryForm::NotOneValue(std::string_view name) const {
  return MalformedQuery(fmt::format("The parameter {} has parts, but is one value.", name));
}

Error QueryForm::NoSuchValue(std::string_view name, std::string_view text) const {
  return Error::Service("InvalidParameterValue", fmt::format("Value {} for parameter {} is invalid.", text.substr(0, 100), name));
}

}  // namespace mayfly::wire
