#include "sources/queue_batch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "invoke/lineage.h"

namespace mayfly::sources {

void FailRestOfGroups(const std::vector<ReceivedMessage>& messages, ItemFailures& failures) {
  if (failures.outcome != ItemsOutcome::SomeFailed) return;
  std::set<std::string_view> failed;
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string_view group = messages[i].message->group_id;
    if (failed.contains(group)) failures.failed[i] = true;
    if (failures.failed[i]) failed.insert(group);
  }
}

QueueBatch::QueueBatch(QueueBatch&& other) noexcept
    : writer_(other.writer_), budget_(other.budget_), messages_(std::exchange(other.messages_, {})), event_(std::exchange(other.event_, {})),
      bytes_(std::exchange(other.bytes_, 0)), began_(other.began_), hidden_until_(std::exchange(other.hidden_until_, TimePoint::max())) {}

bool QueueBatch::Add(const ReceivedMessage& received, TimePoint hidden_until, TimePoint now) {
  if (!event_.Add(*writer_, received)) return false;
  if (messages_.empty()) began_ = now;
  messages_.push_back(received);
  budget_->Take(event_.bytes() - bytes_);
  bytes_ = event_.bytes();
  hidden_until_ = std::min(hidden_until_, hidden_until);
  return true;
}

std::string_view QueueBatch::TraceHeader(std::string_view function_arn) const {
  if (messages_.size() == 1) return messages_.front().message->trace_header;
  std::string_view longest;
  int hops = 0;
  for (const ReceivedMessage& received : messages_) {
    const std::string& header = received.message->trace_header;
    if (!header.contains("Lineage=")) continue;
    const int earlier = invoke::AddHop(header, function_arn).earlier;
    if (longest.empty() || earlier > hops) longest = header, hops = earlier;
  }
  return longest;
}

std::string QueueBatch::TakeEvent() {
  if (event_.empty()) {
    for (const ReceivedMessage& received : messages_) MF_ASSERT(event_.Add(*writer_, received));
  }
  return event_.Take();
}

}  // namespace mayfly::sources
