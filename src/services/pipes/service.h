// Amazon EventBridge Pipes as the daemon has it. Needs queues as sources, and functions that it invokes.
#pragma once

#include "services/service.h"

namespace mayfly::pipes {

services::Declaration Declare();

}  // namespace mayfly::pipes
