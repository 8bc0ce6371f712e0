// Claims: one mapping per source and function. A claim is a row beside the mapping, staged in the same commit, so that two equal
// mappings cannot come to be at once.
#pragma once

#include "base/result.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

// Error: ResourceConflictException, another mapping joins this source and this function.
Result<> ClaimSource(resources::Change& change, catalog::Tables& tables, const catalog::EventSourceMapping& mapping);
// Not an error: nothing was claimed.
Result<> ReleaseSource(resources::Change& change, catalog::Tables& tables, const catalog::EventSourceMapping& mapping);

}  // namespace mayfly::lambda
