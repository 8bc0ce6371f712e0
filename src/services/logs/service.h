// Amazon CloudWatch Logs as a service of the daemon.
#pragma once

#include "services/service.h"

namespace mayfly::logs {

services::Declaration Declare();

}  // namespace mayfly::logs
