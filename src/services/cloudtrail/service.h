// AWS CloudTrail's event history as the daemon has it. Offers and needs nothing.
#pragma once

#include "services/service.h"

namespace mayfly::cloudtrail {

services::Declaration Declare();

}  // namespace mayfly::cloudtrail
