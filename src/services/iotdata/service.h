// AWS IoT's data plane as the daemon has it: messages are published (for the rules of services/iot), and retained.
//
// Offers nothing, needs no service: messages go to the router, which knows who takes topics.
#pragma once

#include "services/service.h"

namespace mayfly::iotdata {

services::Declaration Declare();

}  // namespace mayfly::iotdata
