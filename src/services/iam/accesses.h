// Accesses: what the policies of this account's users and roles say, for those who decide: the ports identity::PrincipalPolicies,
// identity::RoleTrust and identity::IdentityDirectory over IAM's tables.
//
// One per daemon, on its strand. Documents are parsed once (the last kParsedMax of them), callers put together once until something of IAM changes.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "identity/access_keys.h"
#include "identity/identity_directory.h"
#include "identity/principal_policies.h"
#include "identity/role_trust.h"
#include "identity/session_keys.h"
#include "services/iam/iam_tables.h"

namespace mayfly::iam {

class Accesses final : public identity::PrincipalPolicies, public identity::RoleTrust, public identity::IdentityDirectory {
 public:
  static constexpr size_t kParsedMax = 20'000;

  // All outlive it. `clock`: the calendar.
  Accesses(IamTables& tables, const identity::AccessKeys& keys, const identity::SessionKeys& sessions, const Clock& clock);

  // identity::PrincipalPolicies
  std::shared_ptr<const identity::PrincipalAccess> Find(std::string_view account_id, std::string_view arn, std::string_view access_key_id) const override;
  // identity::RoleTrust
  Answer MayAssume(std::string_view role_arn, const identity::RequestPrincipal& principal, const identity::ConditionKeys& keys) const override;
  identity::Decision TrustOf(std::string_view role_arn, std::string_view action, const identity::RequestPrincipal& principal,
                             const identity::ConditionKeys& keys) const override;
  // identity::IdentityDirectory
  std::optional<RoleFacts> FindRole(std::string_view role_arn) const override;
  std::string UserIdOf(std::string_view user_arn) const override;
  std::optional<ProviderFacts> FindProvider(std::string_view account_id, std::string_view name) const override;
  bool HasPolicy(std::string_view account_id, std::string_view arn) const override { return tables_->FindPolicy(account_id, arn) != nullptr; }
  Task<> NoteUse(Context& ctx, std::string role_arn) override;

 private:
  using Access = identity::PrincipalAccess;
  struct Caller {
    std::string_view account_id;
    std::string_view arn;
    const identity::SessionData* session;  // null: none
  };

  EntityPointer RoleOf(std::string_view role_arn) const;
  // Never null: what cannot be read allows nothing.
  identity::PolicyPointer Parsed(const std::string& document, bool is_trust) const;
  std::shared_ptr<Access> Make(const Caller& caller) const;
  bool AddIdentity(const Caller& caller, std::string_view arn, Access& access) const;
  void AddPolicies(std::string_view account_id, const EntityRow& row, Access& access) const;
  void AddPolicy(std::string_view account_id, std::string_view arn, std::vector<identity::PolicyPointer>& policies) const;
  void AddSession(const Caller& caller, Access& access) const;

  IamTables* tables_;
  const identity::AccessKeys* keys_;
  const identity::SessionKeys* sessions_;
  const Clock* clock_;
  mutable uint64_t epoch_ = 0;
  mutable std::unordered_map<std::string, std::shared_ptr<const Access>> made_;
  mutable std::unordered_map<std::string, identity::PolicyPointer> parsed_;  // by the document
};

}  // namespace mayfly::iam
