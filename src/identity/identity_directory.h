// IdentityDirectory: the facts about users, roles and identity providers that STS gives credentials by. Offered by the service iam, as a port
// of services. On the daemon's strand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/task.h"
#include "identity/policy.h"

namespace mayfly::identity {

class IdentityDirectory {
 public:
  virtual ~IdentityDirectory() = default;

  struct RoleFacts {
    std::string arn;  // with its path
    std::string id;   // "AROA…"
    int max_session_seconds = 3600;
  };
  // nullopt: there is none.
  virtual std::optional<RoleFacts> FindRole(std::string_view role_arn) const = 0;
  // "AIDA…"; "": there is none.
  virtual std::string UserIdOf(std::string_view user_arn) const = 0;
  struct ProviderFacts {
    std::vector<std::string> client_ids;
    std::vector<std::string> thumbprints;
    bool is_plain_http = false;  // its keys are fetched without TLS
  };
  // An OpenID Connect provider by its URL without "https://". nullopt: there is none.
  virtual std::optional<ProviderFacts> FindProvider(std::string_view account_id, std::string_view name) const = 0;
  virtual bool HasPolicy(std::string_view account_id, std::string_view arn) const = 0;
  // What the role's trust policy says of one action of STS. ImplicitDeny: there is no such role.
  virtual Decision TrustOf(std::string_view role_arn, std::string_view action, const RequestPrincipal& principal, const ConditionKeys& keys) const = 0;
  // Somebody has assumed the role: RoleLastUsed, to the hour. What cannot be written is not noted.
  virtual Task<> NoteUse(Context& ctx, std::string role_arn) = 0;
};

}  // namespace mayfly::identity
