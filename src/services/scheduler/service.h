// Amazon EventBridge Scheduler as the daemon has it. Offers operations of this daemon's services as targets of deliveries.
#pragma once

#include "services/service.h"

namespace mayfly::scheduler {

services::Declaration Declare();

}  // namespace mayfly::scheduler
