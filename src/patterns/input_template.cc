#include "patterns/input_template.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::patterns {
namespace {

bool IsOfPlaceholder(char c) { return IsAlphanumeric(c) || std::string_view("_-.$[]*/'").contains(c); }

// The placeholder that begins at `text`, without its brackets; "" where none does.
std::string_view PlaceholderAt(std::string_view text) {
  if (!text.starts_with('<')) return {};
  const size_t end = text.find('>');
  const std::string_view name = end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
  return std::ranges::all_of(name, IsOfPlaceholder) ? name : std::string_view();
}

std::string WithoutQuotes(std::string text) {
  std::erase(text, '"');
  return text;
}

std::string TextOf(const std::optional<json::Value>& value) {
  if (!value) return {};
  if (value->is_string()) return value->string();
  return value->is_object() || value->is_array() ? WithoutQuotes(json::Write(*value)) : json::Write(*value);
}

std::string JsonOf(const std::optional<json::Value>& value) { return value ? json::Write(*value) : "\"\""; }

bool IsQuoted(std::string_view line) { return line.size() >= 2 && line.starts_with('"') && line.ends_with('"'); }

constexpr std::string_view kBlanks = " \t\r\n";

// With its values, and all its quotes.
std::string WithValues(std::string_view text, const PlaceholderValue& value_of) {
  const std::string_view begin = Trim(text, kBlanks);
  const bool is_json = begin.starts_with('{') || begin.starts_with('[') || begin.starts_with('"') || begin == '<' + std::string(PlaceholderAt(begin)) + '>';
  std::string out;
  bool in_string = false;
  for (size_t at = 0; at < text.size();) {
    if (const std::string_view name = PlaceholderAt(text.substr(at)); !name.empty()) {
      const std::optional<json::Value> value = value_of(name);
      out += in_string || !is_json ? TextOf(value) : JsonOf(value);
      at += name.size() + 2;
      continue;
    }
    const bool is_escape = in_string && text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
    if (is_escape) out += text[at++];
    else if (text[at] == '"') in_string = !in_string;
    out += text[at++];
  }
  return out;
}

// Several lines that are each in quotes lose them.
std::string Unquoted(std::string text) {
  const std::vector<std::string_view> lines = Split(text, '\n');
  if (lines.size() < 2 || !std::ranges::all_of(lines, [](std::string_view line) { return IsQuoted(Trim(line)); })) return text;
  std::string out;
  for (const std::string_view line : lines) {
    const std::string_view quoted = Trim(line);
    if (!out.empty()) out += '\n';
    out += quoted.substr(1, quoted.size() - 2);
  }
  return out;
}

}  // namespace

std::string FillTemplate(std::string_view text, const PlaceholderValue& value_of) { return Unquoted(WithValues(text, value_of)); }

bool IsWellFormedTemplate(std::string_view text) {
  const std::string filled = WithValues(text, [](std::string_view) { return std::optional<json::Value>("x"); });
  if (json::IsValidJson(filled)) return true;
  return std::ranges::all_of(Split(filled, '\n'), [](std::string_view line) {
    const std::string_view quoted = Trim(line, kBlanks);
    return quoted.empty() || (IsQuoted(quoted) && json::IsValidJson(quoted));
  });
}

std::vector<std::string> PlaceholdersOf(std::string_view text) {
  std::vector<std::string> names;
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    if (const std::string_view name = PlaceholderAt(text.substr(at)); !name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace mayfly::patterns
