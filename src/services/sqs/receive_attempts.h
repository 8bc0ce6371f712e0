// ReceiveAttempts: what receives of FIFO queues that named themselves (ReceiveRequestAttemptId) were answered, so that a receiver
// whose answer was lost on the way asks again and gets the same messages.
//
// In memory: a restart forgets them, and the messages come back when their time is over. One per daemon, on the queues' strand.
// Bounds: kAttemptsMax and kAttemptBytesMax, the oldest go first; each is forgotten after five minutes, and as soon as one of
// its messages is deleted or has its visibility changed.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "base/clock.h"
#include "services/sqs/message.h"
#include "services/sqs/receipt_handle.h"

namespace mayfly::sqs {

struct IncomingMessage {
  StoredMessage stored;
  Receipt receipt;
  int64_t receive_count = 1;
  int64_t first_received_millis = 0;
};

inline constexpr size_t kAttemptsMax = 1'000;
inline constexpr size_t kAttemptBytesMax = 32u << 20;

class ReceiveAttempts {
 public:
  // `key`: of the queue, the attempt and what it asked for.
  void Remember(std::string key, const std::vector<IncomingMessage>& messages, TimePoint now);
  // Empty: nothing is known of it.
  std::vector<IncomingMessage> Find(std::string_view key, TimePoint now);
  void Forget(std::string_view key);
  // Those that have given out this item of the store.
  void ForgetWith(int64_t item);

 private:
  struct Attempt {
    std::string key;
    std::vector<IncomingMessage> messages;
    TimePoint until{};
    size_t bytes = 0;
  };
  template <typename Predicate>
  void ForgetIf(Predicate predicate);

  std::list<Attempt> attempts_;  // oldest first
  size_t bytes_ = 0;
};

}  // namespace mayfly::sqs
