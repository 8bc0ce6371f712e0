// What the operations on batches share: their rules, and the outcome of each entry.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/sqs.h"

namespace mayfly::sqs {

inline constexpr size_t kBatchMax = 10;

// The ids of a batch's entries; `entry_name` is what AWS calls such an entry. Errors: EmptyBatchRequest,
// TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct.
Result<> CheckBatchIds(const std::vector<std::string_view>& ids, std::string_view entry_name);

template <typename Entry>
Result<> CheckBatch(const std::vector<Entry>& entries, std::string_view entry_name) {
  std::vector<std::string_view> ids;
  for (const Entry& entry : entries) ids.push_back(entry.id);
  return CheckBatchIds(ids, entry_name);
}

BatchResultErrorEntry FailedEntry(std::string id, const Error& error);

// Lists of answers are absent while they are empty.
template <typename Entry>
void AddTo(std::optional<std::vector<Entry>>& list, Entry entry) {
  if (!list) list.emplace();
  list->push_back(std::move(entry));
}
std::optional<std::string> IfAny(std::string text);

}  // namespace mayfly::sqs
