// RoleTrust: whom roles trust: the port by which services ask whether the role that they are given may be assumed for them.
// Offered by the service iam, as a port of services. On the daemon's strand. A warm question parses nothing.
#pragma once

#include <string_view>

#include "identity/policy.h"

namespace mayfly::identity {

class RoleTrust {
 public:
  virtual ~RoleTrust() = default;

  struct Answer {
    bool exists = false;
    Decision decision;  // ImplicitDeny where it does not exist
  };
  // What the role's trust policy says, and nothing else. `keys`: aws:SourceArn, sts:ExternalId …, as far as the caller knows them.
  virtual Answer MayAssume(std::string_view role_arn, const RequestPrincipal& principal, const ConditionKeys& keys) const = 0;
};

}  // namespace mayfly::identity
