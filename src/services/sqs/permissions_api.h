// PermissionsApi: statements of a queue's policy, by their labels. One per daemon, on its strand.
#pragma once

#include "model/sqs.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

class PermissionsApi final : public PermissionsHandler {
 public:
  // `queues` outlives this.
  explicit PermissionsApi(Queues& queues) : queues_(queues) {}

  Task<Result<>> AddPermission(Context& ctx, AddPermissionRequest request) override;
  Task<Result<>> RemovePermission(Context& ctx, RemovePermissionRequest request) override;

 private:
  Queues& queues_;
};

}  // namespace mayfly::sqs
