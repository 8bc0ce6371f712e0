// Options of who may call, and as whom.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "identity/authenticator.h"

namespace mayfly::identity {

struct IdentityOptions {
  AuthenticatorOptions authenticator;
  std::vector<std::string> organizations;  // Organizations::Parse
};
OptionGroup OptionsOf(IdentityOptions& identity);

}  // namespace mayfly::identity
