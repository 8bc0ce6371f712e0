#include "services/sqs/fifo.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "services/sqs/errors.h"

namespace mayfly::sqs {

bool IsFifoName(std::string_view queue_name) { return queue_name.ends_with(".fifo"); }

Result<> CheckFifoText(std::string_view text, std::string_view parameter) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!text.empty() && text.size() <= 128 && printable) return {};
  return Fail(InvalidValue(text, parameter,
                           fmt::format("{} can only include alphanumeric and punctuation characters. 1 to 128 in length.", parameter)));
}

Result<> CheckGroupId(const Queue& queue, const std::optional<std::string>& group_id) {
  if (group_id) return CheckFifoText(*group_id, "MessageGroupId");
  if (!queue.fifo) return {};
  return Fail(Error::Service("MissingParameter", "The request must contain the parameter MessageGroupId."));
}

Result<std::string> DeduplicationIdOf(const Queue& queue, const std::optional<std::string>& given, std::string_view body) {
  if (given && !queue.fifo) return Fail(InvalidValue(*given, "MessageDeduplicationId", kOfOtherQueueType));
  if (!queue.fifo) return std::string();
  if (given) {
    MF_TRY_VOID(CheckFifoText(*given, "MessageDeduplicationId"));
    return *given;
  }
  if (queue.content_based_deduplication) return Sha256Hex(body);
  return Fail(InvalidParameterValue(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"));
}

store::GroupedItem PlaceOf(const Queue& queue, const sources::QueueMessage& message, WallTime now) {
  store::GroupedItem place{.group = message.group_id, .once_key = {}, .once_until = now + kDeduplicationTime, .once_note = message.message_id};
  const std::string_view group = queue.deduplicates_per_group ? std::string_view(message.group_id) : std::string_view();
  // No group has a line break in it. The queue's id, so that its successor of the same name is another one; not its generation:
  // a purge does not forget.
  place.once_key = fmt::format("{}/{}/{}\n{}", queue.name.Key(), queue.id, group, message.deduplication_id);
  return place;
}

std::string SequenceNumberOf(int64_t item) { return fmt::format("188{:017}", item); }

}  // namespace mayfly::sqs
