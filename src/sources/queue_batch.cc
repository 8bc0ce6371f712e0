#include "sources/queue_batch.h"

#include <algorithm>
#include <utility>

namespace mayfly::sources {

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

std::string QueueBatch::TakeEvent() {
  if (event_.empty()) {
    for (const ReceivedMessage& received : messages_) MF_ASSERT(event_.Add(*writer_, received));
  }
  return event_.Take();
}

}  // namespace mayfly::sources
