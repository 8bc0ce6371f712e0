// TargetRouter: the one way out for whatever is sent to an ARN: records of asynchronous invocations (destinations), dead
// letters, later the deliveries of topics, rules and schedules.
//
// A kind of target (a function, a queue, a topic …) implements Target; mayflyd registers one per service of ARNs, before
// anything is delivered. The router asks a target whether the delivery's principal may send to it each time before it is
// sent. One router per daemon, on its strand. Callers: DeliveryWorker, event sources.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "delivery/delivery.h"
#include "identity/condition_keys.h"
#include "identity/policy_principal.h"

namespace mayfly::delivery {

class Target {
 public:
  virtual ~Target() = default;

  // Whether `principal` may send to `target_arn`: what the target's policy says, and its identities' (identity/authorization.h).
  // `keys`: aws:SourceArn and aws:SourceAccount of a service; the target adds what it knows. Whether the target exists may
  // be left to Deliver. Errors: Service, those of the API operation that does the same, never retryable.
  virtual Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn,
                             const identity::ConditionKeys& keys) const = 0;
  // Success: the target has it, as durably as it keeps anything. May be called again with the same delivery.
  // Errors: Service, the target refuses or does not exist; Fault, something of ours failed. Whoever delivers tries again
  // only when `retryable` is set, a bounded number of times. `delivery` outlives the task.
  virtual Task<Result<>> Deliver(Context& ctx, const Delivery& delivery) = 0;
  // What a body (with its attributes) may have; a record that is larger is written without its payloads.
  virtual size_t body_bytes_max() const { return std::numeric_limits<size_t>::max(); }
};

class TargetRouter {
 public:
  // `service`: the third part of the ARNs that `target` takes ("lambda", "sqs"). `target` outlives the router.
  void Register(std::string service, Target& target);
  // Whether `delivery` would be let in: what Deliver asks first. Errors: as there.
  Result<> Authorize(const Delivery& delivery) const;
  // Errors: those of the target; Service "UnsupportedTarget", not retryable, when nobody takes such ARNs.
  Task<Result<>> Deliver(Context& ctx, const Delivery& delivery);
  // Of the target that takes `target_arn`.
  size_t BodyBytesMax(std::string_view target_arn) const;

 private:
  Target* Find(std::string_view target_arn) const;

  std::map<std::string, Target*, std::less<>> targets_;
};

}  // namespace mayfly::delivery
