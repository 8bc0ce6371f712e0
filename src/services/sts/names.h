// ARNs and unique ids of those whom credentials stand for. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace mayfly::sts {

struct Role {
  std::string account_id;
  std::string name;  // without its path

  // "AROA…": the same for ever.
  std::string Id() const;
  // "arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION"
  std::string SessionArn(std::string_view session) const;
};
// "arn:aws:iam::ACCOUNT:role/PATH/NAME". Error: ValidationException.
Result<Role> ParseRoleArn(std::string_view arn);

// Whether the principal is a session of a role, or a federated user: not somebody with credentials of their own.
bool IsSession(std::string_view principal_arn);
// UserId: of the root its account, of a user "AIDA…", of a session "AROA…:SESSION", of a federated user "ACCOUNT:NAME".
std::string UserIdOf(const Principal& principal);

}  // namespace mayfly::sts
