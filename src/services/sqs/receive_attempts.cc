#include "services/sqs/receive_attempts.h"

#include <algorithm>

namespace mayfly::sqs {
namespace {

constexpr Duration kAttemptKept = std::chrono::minutes(5);
constexpr size_t kBytesBesides = 512;  // about, of a message without body and attributes

}  // namespace

template <typename Predicate>
void ReceiveAttempts::ForgetIf(Predicate predicate) {
  for (auto attempt = attempts_.begin(); attempt != attempts_.end();) {
    if (!predicate(*attempt)) {
      ++attempt;
      continue;
    }
    bytes_ -= attempt->bytes;
    attempt = attempts_.erase(attempt);
  }
}

void ReceiveAttempts::Remember(std::string key, const std::vector<IncomingMessage>& messages, TimePoint now) {
  Forget(key);
  Attempt attempt{.key = std::move(key), .messages = messages, .until = now + kAttemptKept};
  for (const IncomingMessage& message : messages) {
    attempt.bytes += kBytesBesides + MessageBytes(message.stored.message.body, message.stored.message.attributes);
  }
  bytes_ += attempt.bytes;
  attempts_.push_back(std::move(attempt));
  while (attempts_.size() > kAttemptsMax || bytes_ > kAttemptBytesMax) {
    bytes_ -= attempts_.front().bytes;
    attempts_.pop_front();
  }
}

std::vector<IncomingMessage> ReceiveAttempts::Find(std::string_view key, TimePoint now) {
  ForgetIf([now](const Attempt& attempt) { return attempt.until <= now; });
  const auto found = std::ranges::find(attempts_, key, &Attempt::key);
  return found == attempts_.end() ? std::vector<IncomingMessage>() : found->messages;
}

void ReceiveAttempts::Forget(std::string_view key) {
  ForgetIf([key](const Attempt& attempt) { return attempt.key == key; });
}

void ReceiveAttempts::ForgetWith(int64_t item) {
  ForgetIf([item](const Attempt& attempt) {
    return std::ranges::any_of(attempt.messages, [item](const IncomingMessage& message) { return message.receipt.item == item; });
  });
}

}  // namespace mayfly::sqs
