#include "services/iam/policy_statements.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::iam {
namespace {

// Walks JSON text that is known to be well-formed, one value at a time.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  char Peek() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  // Whether the next character is `c`, which is passed then.
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  // Passes a value, or a member's name; gives its text.
  std::string_view Pass() {
    Peek();
    const size_t begin = at_;
    int depth = 0;
    bool in_string = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (in_string) {
        if (c == '\\') ++at_;
        else if (c == '"') in_string = false;
        if (!in_string && depth == 0 && c == '"') return ++at_, text_.substr(begin, at_ - begin);
        continue;
      }
      if (c == '"') in_string = true;
      else if (c == '{' || c == '[') ++depth;
      else if ((c == '}' || c == ']') && depth > 0 && --depth == 0) return ++at_, text_.substr(begin, at_ - begin);
      else if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

void AddVariables(std::string_view text, std::set<std::string>& names) {
  for (size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    const size_t end = text.find('}', at);
    if (end == std::string_view::npos) return;
    std::string_view name = text.substr(at + 2, end - at - 2);
    name = Trim(name.substr(0, name.find(',')));
    if (name.find(':') != std::string_view::npos) names.emplace(name);
  }
}

void AddVariablesOf(const json::Value& value, std::set<std::string>& names) {
  if (value.is_string()) AddVariables(value.string(), names);
  if (value.is_array()) {
    for (const json::Value& item : value.array()) AddVariablesOf(item, names);
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.object()) AddVariablesOf(member, names);
  }
}

void AddKeysOfStatement(const json::Value& statement, std::set<std::string>& names) {
  AddVariablesOf(statement, names);
  const json::Value* conditions = statement.Find("Condition");
  if (!conditions || !conditions->is_object()) return;
  for (const auto& [name, keys] : conditions->object()) {
    if (!keys.is_object()) continue;
    for (const auto& [key, values] : keys.object()) names.insert(key);
  }
}

}  // namespace

std::vector<StatementText> StatementsOf(std::string_view document) {
  if (!json::IsValidJson(document)) return {};
  std::vector<StatementText> statements;
  std::string_view version = "\"2008-10-17\"";
  Walker walker(document);
  if (!walker.Take('{')) return {};
  while (walker.Peek() == '"') {
    const std::string_view name = walker.Pass();
    walker.Take(':');
    if (name == "\"Statement\"" && walker.Take('[')) {
      while (walker.Peek() == '{') {
        const std::string_view text = walker.Pass();
        statements.push_back({std::string(text), walker.at() - text.size(), walker.at()});
        walker.Take(',');
      }
      walker.Take(']');
    } else {
      const std::string_view text = walker.Pass();
      if (name == "\"Version\"") version = text;
      if (name == "\"Statement\"") statements.push_back({std::string(text), walker.at() - text.size(), walker.at()});
    }
    walker.Take(',');
  }
  for (StatementText& statement : statements) {
    std::string whole = R"({"Version":)";
    whole += version;
    whole += R"(,"Statement":[)";
    whole += statement.document;
    whole += "]}";
    statement.document = std::move(whole);
  }
  return statements;
}

TextPosition PositionOf(std::string_view document, size_t offset) {
  const std::string_view before = document.substr(0, offset);
  const size_t line_start = before.rfind('\n');
  return {.line = static_cast<int>(std::ranges::count(before, '\n')) + 1,
          .column = static_cast<int>(line_start == std::string_view::npos ? offset : offset - line_start - 1)};
}

void AddContextKeys(std::string_view document, std::set<std::string>& names) {
  const auto value = json::Parse(document);
  const json::Value* statements = value ? value->Find("Statement") : nullptr;
  if (!statements) return;
  if (!statements->is_array()) return AddKeysOfStatement(*statements, names);
  for (const json::Value& statement : statements->array()) AddKeysOfStatement(statement, names);
}

}  // namespace mayfly::iam
