// AWS Systems Manager Parameter Store as the daemon has it. Needs keys (keyring::Keys) for SecureStrings.
#pragma once

#include "services/service.h"

namespace mayfly::ssm {

services::Declaration Declare();

}  // namespace mayfly::ssm
