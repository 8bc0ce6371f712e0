// If this fails, an answer of a function crashes the poller, or messages that the function reported as failed are deleted.
#include <cstddef>
#include <cstdint>

#include "base/json.h"
#include "base/result.h"
#include "sources/batch_item_failures.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> identifiers{"a", "b", "c"};
  const sources::ItemFailures failures = sources::ReadBatchItemFailures(answer, identifiers);
  // What an item of the list names has failed, whatever else the answer holds.
  const auto document = json::Parse(answer);
  const json::Value* items = document ? document->Find("batchItemFailures") : nullptr;
  if (!items || !items->is_array()) return 0;
  for (const json::Value& item : items->array()) {
    for (size_t i = 0; i < identifiers.size(); ++i) {
      if (item.StringOr("itemIdentifier", "") == identifiers[i]) MF_ASSERT(failures.HasFailed(i));
    }
  }
  return 0;
}
