// AWS STS as the daemon has it. Needs identity::PrincipalPolicies and identity::IdentityDirectory (whose credentials stand for whom); offers nothing.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "services/service.h"

namespace mayfly::sts {

struct StsOptions {
  std::vector<std::string> oidc_keys;  // "ISSUER=FILE"
};
OptionGroup OptionsOf(StsOptions& options);

services::Declaration Declare();

}  // namespace mayfly::sts
