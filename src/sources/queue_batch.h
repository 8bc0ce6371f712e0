// QueueBatch: messages on their way to one invocation, with the event that tells the function of them.
#pragma once

#include <vector>

#include "sources/batch_item_failures.h"
#include "sources/poller_parts.h"
#include "sources/queue_event.h"

namespace mayfly::sources {

// Of a FIFO queue's batch: what follows a message that has failed, in its group, has failed too.
void FailRestOfGroups(const std::vector<ReceivedMessage>& messages, ItemFailures& failures);

class QueueBatch {
 public:
  QueueBatch(const QueueRecordWriter& writer, ByteBudget& budget) : writer_(&writer), budget_(&budget) {}
  ~QueueBatch() { budget_->GiveBack(bytes_); }
  QueueBatch(QueueBatch&& other) noexcept;
  QueueBatch& operator=(QueueBatch&&) = delete;

  // false: the event would be too large; nothing has changed. An empty batch takes any message.
  bool Add(const ReceivedMessage& received, TimePoint hidden_until, TimePoint now);
  size_t size() const { return messages_.size(); }
  bool empty() const { return messages_.empty(); }
  // Approximately, of the event.
  size_t bytes() const { return bytes_; }
  // When its first message was added.
  TimePoint began() const { return began_; }
  // When the first of its messages becomes visible again.
  TimePoint hidden_until() const { return hidden_until_; }
  const std::vector<ReceivedMessage>& messages() const { return messages_; }
  // For the invocation: that of its only message. Several senders make no common trace, but one that carries a lineage
  // (invoke/lineage.h) goes on, first of all the one that has been through `function_arn` most often.
  std::string_view TraceHeader(std::string_view function_arn) const;

  // The event, for each attempt anew.
  std::string TakeEvent();
  // Of the messages for which `wanted` (their index) is true. They are moved out of the batch.
  template <typename Predicate>
  std::vector<std::string> TakeHandles(Predicate wanted) {
    std::vector<std::string> handles;
    handles.reserve(messages_.size());
    for (size_t i = 0; i < messages_.size(); ++i) {
      if (wanted(i)) handles.push_back(std::move(messages_[i].receipt_handle));
    }
    return handles;
  }

 private:
  const QueueRecordWriter* writer_;
  ByteBudget* budget_;
  std::vector<ReceivedMessage> messages_;
  QueueEvent event_;
  size_t bytes_ = 0;
  TimePoint began_{};
  TimePoint hidden_until_ = TimePoint::max();
};

}  // namespace mayfly::sources
