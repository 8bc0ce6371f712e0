#include "services/secretsmanager/secret_filters.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace mayfly::secretsmanager {
namespace {

enum class Letters : unsigned char { Exact, Any };

std::string Folded(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool Begins(std::string_view text, std::string_view value, Letters letters) {
  return letters == Letters::Exact ? text.starts_with(value) : Folded(text).starts_with(Folded(value));
}

std::vector<std::string> TextsOf(const SecretRow& secret, std::string_view key) {
  std::vector<std::string> texts;
  if (key == "name") texts.push_back(secret.name.name);
  else if (key == "description") texts.push_back(secret.description);
  else if (key == "primary-region") texts.push_back(secret.name.region);
  for (const auto& [name, value] : secret.tags) {
    if (key == "tag-key") texts.push_back(name);
    else if (key == "tag-value") texts.push_back(value);
  }
  return texts;
}

// "all": each word of the value is in some text of the secret.
bool HoldsEverywhere(const SecretRow& secret, std::string_view value) {
  std::string all = Folded(secret.name.name + ' ' + secret.description + ' ' + secret.name.region);
  for (const auto& [name, tag] : secret.tags) all += ' ' + Folded(name) + ' ' + Folded(tag);
  const std::string folded = Folded(value);
  return std::ranges::all_of(Split(folded, ' '), [&](std::string_view word) { return all.contains(word); });
}

bool Holds(const SecretRow& secret, std::string_view key, std::string_view value) {
  if (key == "all") return HoldsEverywhere(secret, value);
  const Letters letters = key == "description" ? Letters::Any : Letters::Exact;
  return std::ranges::any_of(TextsOf(secret, key), [&](const std::string& text) { return Begins(text, value, letters); });
}

bool MatchesOne(const SecretRow& secret, const Filter& filter) {
  const std::string key = filter.key.value_or("all");
  const auto holds = [&](const std::string& value) { return value.starts_with('!') ? !Holds(secret, key, std::string_view(value).substr(1)) : Holds(secret, key, value); };
  const std::vector<std::string> values = filter.values.value_or(std::vector<std::string>());
  return std::ranges::any_of(values, holds);
}

}  // namespace

bool Matches(const SecretRow& secret, const std::vector<Filter>& filters) {
  return std::ranges::all_of(filters, [&](const Filter& filter) { return MatchesOne(secret, filter); });
}

}  // namespace mayfly::secretsmanager
