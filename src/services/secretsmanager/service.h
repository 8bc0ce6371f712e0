// AWS Secrets Manager as the daemon has it. Needs keys (keyring::Keys), and functions, which rotate secrets.
#pragma once

#include "services/service.h"

namespace mayfly::secretsmanager {

services::Declaration Declare();

}  // namespace mayfly::secretsmanager
