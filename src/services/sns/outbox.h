// Outbox: what would have left this machine as an e-mail, a text message or a push: kept, and read at /_mayfly/outbox.
//
// Durable: a message is there when Add has ended. One that is added again (after a crash) stays one. One per daemon, on its strand;
// rows of the store's table "sns-outbox". Bound: kOutboxMax messages of all accounts, the oldest go first.
#pragma once

#include <deque>
#include <set>
#include <string>

#include "base/task.h"
#include "delivery/outgoing_messages.h"
#include "resources/json_members.h"
#include "store/store.h"

namespace mayfly::sns {

inline constexpr size_t kOutboxMax = 1'000;

struct OutboxMessage {
  std::string id;  // unique
  std::string account_id;
  std::string region;
  std::string protocol;
  std::string endpoint;
  std::string topic_arn;         // "" = none, as what follows
  std::string subscription_arn;
  std::string type;              // "Notification", "SubscriptionConfirmation" …
  std::string subject;
  std::string body;
  int64_t sent_millis = 0;
};

class Outbox final : public delivery::OutgoingMessages {
 public:
  // Both outlive it.
  Outbox(store::Store& store, const Clock& clock) : store_(&store), clock_(&clock) {}

  // Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);
  // Error: a fault of the store (retryable).
  Task<Result<>> Add(Context& ctx, OutboxMessage message);
  // Of another service.
  Task<Result<>> Keep(Context& ctx, delivery::OutgoingMessage message) override;
  // {"messages":[…]}, the newest first, of one account or of all ("").
  Task<Result<std::string>> Write(Context& ctx, std::string account_id, size_t limit);
  // After the store has been cleared.
  void Clear();

 private:
  struct Kept {
    std::string key;
    std::string id;
  };
  store::Store* store_;
  const Clock* clock_;
  int64_t last_number_ = 0;
  std::deque<Kept> kept_;  // oldest first
  std::set<std::string> ids_;
};

}  // namespace mayfly::sns
