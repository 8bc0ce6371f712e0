// Lineage: which functions a chain of invocations has been through, and how often; what recursive loops are known by.
//
// It travels in the trace header (X-Amzn-Trace-Id; AWSTraceHeader of a queue's message), as AWS writes it:
//   Root=1-…;Parent=…;Sampled=0;Lineage=061379e8:0|cbc84ad3:2
// one entry per function: the first 8 digits of a hash of its ARN, and how often it had been invoked in this chain before.
// Pure functions; the header is the caller's, so anything may stand in it: what is no entry is passed over and not kept.
// Bound: kLineageFunctionsMax entries, the ones that were invoked longest ago are forgotten.
// Source: AWS "Use Lambda recursive loop detection"; the form as headers in public logs and SDKs' tests show it.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::invoke {

inline constexpr int kRecursionMax = 16;  // invocations of a function in one chain; the next one is stopped
inline constexpr int kLineageFunctionsMax = 16;
inline constexpr int kLineageCountMax = 32'767;

struct Hop {
  std::string trace_header;  // for the invocation and whatever it sends
  int earlier = 0;           // invocations of this function in the chain, this one not included

  bool is_loop() const { return earlier >= kRecursionMax; }
};

// Adds an invocation of `function_arn` (unqualified) to the chain of `trace_header`.
Hop AddHop(std::string_view trace_header, std::string_view function_arn);
// Whether `trace_header`, as AddHop made it for an invocation of the function, tells of a loop.
bool IsLoop(std::string_view trace_header, std::string_view function_arn);

}  // namespace mayfly::invoke
