// TextTree: what the parameters of a query and an XML document have in common (names with texts and parts), and its way into
// generated structs.
//
// Values that break the model's limits are collected as Violations; required members that are missing are violations as well.
// Pure functions. Private to wire. Depth is bounded by whoever made the tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/descriptor.h"
#include "wire/violations.h"

namespace mayfly::wire {

// A parameter's part or an element; attributes are children like others.
struct TextNode {
  std::string name;
  std::optional<std::string> text;
  std::vector<TextNode> children;

  TextNode* Find(std::string_view name);
  std::vector<TextNode*> FindAll(std::string_view name);
};
using TextNodes = std::vector<TextNode*>;

// Where the two differ.
class TextForm {
 public:
  virtual ~TextForm() = default;
  // What `parent` holds of a member: nothing when it is absent.
  virtual TextNodes Named(const Member& member, TextNode& parent) const = 0;
  // The elements of a list, the entries of a map, in their order; `nodes` are what Named gave.
  virtual TextNodes Items(const XmlForm& form, const TextNodes& nodes) const = 0;
  virtual TextNodes Entries(const XmlForm& form, const TextNodes& nodes) const = 0;
  // Errors: `name` has parts but is one value; `text` is no value of its type.
  virtual Error NotOneValue(std::string_view name) const = 0;
  virtual Error NoSuchValue(std::string_view name, std::string_view text) const = 0;
};

// Reads the members of `structure` that are in a body, or with All every one of them. Moves texts out of the tree.
// Errors: those of `form`; SerializationException for what is no base64.
Result<> ReadTextMembers(const TextForm& form, const Structure& structure, MemberChoice choice, TextNode& node, void* target, const Path* path,
                         Violations& violations);

// Reads one value of any shape: `node` is its element.
Result<> ReadTextValue(const TextForm& form, const XmlForm& xml, const Shape& shape, TextNode& node, void* target, const Path& path,
                       Violations& violations);

}  // namespace mayfly::wire
