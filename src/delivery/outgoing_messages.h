// OutgoingMessages: where a service leaves what would go out of this machine to a person (a mail, a text message): it is kept, and shown to
// the operator, and nothing is sent. A port (services/ports.h): who has the outbox offers it, who sends mail needs it.
#pragma once

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::delivery {

struct OutgoingMessage {
  std::string id;  // unique; one that is kept again stays one
  std::string account_id;
  std::string region;
  std::string protocol;  // "email"
  std::string endpoint;  // to whom
  std::string type;      // "Mail", "Bounce" …
  std::string subject;
  std::string body;
};

class OutgoingMessages {
 public:
  virtual ~OutgoingMessages() = default;
  // Durable when it has ended. Error: a fault of the store (retryable).
  virtual Task<Result<>> Keep(Context& ctx, OutgoingMessage message) = 0;
};

}  // namespace mayfly::delivery
