// TargetRouter: the one way out for whatever is sent to an ARN: records of asynchronous invocations (destinations), dead
// letters, later the deliveries of topics, rules and schedules.
//
// A kind of target (a function, a queue, a topic …) implements Target; mayflyd registers one per service of ARNs, before
// anything is delivered. One router per daemon, on its strand. Callers: EventDispatcher, event sources.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::delivery {

// A message attribute as SQS and SNS know them; targets that have none pass over them.
struct DeliveryAttribute {
  enum class Type : unsigned char { String, Number };

  std::string name;
  Type type = Type::String;
  std::string value;  // UTF-8; of a Number its decimal text
};

struct Delivery {
  std::string id;          // unique; a delivery that is repeated, also after a crash, has the same one
  std::string target_arn;
  std::string body;
  std::vector<DeliveryAttribute> attributes;
  // The function that the delivery comes from: its ARN, unqualified or qualified as it was invoked.
  std::string source_arn;
  // X-Amzn-Trace-Id with its Lineage (lineage.h). A queue keeps it as AWSTraceHeader, so that loops are seen across it.
  std::string trace_header;
  // For events: "Lambda Function Invocation Result - Success". Others pass over it.
  std::string detail_type;
};

class Target {
 public:
  virtual ~Target() = default;

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
  // Errors: those of the target; Service "UnsupportedTarget", not retryable, when nobody takes such ARNs.
  Task<Result<>> Deliver(Context& ctx, const Delivery& delivery);
  // Of the target that takes `target_arn`.
  size_t BodyBytesMax(std::string_view target_arn) const;

 private:
  Target* Find(std::string_view target_arn) const;

  std::map<std::string, Target*, std::less<>> targets_;
};

}  // namespace mayfly::delivery
