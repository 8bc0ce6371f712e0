// Options of event source mappings.
#pragma once

#include "base/option.h"
#include "sources/poller_parts.h"

namespace mayfly::sources {

OptionGroup OptionsOf(PollerOptions& pollers);

}  // namespace mayfly::sources
