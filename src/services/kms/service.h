// AWS Key Management Service as the daemon has it. Offers keyring::Keys to the services that encrypt.
#pragma once

#include "services/service.h"

namespace mayfly::kms {

services::Declaration Declare();

}  // namespace mayfly::kms
