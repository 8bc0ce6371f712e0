// The trace header of an invocation: "Root=1-65a5b3c4-…;Parent=…;Sampled=0", and who decides whether it is recorded.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/context.h"
#include "base/random.h"

namespace mayfly::invoke {

// The caller's (ctx.trace_header) where it names a Root, whatever that is; else a new one. With Root and Parent; Sampled only if the
// caller has decided.
std::string CompleteTraceHeader(const Context& ctx, Random& random);

// Decides which invocations X-Ray records, as AWS Lambda does: a caller's decision stands. Without one, a function whose TracingConfig is
// Active records the first invocation of each second and 5 % of the others; with PassThrough it records none.
//
// One per daemon, asked by the Invoker on its strand for every invocation. Keeps a few bytes for each function that is Active.
class TraceSampler {
 public:
  TraceSampler(Loop& loop, Random& random) : loop_(&loop), random_(&random) {}

  // `header` with Sampled=0 or 1. A recorded invocation is a segment of its own: Parent becomes the segment's new id.
  std::string Decide(std::string_view header, std::string_view tracing_mode, const std::string& function_arn);
  // The function is gone.
  void Forget(const std::string& function_arn) { seconds_.erase(function_arn); }

 private:
  bool Sample(const std::string& function_arn);

  Loop* loop_;
  Random* random_;
  std::unordered_map<std::string, int64_t> seconds_;  // by function: the second whose first invocation was recorded
};

}  // namespace mayfly::invoke
