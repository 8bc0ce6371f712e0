#include "services/sqs/batch.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/error_response.h"

namespace mayfly::sqs {
namespace {

bool IsBatchId(std::string_view id) {
  return !id.empty() && id.size() <= 80 && std::ranges::all_of(id, [](char c) {
           return IsAlphanumeric(c) || c == '-' || c == '_';
         });
}

}  // namespace

Result<> CheckBatchIds(const std::vector<std::string_view>& ids, std::string_view entry_name) {
  if (ids.empty()) return Fail(Error::Service("EmptyBatchRequest", fmt::format("There should be at least one {} in the request.", entry_name)));
  if (ids.size() > kBatchMax) {
    return Fail(Error::Service("TooManyEntriesInBatchRequest",
                               fmt::format("Maximum number of entries per request are {}. You have sent {}.", kBatchMax, ids.size())));
  }
  std::set<std::string_view> seen;
  for (const std::string_view id : ids) {
    if (!IsBatchId(id)) {
      return Fail(Error::Service("InvalidBatchEntryId",
                                 "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."));
    }
    if (!seen.insert(id).second) return Fail(Error::Service("BatchEntryIdsNotDistinct", fmt::format("Id {} repeated.", id)));
  }
  return {};
}

BatchResultErrorEntry FailedEntry(std::string id, const Error& error) {
  const wire::ErrorAnswer answer = wire::DescribeError(kService, error);
  std::string message;
  if (error.kind == Error::Kind::Service) message = error.message;
  return {.id = std::move(id), .sender_fault = answer.status < 500, .code = wire::QueryCodeOf(kService, answer), .message = IfAny(std::move(message))};
}

std::optional<std::string> IfAny(std::string text) { return text.empty() ? std::nullopt : std::optional(std::move(text)); }

}  // namespace mayfly::sqs
