// Application Auto Scaling as the daemon has it. Needs invoke::ProvisionedCapacity: what it scales is Lambda's, whose
// operations it asks for through the Directory. Offers nothing.
#pragma once

#include "services/service.h"

namespace mayfly::autoscaling {

services::Declaration Declare();

}  // namespace mayfly::autoscaling
