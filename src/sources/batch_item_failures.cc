#include "sources/batch_item_failures.h"

#include <unordered_map>

#include "base/json.h"

namespace mayfly::sources {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

bool IsEmpty(const json::Value& value) {
  return value.is_null() || (value.is_string() && value.string().empty()) || (value.is_array() && value.array().empty());
}

ItemFailures All(ItemsOutcome outcome) { return {outcome, {}}; }

}  // namespace

ItemFailures ReadBatchItemFailures(std::string_view answer, const std::vector<std::string_view>& identifiers) {
  if (answer.find_first_not_of(kWhiteSpace) == std::string_view::npos) return All(ItemsOutcome::AllSucceeded);
  const auto document = json::Parse(answer);
  if (!document) return All(ItemsOutcome::AllFailed);
  if (IsEmpty(*document)) return All(ItemsOutcome::AllSucceeded);
  if (!document->is_object()) return All(ItemsOutcome::AllFailed);
  const json::Value* items = document->Find("batchItemFailures");
  if (!items || IsEmpty(*items)) return All(ItemsOutcome::AllSucceeded);
  if (!items->is_array()) return All(ItemsOutcome::AllFailed);

  std::unordered_map<std::string_view, size_t> positions;
  for (size_t i = 0; i < identifiers.size(); ++i) positions.emplace(identifiers[i], i);
  ItemFailures failures{ItemsOutcome::SomeFailed, std::vector<bool>(identifiers.size())};
  for (const json::Value& item : items->array()) {
    const auto found = positions.find(item.StringOr("itemIdentifier", ""));
    if (found == positions.end()) return All(ItemsOutcome::AllFailed);
    failures.failed[found->second] = true;
  }
  return failures;
}

}  // namespace mayfly::sources
