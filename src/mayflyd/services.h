// The services of this daemon, one row each (services.cc).
#pragma once

#include <vector>

#include "services/service.h"

namespace mayfly::daemon {

std::vector<services::Declaration> DeclareServices();

}  // namespace mayfly::daemon
