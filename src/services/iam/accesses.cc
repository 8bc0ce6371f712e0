#include "services/iam/accesses.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "identity/session_data.h"
#include "services/iam/documents.h"

namespace mayfly::iam {
namespace {

constexpr std::string_view kFederatedPrefix = "federated-user/";
constexpr int64_t kUseNotedEveryMs = 3'600'000;

// Allows and denies nothing.
const identity::PolicyPointer& EmptyPolicy() {
  static const identity::PolicyPointer kEmpty =
      *identity::Policy::Parse(R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"*","Resource":"*"}]})", identity::Policy::Kind::Identity);
  return kEmpty;
}

std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Accesses::Accesses(IamTables& tables, const identity::AccessKeys& keys, const identity::SessionKeys& sessions, const Clock& clock)
    : tables_(&tables), keys_(&keys), sessions_(&sessions), clock_(&clock) {
  const auto forget = [this](const auto&...) { made_.clear(); };
  for (const EntityKind kind : {EntityKind::User, EntityKind::Group, EntityKind::Role}) tables.Entities(kind).OnChange(forget);
  tables.policies.OnChange(forget);
}

// --- callers ---------------------------------------------------------------------------------------------------------------

std::shared_ptr<const identity::PrincipalAccess> Accesses::Find(std::string_view account_id, std::string_view arn, std::string_view access_key_id) const {
  const bool is_temporary = access_key_id.starts_with("ASIA");
  std::string name(arn);
  if (is_temporary) {
    name += ' ';
    name += access_key_id;
  }
  if (const auto found = made_.find(name); found != made_.end()) return found->second;
  std::shared_ptr<const identity::SessionData> session;
  if (is_temporary) {
    const auto opened = sessions_->Find(access_key_id);
    if (!opened) return nullptr;  // nobody has opened it, or long ago: what its policy would be is not known
    session = opened->data;
  }
  std::shared_ptr<Access> access = Make({account_id, arn, session.get()});
  if (!access) return nullptr;
  access->epoch = ++epoch_;
  if (made_.size() >= identity::kAccessesKept) made_.clear();
  made_.emplace(std::move(name), access);
  return access;
}

std::shared_ptr<identity::PrincipalAccess> Accesses::Make(const Caller& caller) const {
  auto access = std::make_shared<Access>();
  if (!AddIdentity(caller, caller.arn, *access)) return nullptr;
  if (caller.session) AddSession(caller, *access);
  return access;
}

// Whether there is such a user or role.
bool Accesses::AddIdentity(const Caller& caller, std::string_view arn_text, Access& access) const {
  const auto arn = identity::ParseArn(arn_text);
  if (!arn) return false;
  const std::string_view resource = arn->resource;
  if (resource == "root") {
    access.is_root = true;
    access.keys.emplace_back("aws:userid", arn->account_id);
    return true;
  }
  if (resource.starts_with("user/")) {
    const EntityPointer user = tables_->Find(EntityKind::User, arn->account_id, LastPart(resource));
    if (!user) return access.is_root = keys_->HasUser(arn->account_id, LastPart(resource));
    if (caller.session && caller.session->maker_arn.empty() && caller.session->identity_id != user->id) return false;
    AddPolicies(arn->account_id, *user, access);
    access.keys.emplace_back("aws:userid", user->id);
    return true;
  }
  if (resource.starts_with(identity::kAssumedRolePrefix)) {
    const std::string_view session = resource.substr(identity::kAssumedRolePrefix.size());
    const std::string_view name = session.substr(0, session.find('/'));
    const EntityPointer role = tables_->Find(EntityKind::Role, arn->account_id, name);
    if (!role) return false;
    if (caller.session && caller.session->identity_id != role->id) return false;  // of a role that had the name before
    AddPolicies(arn->account_id, *role, access);
    access.keys.emplace_back("aws:userid", fmt::format("{}:{}", role->id, LastPart(session)));
    return true;
  }
  if (!resource.starts_with(kFederatedPrefix) || !caller.session || caller.session->maker_arn.empty()) return false;
  if (!AddIdentity(caller, caller.session->maker_arn, access)) return false;
  access.keys = {{"aws:userid", fmt::format("{}:{}", arn->account_id, resource.substr(kFederatedPrefix.size()))}};
  access.has_session = true;
  return true;
}

void Accesses::AddPolicies(std::string_view account_id, const EntityRow& row, Access& access) const {
  const auto add = [&](const EntityRow& from) {
    for (const auto& policy : from.inline_policies) access.identity.push_back(Parsed(policy.second, false));
    for (const std::string& arn : from.attached) AddPolicy(account_id, arn, access.identity);
  };
  add(row);
  for (const std::string& group : row.groups) {
    if (const EntityPointer members = tables_->Find(EntityKind::Group, account_id, group)) add(*members);
  }
  if (!row.boundary.empty()) {
    access.has_boundary = true;
    if (const PolicyRowPointer policy = tables_->FindPolicy(account_id, row.boundary)) access.boundary = Parsed(policy->in_force().document, false);
  }
  for (const auto& [key, value] : row.tags) access.keys.emplace_back("aws:PrincipalTag/" + key, value);
}

void Accesses::AddPolicy(std::string_view account_id, std::string_view arn, std::vector<identity::PolicyPointer>& policies) const {
  if (const PolicyRowPointer policy = tables_->FindPolicy(account_id, arn)) policies.push_back(Parsed(policy->in_force().document, false));
}

void Accesses::AddSession(const Caller& caller, Access& access) const {
  const identity::SessionData& data = *caller.session;
  if (!data.policy.empty()) access.session.push_back(Parsed(data.policy, false));
  for (const std::string& arn : data.policy_arns) AddPolicy(caller.account_id, arn, access.session);
  access.has_session = access.has_session || !data.policy.empty() || !data.policy_arns.empty();
  for (const auto& [key, value] : data.tags) {
    const std::string name = "aws:PrincipalTag/" + key;
    std::erase_if(access.keys, [&](const auto& old) { return EqualIgnoringCase(old.first, name); });
    access.keys.emplace_back(name, value);
  }
  for (const auto& pair : data.context_keys) access.keys.push_back(pair);
  if (!data.source_identity.empty()) access.keys.emplace_back("aws:SourceIdentity", data.source_identity);
  access.keys.emplace_back("aws:TokenIssueTime", FormatIso8601(WallTime(std::chrono::seconds(data.issued_seconds))));
}

identity::PolicyPointer Accesses::Parsed(const std::string& document, bool is_trust) const {
  if (const auto found = parsed_.find(document); found != parsed_.end()) return found->second;
  auto policy = is_trust ? ParseTrust(document) : ParsePermissions(document);
  if (parsed_.size() >= kParsedMax) parsed_.clear();
  return parsed_.emplace(document, policy ? *policy : EmptyPolicy()).first->second;
}

// --- roles -----------------------------------------------------------------------------------------------------------------

// nullptr: there is none of that name and path.
EntityPointer Accesses::RoleOf(std::string_view role_arn) const {
  const auto arn = identity::ParseArn(role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return nullptr;
  EntityPointer role = tables_->Find(EntityKind::Role, arn->account_id, LastPart(arn->resource));
  return role && arn->resource == fmt::format("role{}{}", role->path, role->name) ? role : nullptr;
}

identity::RoleTrust::Answer Accesses::MayAssume(std::string_view role_arn, const identity::RequestPrincipal& principal, const identity::ConditionKeys& keys) const {
  return {.exists = RoleOf(role_arn) != nullptr, .decision = TrustOf(role_arn, "sts:AssumeRole", principal, keys)};
}

identity::Decision Accesses::TrustOf(std::string_view role_arn, std::string_view action, const identity::RequestPrincipal& principal,
                                     const identity::ConditionKeys& keys) const {
  const EntityPointer role = RoleOf(role_arn);
  if (!role) return {};
  return Parsed(role->trust, true)->Evaluate({.principal = principal, .action = action, .resource = role_arn, .keys = keys});
}

std::optional<identity::IdentityDirectory::RoleFacts> Accesses::FindRole(std::string_view role_arn) const {
  const EntityPointer role = RoleOf(role_arn);
  if (!role) return std::nullopt;
  return RoleFacts{.arn = std::string(role_arn), .id = role->id, .max_session_seconds = role->max_session_seconds};
}

std::string Accesses::UserIdOf(std::string_view user_arn) const {
  const auto arn = identity::ParseArn(user_arn);
  const EntityPointer user = arn ? tables_->Find(EntityKind::User, arn->account_id, LastPart(arn->resource)) : nullptr;
  return user ? user->id : std::string();
}

std::optional<identity::IdentityDirectory::ProviderFacts> Accesses::FindProvider(std::string_view account_id, std::string_view name) const {
  const auto row = tables_->oidc_providers.Find(KeyOf(account_id, name));
  if (!row) return std::nullopt;
  return ProviderFacts{.client_ids = row->client_ids, .thumbprints = row->thumbprints, .is_plain_http = row->is_plain_http};
}

Task<> Accesses::NoteUse(Context& ctx, std::string role_arn) {
  const EntityPointer role = RoleOf(role_arn);
  const int64_t now = ToEpochMillis(clock_->WallNow());
  if (!role || now - role->last_used_ms < kUseNotedEveryMs) co_return;
  const auto arn = identity::ParseArn(role_arn);
  const auto note = [now, region = ctx.principal.region](EntityRow& row) -> Result<> {
    row.last_used_ms = now;
    row.last_used_region = region;
    return {};
  };
  (void)co_await resources::Edit(ctx, tables_->roles, KeyOf(arn->account_id, role->name), note);
}

}  // namespace mayfly::iam
