#include "wire/text_tree.h"

#include <algorithm>
#include <unordered_map>

#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

class TreeReader {
 public:
  TreeReader(const TextForm& form, Violations& violations) : form_(form), violations_(violations) {}

  Result<> ReadMembers(const Structure& structure, MemberChoice choice, TextNode& node, void* target, const Path* path) {
    for (const Member& member : structure.members) {
      if (choice == MemberChoice::BodyOnly && member.location != Location::Body) continue;
      const Path here{path, member.name};
      const TextNodes nodes = form_.Named(member, node);
      if (!nodes.empty()) {
        MF_TRY_VOID(Read(*member.xml, *member.shape, nodes, Structure::Emplace(member, target), here));
      } else if (member.required) {
        violations_.Missing(here);
      }
    }
    return {};
  }

  // `nodes` is not empty. Of several for what is one value the last one counts.
  Result<> Read(const XmlForm& form, const Shape& shape, const TextNodes& nodes, void* target, const Path& path) {
    switch (shape.kind) {
      case Kind::List: return ReadList(form, shape, nodes, target, path);
      case Kind::Map: return ReadMap(form, shape, nodes, target, path);
      case Kind::Structure: return ReadMembers(*shape.structure, MemberChoice::All, *nodes.back(), target, &path);
      default: return ReadScalar(shape, *nodes.back(), target, path);
    }
  }

 private:
  Result<> ReadScalar(const Shape& shape, TextNode& node, void* target, const Path& path) {
    if (!node.text) return Fail(form_.NotOneValue(path.name));
    if (shape.kind == Kind::String) {
      auto& text = *static_cast<std::string*>(target);
      text = std::move(*node.text);
      violations_.CheckText(path, shape, text);
      return {};
    }
    auto read = ReadText(shape, *node.text, target, path, violations_);
    if (read || shape.kind == Kind::Blob) return read;
    return Fail(form_.NoSuchValue(path.name, *node.text));
  }

  Result<> ReadList(const XmlForm& form, const Shape& shape, const TextNodes& nodes, void* target, const Path& path) {
    const TextNodes items = form_.Items(form, nodes);
    violations_.CheckSize(path, shape, items.size(), nullptr);
    for (size_t i = 0; i < items.size(); ++i) {
      MF_TRY_VOID(Read(kPlainXml, *shape.element, {items[i]}, shape.list->append(target), {&path, {}, i + 1}));
    }
    return {};
  }

  Result<> ReadMap(const XmlForm& form, const Shape& shape, const TextNodes& nodes, void* target, const Path& path) {
    const TextNodes entries = form_.Entries(form, nodes);
    violations_.CheckSize(path, shape, entries.size(), nullptr);
    std::unordered_map<std::string_view, size_t> last;  // the last of equal keys counts, so it must be the only one that is read
    for (size_t i = 0; i < entries.size(); ++i) {
      if (const TextNode* key = entries[i]->Find(form.key_name()); key && key->text) last[*key->text] = i;
    }
    for (size_t i = 0; i < entries.size(); ++i) {
      TextNode* key = entries[i]->Find(form.key_name());
      TextNode* value = entries[i]->Find(form.value_name());
      const bool has_key = key && key->text && !key->text->empty();
      if (!has_key || !value) {
        violations_.Missing({&path, has_key ? form.value_name() : form.key_name()});
        continue;
      }
      if (last[*key->text] != i) continue;
      violations_.CheckText(path, *shape.key, *key->text);
      MF_TRY_VOID(Read(kPlainXml, *shape.element, {value}, shape.map->append(target, *key->text), {&path, *key->text, 0, true}));
    }
    return {};
  }

  const TextForm& form_;
  Violations& violations_;
};

}  // namespace

TextNode* TextNode::Find(std::string_view name) {
  const auto found = std::ranges::find(children, name, &TextNode::name);
  return found == children.end() ? nullptr : &*found;
}

std::vector<TextNode*> TextNode::FindAll(std::string_view name) {
  TextNodes found;
  for (TextNode& child : children) {
    if (child.name == name) found.push_back(&child);
  }
  return found;
}

Result<> ReadTextMembers(const TextForm& form, const Structure& structure, MemberChoice choice, TextNode& node, void* target, const Path* path,
                         Violations& violations) {
  return TreeReader(form, violations).ReadMembers(structure, choice, node, target, path);
}

Result<> ReadTextValue(const TextForm& form, const XmlForm& xml, const Shape& shape, TextNode& node, void* target, const Path& path,
                       Violations& violations) {
  return TreeReader(form, violations).Read(xml, shape, {&node}, target, path);
}

}  // namespace mayfly::wire
