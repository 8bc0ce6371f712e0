#include "wire/query_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/json_codec.h"
#include "wire/query.h"

namespace mayfly::wire {
namespace {

Result<> ReadNode(const Member& member, const Shape& shape, QueryNode& node, void* target, const Path& path, Violations& violations);

Result<> ReadScalar(const Shape& shape, QueryNode& node, void* target, const Path& path, Violations& violations) {
  if (!node.text) return Fail(Error::Service("MalformedQueryString", fmt::format("The parameter {} has parts, but is one value.", path.name)));
  if (shape.kind == Kind::String) {
    auto& text = *static_cast<std::string*>(target);
    text = std::move(*node.text);
    violations.CheckText(path, shape, text);
    return {};
  }
  const std::string text = *node.text;
  auto read = ReadText(shape, text, target, path, violations);
  if (read || shape.kind == Kind::Blob) return read;
  return Fail(Error::Service("InvalidParameterValue", fmt::format("Value {} for parameter {} is invalid.", text.substr(0, 100), path.name)));
}

Result<> ReadList(const Member& member, QueryNode& node, void* target, const Path& path, Violations& violations) {
  QueryNode* list = &node;
  if (QueryNode* inner = node.Find("member")) list = inner;
  std::vector<QueryNode*> items = list->Numbered();
  if (items.empty() && list->text) items.push_back(list);  // Name=value: a list of one
  const Shape& shape = *member.shape;
  violations.CheckSize(path, shape, items.size(), nullptr);
  for (size_t i = 0; i < items.size(); ++i) {
    const Path here{&path, {}, i + 1};
    MF_TRY_VOID(ReadNode(member, *shape.element, *items[i], shape.list->append(target), here, violations));
  }
  return {};
}

Result<> ReadMap(const Member& member, QueryNode& node, void* target, const Path& path, Violations& violations) {
  const std::string_view key_name = member.xml_key.empty() ? "key" : member.xml_key;
  const std::string_view value_name = member.xml_value.empty() ? "value" : member.xml_value;
  QueryNode* map = &node;
  if (QueryNode* inner = node.Find("entry")) map = inner;
  std::vector<QueryNode*> entries = map->Numbered();
  if (entries.empty() && map->Find(key_name)) entries.push_back(map);  // Name.Key=k&Name.Value=v: a map of one
  const Shape& shape = *member.shape;
  violations.CheckSize(path, shape, entries.size(), nullptr);
  for (size_t i = 0; i < entries.size(); ++i) {
    QueryNode* key = entries[i]->Find(key_name);
    QueryNode* value = entries[i]->Find(value_name);
    const bool has_key = key && key->text && !key->text->empty();
    if (!has_key || !value) {
      violations.Missing({&path, has_key ? value_name : key_name});
      continue;
    }
    // The last of equal keys counts, so it must be the only one that is read.
    const bool again = std::any_of(entries.begin() + static_cast<ptrdiff_t>(i) + 1, entries.end(), [&](QueryNode* later) {
      QueryNode* other = later->Find(key_name);
      return other && other->text == key->text;
    });
    if (again) continue;
    const Path here{&path, *key->text, 0, true};
    MF_TRY_VOID(ReadNode(member, *shape.element, *value, shape.map->append(target, *key->text), here, violations));
  }
  return {};
}

Result<> ReadNode(const Member& member, const Shape& shape, QueryNode& node, void* target, const Path& path, Violations& violations) {
  switch (shape.kind) {
    case Kind::List: return ReadList(member, node, target, path, violations);
    case Kind::Map: return ReadMap(member, node, target, path, violations);
    case Kind::Structure: return ReadQueryMembers(*shape.structure, node, target, &path, violations);
    default: return ReadScalar(shape, node, target, path, violations);
  }
}

}  // namespace

QueryNode* QueryNode::Find(std::string_view name) {
  const auto found = std::ranges::find(children, name, &QueryNode::name);
  return found == children.end() ? nullptr : &*found;
}

QueryNode& QueryNode::Child(std::string_view name) {
  // Parameters come in order: what is looked for is the last one, nearly always.
  if (!children.empty() && children.back().name == name) return children.back();
  if (QueryNode* found = Find(name)) return *found;
  children.emplace_back().name = name;
  return children.back();
}

std::vector<QueryNode*> QueryNode::Numbered() {
  std::vector<std::pair<uint64_t, QueryNode*>> found;
  for (QueryNode& child : children) {
    if (const auto number = ParseNumber<uint64_t>(child.name)) found.emplace_back(*number, &child);
  }
  std::ranges::stable_sort(found, {}, &std::pair<uint64_t, QueryNode*>::first);
  std::vector<QueryNode*> nodes;
  nodes.reserve(found.size());
  for (const auto& [number, node] : found) nodes.push_back(node);
  return nodes;
}

Result<QueryNode> BuildQueryTree(const std::vector<std::pair<std::string, std::string>>& parameters) {
  QueryNode root;
  for (const auto& [name, value] : parameters) {
    const auto parts = Split(name, '.');
    if (parts.size() > kQueryDepthMax) return Fail(Error::Service("MalformedQueryString", "The name of a parameter has too many parts."));
    QueryNode* node = &root;
    for (const std::string_view part : parts) node = &node->Child(part);
    node->text = value;
  }
  return root;
}

Result<> ReadQueryMembers(const Structure& structure, QueryNode& node, void* target, const Path* path, Violations& violations) {
  for (const Member& member : structure.members) {
    if (member.location != Location::Body) continue;
    const Path here{path, member.name};
    QueryNode* found = node.Find(member.query_name());
    if (!found) found = node.Find(member.name);
    if (!found) {
      if (member.required) violations.Missing(here);
      continue;
    }
    MF_TRY_VOID(ReadNode(member, *member.shape, *found, member.field->emplace(static_cast<char*>(target) + member.offset), here, violations));
  }
  return {};
}

}  // namespace mayfly::wire
