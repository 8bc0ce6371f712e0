// The services of this daemon, one row each (services.cc).
#pragma once

#include <vector>

#include "services/lambda/premises.h"
#include "services/service.h"

namespace mayfly::daemon {

// `lambda` outlives them: what Lambda needs of this process.
std::vector<services::Declaration> DeclareServices(lambda::Premises& lambda);

}  // namespace mayfly::daemon
