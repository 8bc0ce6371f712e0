// Receipt handles: what a receiver names a message by. Opaque and authenticated, so that nobody makes one up.
//
// A handle names the queue, the message and which of its receives it came from. It stays good for deleting when the message
// has been received again. Pure functions over a key that the store keeps.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::sqs {

struct Receipt {
  int64_t item = 0;
  int attempt = 0;
  int64_t received_seconds = 0;  // since 1970
};

class ReceiptHandles {
 public:
  explicit ReceiptHandles(std::string key) : key_(std::move(key)) {}

  const std::string& key() const { return key_; }

  // `queue_id`: Queue::id.
  std::string Make(std::string_view queue_id, Receipt receipt) const;
  // nullopt: not made by Make for that queue.
  std::optional<Receipt> Read(std::string_view queue_id, std::string_view handle) const;

 private:
  std::string Seal(std::string_view queue_id, std::string_view contents) const;
  std::string key_;
};

}  // namespace mayfly::sqs
