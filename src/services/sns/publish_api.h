// Publish, PublishBatch. One per daemon, on its strand.
#pragma once

#include "model/sns.h"
#include "services/sns/outbox.h"
#include "services/sns/topic_publisher.h"
#include "services/sns/topic_authorizer.h"

namespace mayfly::sns {

class PublishApi final : public MessagesHandler {
 public:
  // All outlive this.
  PublishApi(Topics& topics, Publisher& publisher, Outbox& outbox, Random& random)
      : topics_(&topics), publisher_(&publisher), outbox_(&outbox), random_(&random) {}

  Task<Result<PublishResponse>> Publish(Context& ctx, PublishRequest request) override;
  Task<Result<PublishBatchResponse>> PublishBatch(Context& ctx, PublishBatchRequest request) override;

 private:
  // To a number, or a device's endpoint: into the outbox.
  Task<Result<PublishResponse>> PublishDirectly(Context& ctx, std::string protocol, std::string endpoint, Publication publication);

  Topics* topics_;
  Publisher* publisher_;
  Outbox* outbox_;
  Random* random_;
};

}  // namespace mayfly::sns
