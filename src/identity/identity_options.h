// Options of who may call, and as whom.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "identity/authenticator.h"
#include "identity/enforcement.h"

namespace mayfly::identity {

struct IdentityOptions {
  AuthenticatorOptions authenticator;
  IamMode iam = IamMode::Auto;
  std::vector<std::string> organizations;  // Organizations::Parse
};
// Never Auto.
IamMode IamModeOf(const IdentityOptions& identity);
OptionGroup OptionsOf(IdentityOptions& identity);

}  // namespace mayfly::identity
