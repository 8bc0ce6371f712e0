// Amazon EC2, as far as it is networks, as the daemon has it.
#pragma once

#include "services/service.h"

namespace mayfly::ec2 {

services::Declaration Declare();

}  // namespace mayfly::ec2
