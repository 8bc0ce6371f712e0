// QueueFacts: what the lambda service must know of a queue before it makes a mapping. Implemented by the queue service; without
// one, queues are taken as they are named.
#pragma once

#include <chrono>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::sources {

class QueueFacts {
 public:
  virtual ~QueueFacts() = default;
  // Error (Service): InvalidParameterValueException with AWS's text when there is no such queue.
  virtual Task<Result<std::chrono::seconds>> VisibilityTimeout(Context& ctx, std::string queue_arn) = 0;
};

}  // namespace mayfly::sources
