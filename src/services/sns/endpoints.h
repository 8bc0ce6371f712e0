// Endpoints: what deliveries to arn:aws:sns:… reach. A topic takes what it is sent as a publication: destinations of functions, dead
// letters, events of other services. A subscription's ARN stands for its endpoint, where that has no ARN of its own: a web server, which
// is called, or an address, whose messages lie in the outbox. One per daemon, on its strand.
#pragma once

#include "delivery/target_router.h"
#include "net/http_client.h"
#include "services/sns/outbox.h"
#include "services/sns/topic_publisher.h"
#include "services/sns/topic_authorizer.h"

namespace mayfly::sns {

// How long a web server has to answer.
inline constexpr Duration kAnswerTime = std::chrono::seconds(15);

class Endpoints final : public delivery::Target {
 public:
  // All outlive it.
  Endpoints(RealLoop& loop, Topics& topics, Publisher& publisher, Outbox& outbox, const TopicAuthorizer& authorizer, http::Reach reach);

  // May it publish to the topic? Only this service sends to a subscription. Errors: AuthorizationError, NotFound.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const override;
  // Errors: NotFound, InvalidParameter; what a web server answers with: 4xx for good, everything else to be tried again.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;
  size_t body_bytes_max() const override { return kMessageBytesMax; }

 private:
  Task<Result<>> PublishTo(Context& ctx, const TopicName& name, const delivery::Delivery& delivery);
  Task<Result<>> Post(Context& ctx, const SubscriptionRow& subscription, const delivery::Delivery& delivery);
  Task<Result<>> Keep(Context& ctx, const SubscriptionRow& subscription, const delivery::Delivery& delivery);

  RealLoop* loop_;
  Topics* topics_;
  Publisher* publisher_;
  Outbox* outbox_;
  const TopicAuthorizer* authorizer_;
  http::Client client_;
};

}  // namespace mayfly::sns
