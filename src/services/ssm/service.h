// AWS Systems Manager Parameter Store as the daemon has it. Offers and needs nothing.
#pragma once

#include "services/service.h"

namespace mayfly::ssm {

services::Declaration Declare();

}  // namespace mayfly::ssm
