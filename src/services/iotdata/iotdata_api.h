// AWS IoT's data plane: the operations of model/iotdata.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "base/random.h"
#include "delivery/target_router.h"
#include "model/iotdata.h"
#include "services/iotdata/retained.h"

namespace mayfly::iotdata {

struct DataParts {
  const Clock* clock;
  Random* random;
  delivery::TargetRouter* targets;
  resources::ResourceTable<RetainedRow>* retained;
};

class DataApi final : public Handler {
 public:
  // What the parts name outlives it.
  explicit DataApi(DataParts parts) : parts_(parts) {}

  // Success: what the message leads to is durable, and so is the message where it is retained.
  Task<Result<>> Publish(Context& ctx, PublishRequest request) override;
  Task<Result<GetRetainedMessageResponse>> GetRetainedMessage(Context& ctx, GetRetainedMessageRequest request) override;
  Task<Result<ListRetainedMessagesResponse>> ListRetainedMessages(Context& ctx, ListRetainedMessagesRequest request) override;

 private:
  // An empty payload forgets what the topic has kept.
  Task<Result<>> Retain(Context& ctx, const PublishRequest& request);

  DataParts parts_;
};

}  // namespace mayfly::iotdata
