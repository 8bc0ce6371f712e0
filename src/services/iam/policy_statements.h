// What a simulation looks at in a policy document beyond what the policy engine tells: each statement by itself, where it stands, and the
// condition keys that are asked for. Pure functions over the text.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/iam/iam_rows.h"

namespace mayfly::iam {

struct StatementText {
  std::string document;  // a policy of this statement alone
  size_t begin = 0;      // where it stands in the text
  size_t end = 0;
};
// In their order. Empty: the text is no policy.
std::vector<StatementText> StatementsOf(std::string_view document);

struct TextPosition {
  int line = 1;
  int column = 0;
};
TextPosition PositionOf(std::string_view document, size_t offset);

// The names of condition keys, and of policy variables, that stand in the document.
void AddContextKeys(std::string_view document, std::set<std::string>& names);

}  // namespace mayfly::iam
