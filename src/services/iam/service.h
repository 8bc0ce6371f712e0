// AWS Identity and Access Management as the daemon has it. Needs nothing. Offers identity::PrincipalPolicies, identity::RoleTrust and
// identity::IdentityDirectory; tells the daemon's access keys of its own.
#pragma once

#include "services/service.h"

namespace mayfly::iam {

services::Declaration Declare();

}  // namespace mayfly::iam
