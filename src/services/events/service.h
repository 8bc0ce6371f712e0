// Amazon EventBridge as the daemon has it. Offers buses as targets of deliveries; needs nothing: what rules send goes through the lanes and
// the router, whoever takes it.
#pragma once

#include "services/service.h"

namespace mayfly::events {

services::Declaration Declare();

}  // namespace mayfly::events
