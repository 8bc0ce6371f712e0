// ScalingService: Application Auto Scaling's part of the daemon, wired together: what it scales is Lambda's.
#pragma once

#include "base/random.h"
#include "identity/authorization.h"
#include "invoke/provisioner.h"
#include "mayflyd/options.h"
#include "model/lambda.h"
#include "services/autoscaling/autoscaling_api.h"
#include "wire/endpoint.h"

namespace mayfly::daemon {

class ScalingService {
 public:
  struct Parts {
    Loop* loop;
    Random* random;
    const identity::IdentityPolicies* identities;
    BlockingPool* files;
    wire::AnswerObserver observer;
    autoscaling::ScalingTables* tables;
    catalog::Tables* catalog;
    const catalog::FunctionCatalog* versions;
    invoke::Provisioner* provisioner;
    lambda::ProvisionedConcurrencyHandler* lambda;
  };
  ScalingService(Parts parts, const Options& options);
  void Start() { scaler_.Start(); }
  Task<> Stop() { return scaler_.Stop(); }

  wire::Endpoint& endpoint() { return endpoint_; }

 private:
  class ProvisionedCapacity;
  Result<> CheckResource(const autoscaling::TargetName& target) const;
  Task<Result<>> Authorize(Context& ctx, const wire::Operation& operation) const;

  Parts parts_;
  std::unique_ptr<autoscaling::Capacity> capacity_;
  autoscaling::Scaler scaler_;
  autoscaling::AutoscalingApi api_;
  autoscaling::Handlers handlers_ = api_.handlers();
  wire::Endpoint endpoint_;
};

}  // namespace mayfly::daemon
