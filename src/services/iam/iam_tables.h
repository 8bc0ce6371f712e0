// IamTables: everything that IAM keeps, and who uses what of it: which users, groups and roles have a managed policy, which users a group.
//
// One per daemon, on its strand, over tables of its own. Rows are changed by resources::Edit and Change. A user's access keys go with it.
// Who uses what is found out when it is first asked for, and kept right from then on (Usage).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "resources/edit.h"
#include "resources/paging.h"
#include "services/iam/aws_policies.h"
#include "services/iam/iam_rows.h"

namespace mayfly::iam {

class IamTables {
 public:
  // How one thing is used by others.
  enum class Use : unsigned char { Attached, Boundary, Member, Profile };

  IamTables(store::Store& store, UnknownPolicies unknown);

  // Reads the rows. Error: a fault of the store.
  Task<Result<>> Open(Context& ctx) { return tables.Open(ctx); }

  resources::ResourceTable<EntityRow>& Entities(EntityKind kind) { return kind == EntityKind::User ? users : kind == EntityKind::Group ? groups : roles; }
  const resources::ResourceTable<EntityRow>& Entities(EntityKind kind) const { return const_cast<IamTables*>(this)->Entities(kind); }
  EntityPointer Find(EntityKind kind, std::string_view account_id, std::string_view name) const { return Entities(kind).Find(KeyOf(account_id, name)); }
  // The account's or AWS's. nullptr: there is none.
  PolicyRowPointer FindPolicy(std::string_view account_id, std::string_view arn) const;
  const AwsPolicies& aws_policies() const { return aws_policies_; }

  // Who uses it in the account: keys of users' ("u:NAME"), groups' ("g:"), roles' ("r:") and instance profiles' ("p:") rows. `what`: a policy's
  // ARN; a group's or role's name.
  const std::set<std::string>& UsersOf(Use use, std::string_view account_id, std::string_view what);

  // Keeps what somebody is about to use from being removed, from the moment it is looked at until the use is committed.
  class Pin {
   public:
    Pin(IamTables& tables, std::string what) : tables_(&tables), what_(std::move(what)) { tables_->pins_.insert(what_); }
    ~Pin() { tables_->pins_.erase(tables_->pins_.find(what_)); }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    IamTables* tables_;
    std::string what_;
  };
  static std::string PinOf(Use use, std::string_view account_id, std::string_view what);
  bool IsPinned(const std::string& what) const { return pins_.contains(what); }

  resources::ResourceTables tables;
  resources::ResourceTable<EntityRow> users{tables, "iam-users"};
  resources::ResourceTable<EntityRow> groups{tables, "iam-groups"};
  resources::ResourceTable<EntityRow> roles{tables, "iam-roles"};
  resources::ResourceTable<PolicyRow> policies{tables, "iam-policies"};
  resources::ResourceTable<AccessKeyRow> access_keys;  // ACCOUNT/user/ID
  resources::ResourceTable<InstanceProfileRow> instance_profiles{tables, "iam-instance-profiles"};
  resources::ResourceTable<ProviderRow> oidc_providers{tables, "iam-oidc-providers"};
  resources::ResourceTable<ProviderRow> saml_providers{tables, "iam-saml-providers"};
  resources::ResourceTable<AccountRow> accounts{tables, "iam-accounts"};

 private:
  void Count();
  void Link(const std::vector<std::string>& used, const std::string& user, bool is_used);
  void Follow(EntityKind kind);

  AwsPolicies aws_policies_;
  bool is_counted_ = false;
  std::map<std::string, std::set<std::string>, std::less<>> uses_;
  std::multiset<std::string> pins_;
};

}  // namespace mayfly::iam
