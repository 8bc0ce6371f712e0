// AWS STS as the daemon has it. Offers and needs nothing.
#pragma once

#include "services/service.h"

namespace mayfly::sts {

services::Declaration Declare();

}  // namespace mayfly::sts
