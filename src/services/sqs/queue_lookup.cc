#include "services/sqs/queue_lookup.h"

#include "services/sqs/queue_url.h"

namespace mayfly::sqs {

Result<QueuePointer> FindQueue(const Queues& queues, const Context& ctx, std::string_view queue_url) {
  MF_TRY(const QueueName name, ParseQueueUrl(ctx.principal, queue_url));
  return queues.Get(name);
}

Error InvalidToken() { return InvalidParameterValue("Invalid or expired next token."); }

}  // namespace mayfly::sqs
