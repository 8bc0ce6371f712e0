// The trace header of an invocation: "Root=1-65a5b3c4-…;Parent=…;Sampled=0".
#pragma once

#include <string>

#include "base/context.h"
#include "base/random.h"

namespace mayfly::invoke {

// The caller's (ctx.trace_header), completed, or a new one.
std::string CompleteTraceHeader(const Context& ctx, Random& random);

}  // namespace mayfly::invoke
