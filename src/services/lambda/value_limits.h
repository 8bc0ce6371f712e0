// ValueLimits: constraints that no model holds, because they depend on the day, on the daemon or on a part of Lambda that is not built. They are
// told together with what the model finds (wire/endpoint.h).
//
// One per daemon, on its strand.
#pragma once

#include "base/clock.h"
#include "wire/endpoint.h"

namespace mayfly::catalog {
class RuntimeTable;
}

namespace mayfly::lambda {

// Timeout, MemorySize and EphemeralStorage of functions (the model's limits are those of managed instances); runtimes of layers, which
// may also be those that new functions cannot have any more: the text names those that they can. Both outlive what is returned.
wire::ValueRules MakeValueLimits(const catalog::RuntimeTable& runtimes, const Clock& clock);

}  // namespace mayfly::lambda
