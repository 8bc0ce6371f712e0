// The queues as other rooms know them: a source of messages for event source mappings, and a target of dead letters and
// destinations. Thin: everything happens in Queues.
#pragma once

#include "delivery/target_router.h"
#include "services/sqs/authorizer.h"
#include "services/sqs/queues.h"
#include "sources/queue_source.h"

namespace mayfly::sqs {

class QueuePorts final : public sources::QueueSource, public delivery::Target {
 public:
  // Both outlive it.
  QueuePorts(Queues& queues, const Authorizer& authorizer) : queues_(&queues), authorizer_(&authorizer) {}

  // --- sources::QueueSource ---
  Task<Result<sources::QueueDescription>> Describe(Context& ctx, std::string queue_arn) override;
  Task<Result<sources::ReceivedMessages>> Receive(Context& ctx, sources::ReceiveRequest request) override;
  Task<Result<>> Delete(Context& ctx, std::string queue_arn, std::vector<std::string> receipt_handles) override;
  Task<Result<>> ChangeVisibility(Context& ctx, std::string queue_arn, std::vector<sources::VisibilityChange> changes) override;

  // --- delivery::Target ---
  // May it send to the queue? Errors: AccessDeniedException, QueueDoesNotExist.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn,
                     const identity::ConditionKeys& keys) const override;
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;
  size_t body_bytes_max() const override { return kMessageBytesMax; }

 private:
  Result<QueuePointer> Get(std::string_view queue_arn) const;

  Queues* queues_;
  const Authorizer* authorizer_;
};

}  // namespace mayfly::sqs
