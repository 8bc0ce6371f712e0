// ReadBatchItemFailures: what a function that reports batch item failures says of its batch:
// {"batchItemFailures":[{"itemIdentifier":"…"}]}.
//
// Everything succeeded: nothing, null, "", {}, [], an object without the member, and a member that is null or empty. Everything
// failed: no JSON, another kind of value, an item without an identifier, with an empty one, or with one that is not in the batch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::sources {

enum class ItemsOutcome : unsigned char { AllSucceeded, AllFailed, SomeFailed };

struct ItemFailures {
  ItemsOutcome outcome = ItemsOutcome::AllSucceeded;
  std::vector<bool> failed;  // per identifier; only with SomeFailed

  bool HasFailed(size_t index) const {
    return outcome == ItemsOutcome::AllFailed || (outcome == ItemsOutcome::SomeFailed && failed[index]);
  }
};

// `identifiers`: of the batch's records, in their order. Time: that of the answer and the identifiers, whatever the answer holds.
ItemFailures ReadBatchItemFailures(std::string_view answer, const std::vector<std::string_view>& identifiers);

}  // namespace mayfly::sources
