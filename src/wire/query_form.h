// The parameters of a query request as a tree, by the parts of their names. Private to the query protocol. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/text_tree.h"

namespace mayfly::wire {

inline constexpr size_t kQueryDepthMax = 16;

// Error: MalformedQueryString for a name with more than kQueryDepthMax parts.
Result<TextNode> BuildQueryTree(const std::vector<std::pair<std::string, std::string>>& parameters);

// Lists and maps are numbered from 1 (gaps do not matter). Both of their forms are read, whichever the model says: flat (Name.1) and
// with the parts' name between (Name.member.1). Name=value is a list of one, Name.Key=k&Name.Value=v a map of one.
class QueryForm : public TextForm {
 public:
  TextNodes Named(const Member& member, TextNode& parent) const override;
  TextNodes Items(const XmlForm& form, const TextNodes& nodes) const override;
  TextNodes Entries(const XmlForm& form, const TextNodes& nodes) const override;
  Error NotOneValue(std::string_view name) const override;                           // MalformedQueryString
  Error NoSuchValue(std::string_view name, std::string_view text) const override;  // InvalidParameterValue
};

// MalformedQueryString with this text.
Error MalformedQuery(std::string message);

}  // namespace mayfly::wire
