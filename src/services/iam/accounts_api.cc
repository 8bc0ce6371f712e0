// What an account has once: its name, what passwords have to be like, how much there is of everything, and reports of all of it.
#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "services/iam/documents.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

using AccountPointer = std::shared_ptr<const AccountRow>;
constexpr int64_t kReportValidMs = 4LL * 3600 * 1000;

AccountRow AccountOf(const Core& core, const Context& ctx) {
  const AccountPointer row = core.tables().accounts.Find(ctx.principal.account_id);
  return row ? *row : AccountRow();
}

using AccountChange = std::function<Result<>(AccountRow&)>;
Task<Result<>> EditAccount(const Core& core, Context& ctx, AccountChange change) {
  auto& table = core.tables().accounts;
  const std::string key = ctx.principal.account_id;
  const auto stage = [&](resources::Change& staged, const AccountPointer& row) -> Result<> {
    AccountRow changed = row ? *row : AccountRow();
    MF_TRY_VOID(change(changed));
    return row ? staged.Replace(table, key, row, std::move(changed)) : staged.Create(table, key, std::move(changed));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Error NoPasswordPolicy(std::string_view account_id) {
  return NoSuchEntity(fmt::format("The Password Policy with domain name {} cannot be found.", account_id));
}

// The members of a password policy, by their names in its row.
void VisitPasswordPolicy(auto& policy, auto&& visit) {
  visit("MinimumPasswordLength", policy.minimum_password_length, 6);
  visit("RequireSymbols", policy.require_symbols, false);
  visit("RequireNumbers", policy.require_numbers, false);
  visit("RequireUppercaseCharacters", policy.require_uppercase_characters, false);
  visit("RequireLowercaseCharacters", policy.require_lowercase_characters, false);
  visit("AllowUsersToChangePassword", policy.allow_users_to_change_password, false);
}

struct WritePasswordPolicy {
  json::Object& object;
  void operator()(const char* name, const std::optional<int32_t>& value, int usual) { object.emplace_back(name, static_cast<int64_t>(value.value_or(usual))); }
  void operator()(const char* name, const std::optional<bool>& value, bool usual) { object.emplace_back(name, value.value_or(usual)); }
};
struct ReadPasswordPolicy {
  const json::Value& object;
  void operator()(const char* name, std::optional<int32_t>& value, int usual) { value = static_cast<int32_t>(object.IntOr(name, usual)); }
  void operator()(const char* name, std::optional<bool>& value, bool usual) { value = object.BoolOr(name, usual); }
};

std::vector<PolicyDetail> InlineDetails(const EntityRow& row) {
  std::vector<PolicyDetail> details;
  for (const auto& [name, document] : row.inline_policies) details.push_back({.policy_name = name, .policy_document = Encoded(document)});
  return details;
}

std::vector<AttachedPolicy> AttachedDetails(const EntityRow& row) {
  std::vector<AttachedPolicy> details;
  for (const std::string& arn : row.attached) details.push_back({.policy_name = arn.substr(arn.rfind('/') + 1), .policy_arn = arn});
  return details;
}

}  // namespace

// --- the account's name ----------------------------------------------------------------------------------------------------

Task<Result<>> AccountsApi::CreateAccountAlias(Context& ctx, CreateAccountAliasRequest request) {
  const std::string& alias = request.account_alias;
  auto& table = core_->tables().accounts;
  const auto taken = table.ListIf("", "", 1, [&](const auto& row) { return row.value->alias == alias && row.key != ctx.principal.account_id; });
  if (!taken.empty()) co_return Fail(AlreadyExists(fmt::format("The account alias {} already exists.", alias)));
  const auto change = [&](AccountRow& row) -> Result<> {
    row.alias = alias;
    return {};
  };
  co_return co_await EditAccount(*core_, ctx, change);
}

Task<Result<>> AccountsApi::DeleteAccountAlias(Context& ctx, DeleteAccountAliasRequest request) {
  const auto change = [alias = request.account_alias](AccountRow& row) -> Result<> {
    if (row.alias != alias) return Fail(NoSuchEntity(fmt::format("The Account Alias {} cannot be found.", alias)));
    row.alias.clear();
    return {};
  };
  return EditAccount(*core_, ctx, change);
}

Task<Result<ListAccountAliasesResponse>> AccountsApi::ListAccountAliases(Context& ctx, ListAccountAliasesRequest) {
  ListAccountAliasesResponse response;
  if (AccountRow row = AccountOf(*core_, ctx); !row.alias.empty()) response.account_aliases.push_back(std::move(row.alias));
  response.is_truncated = false;
  co_return response;
}

// --- passwords -------------------------------------------------------------------------------------------------------------

Task<Result<>> AccountsApi::UpdateAccountPasswordPolicy(Context& ctx, UpdateAccountPasswordPolicyRequest request) {
  json::Object policy;
  VisitPasswordPolicy(request, WritePasswordPolicy{policy});
  if (request.max_password_age) policy.emplace_back("MaxPasswordAge", static_cast<int64_t>(*request.max_password_age));
  if (request.password_reuse_prevention) policy.emplace_back("PasswordReusePrevention", static_cast<int64_t>(*request.password_reuse_prevention));
  if (request.hard_expiry) policy.emplace_back("HardExpiry", *request.hard_expiry);
  const auto change = [text = json::Write(policy)](AccountRow& row) -> Result<> {
    row.password_policy = text;
    return {};
  };
  return EditAccount(*core_, ctx, change);
}

Task<Result<GetAccountPasswordPolicyResponse>> AccountsApi::GetAccountPasswordPolicy(Context& ctx, GetAccountPasswordPolicyRequest) {
  const AccountRow row = AccountOf(*core_, ctx);
  if (row.password_policy.empty()) co_return Fail(NoPasswordPolicy(ctx.principal.account_id));
  MF_CO_TRY(const json::Value kept, json::Parse(row.password_policy));
  PasswordPolicy policy;
  VisitPasswordPolicy(policy, ReadPasswordPolicy{kept});
  policy.expire_passwords = kept.Find("MaxPasswordAge") != nullptr;
  if (*policy.expire_passwords) policy.max_password_age = static_cast<int32_t>(kept.IntOr("MaxPasswordAge", 0));
  if (kept.Find("PasswordReusePrevention")) policy.password_reuse_prevention = static_cast<int32_t>(kept.IntOr("PasswordReusePrevention", 0));
  if (kept.Find("HardExpiry")) policy.hard_expiry = kept.BoolOr("HardExpiry", false);
  co_return GetAccountPasswordPolicyResponse{.password_policy = policy};
}

Task<Result<>> AccountsApi::DeleteAccountPasswordPolicy(Context& ctx, DeleteAccountPasswordPolicyRequest) {
  const auto change = [account_id = ctx.principal.account_id](AccountRow& row) -> Result<> {
    if (row.password_policy.empty()) return Fail(NoPasswordPolicy(account_id));
    row.password_policy.clear();
    return {};
  };
  return EditAccount(*core_, ctx, change);
}

// --- how much there is -----------------------------------------------------------------------------------------------------

Task<Result<GetAccountSummaryResponse>> AccountsApi::GetAccountSummary(Context& ctx, GetAccountSummaryRequest) {
  const std::string prefix = ctx.principal.account_id + "/";
  IamTables& tables = core_->tables();
  const auto count = [&](const auto& table) { return static_cast<int32_t>(table.List(prefix, "", SIZE_MAX).size()); };
  int32_t versions = 0;
  for (const auto& row : tables.policies.List(prefix, "", SIZE_MAX)) versions += static_cast<int32_t>(row.value->versions.size());
  constexpr auto kEntities = static_cast<int32_t>(kEntitiesMax);
  constexpr auto kAttached = static_cast<int32_t>(kAttachedMax);
  const bool has_root_key = !tables.access_keys.List(prefix + "/", "", 1).empty();
  GetAccountSummaryResponse response;
  auto& summary = response.summary_map.emplace();
  const std::pair<const char*, int32_t> kRows[] = {
      {"Users", count(tables.users)}, {"UsersQuota", kEntities}, {"Groups", count(tables.groups)}, {"GroupsQuota", kEntities},
      {"Roles", count(tables.roles)}, {"RolesQuota", kEntities}, {"Policies", count(tables.policies)}, {"PoliciesQuota", kEntities},
      {"PolicyVersionsInUse", versions}, {"PolicyVersionsInUseQuota", 5 * kEntities}, {"VersionsPerPolicyQuota", 5}, {"PolicySizeQuota", 6144},
      {"InstanceProfiles", count(tables.instance_profiles)}, {"InstanceProfilesQuota", kEntities},
      {"Providers", count(tables.oidc_providers) + count(tables.saml_providers)},
      {"AttachedPoliciesPerGroupQuota", kAttached}, {"AttachedPoliciesPerRoleQuota", kAttached}, {"AttachedPoliciesPerUserQuota", kAttached},
      {"GroupsPerUserQuota", static_cast<int32_t>(kGroupsOfUserMax)}, {"AccessKeysPerUserQuota", 2}, {"SigningCertificatesPerUserQuota", 2},
      {"UserPolicySizeQuota", 2048}, {"GroupPolicySizeQuota", 5120}, {"RolePolicySizeQuota", 10240}, {"AssumeRolePolicySizeQuota", 4096},
      {"ServerCertificates", 0}, {"ServerCertificatesQuota", 0}, {"MFADevices", 0}, {"MFADevicesInUse", 0}, {"AccountMFAEnabled", 0},
      {"AccountAccessKeysPresent", has_root_key ? 1 : 0}, {"AccountPasswordPresent", 0}, {"AccountSigningCertificatesPresent", 0}, {"GlobalEndpointTokenVersion", 2}};
  for (const auto& [name, number] : kRows) summary.emplace_back(name, number);
  co_return response;
}

// Users, groups, roles and policies in one list, paged as one: "1:name" of users, "2:name" of groups, and so on.
Task<Result<GetAccountAuthorizationDetailsResponse>> AccountsApi::GetAccountAuthorizationDetails(Context& ctx, GetAccountAuthorizationDetailsRequest request) {
  const std::string& account_id = ctx.principal.account_id;
  IamTables& tables = core_->tables();
  const auto is_wanted = [&](std::string_view kind) { return !request.filter || request.filter->empty() || std::ranges::find(*request.filter, kind) != request.filter->end(); };
  std::vector<std::string> names;
  const auto add = [&](std::string_view kind, char number, const auto& table) {
    if (!is_wanted(kind)) return;
    for (const auto& row : table.List(account_id + "/", "", SIZE_MAX)) names.push_back(fmt::format("{}:{}", number, row.key.substr(account_id.size() + 1)));
  };
  add("User", '1', tables.users);
  add("Group", '2', tables.groups);
  add("Role", '3', tables.roles);
  add("LocalManagedPolicy", '4', tables.policies);
  if (is_wanted("AWSManagedPolicy")) {
    for (const auto& [arn, row] : tables.aws_policies().all()) {
      if (!tables.UsersOf(IamTables::Use::Attached, account_id, arn).empty()) names.push_back("5:" + arn);
    }
  }
  MF_CO_TRY(Slice slice, SliceOf(names, PageWish::Of(request)));
  GetAccountAuthorizationDetailsResponse response;
  auto& users = response.user_detail_list.emplace();
  auto& groups = response.group_detail_list.emplace();
  auto& roles = response.role_detail_list.emplace();
  auto& policies = response.policies.emplace();
  for (size_t i = slice.begin; i < slice.end; ++i) {
    const std::string name = names[i].substr(2);
    if (names[i][0] == '1') {
      const EntityPointer row = tables.Find(EntityKind::User, account_id, name);
      User user = core_->ShowUser(account_id, *row);
      users.push_back({.path = user.path, .user_name = user.user_name, .user_id = user.user_id, .arn = user.arn, .create_date = user.create_date,
                       .user_policy_list = InlineDetails(*row), .group_list = row->groups, .attached_managed_policies = AttachedDetails(*row),
                       .permissions_boundary = user.permissions_boundary, .tags = Shown(row->tags)});
      for (std::string& group : *users.back().group_list) {
        if (const EntityPointer members = tables.Find(EntityKind::Group, account_id, group)) group = members->name;
      }
    } else if (names[i][0] == '2') {
      const EntityPointer row = tables.Find(EntityKind::Group, account_id, name);
      Group group = core_->ShowGroup(account_id, *row);
      groups.push_back({.path = group.path, .group_name = group.group_name, .group_id = group.group_id, .arn = group.arn, .create_date = group.create_date,
                        .group_policy_list = InlineDetails(*row), .attached_managed_policies = AttachedDetails(*row)});
    } else if (names[i][0] == '3') {
      const EntityPointer row = tables.Find(EntityKind::Role, account_id, name);
      Role role = core_->Show(account_id, *row);
      RoleDetail detail{.path = role.path, .role_name = role.role_name, .role_id = role.role_id, .arn = role.arn, .create_date = role.create_date,
                        .assume_role_policy_document = role.assume_role_policy_document};
      auto& profiles = detail.instance_profile_list.emplace();
      for (const std::string& profile : tables.UsersOf(IamTables::Use::Profile, account_id, row->name)) {
        if (const auto found = tables.instance_profiles.Find(KeyOf(account_id, profile.substr(2)))) profiles.push_back(core_->Show(account_id, *found));
      }
      detail.role_policy_list = InlineDetails(*row);
      detail.attached_managed_policies = AttachedDetails(*row);
      detail.permissions_boundary = role.permissions_boundary;
      detail.tags = Shown(row->tags);
      detail.role_last_used = role.role_last_used;
      roles.push_back(std::move(detail));
    } else {
      const PolicyRowPointer row = names[i][0] == '4' ? tables.policies.Find(KeyOf(account_id, name)) : tables.aws_policies().Find(name);
      ManagedPolicyDetail detail{.policy_name = row->name, .policy_id = row->id, .arn = row->arn, .path = row->path, .default_version_id = row->default_version};
      detail.attachment_count = static_cast<int32_t>(tables.UsersOf(IamTables::Use::Attached, account_id, row->arn).size());
      detail.permissions_boundary_usage_count = static_cast<int32_t>(tables.UsersOf(IamTables::Use::Boundary, account_id, row->arn).size());
      detail.is_attachable = true;
      if (!row->description.empty()) detail.description = row->description;
      detail.create_date = TimeOf(row->created_ms);
      detail.update_date = TimeOf(row->updated_ms);
      auto& versions = detail.policy_version_list.emplace();
      for (const VersionRow& version : row->versions) {
        versions.push_back({.document = Encoded(version.document), .version_id = version.id, .is_default_version = version.id == row->default_version,
                            .create_date = TimeOf(version.created_ms)});
      }
      policies.push_back(std::move(detail));
    }
  }
  SetPage(response, std::move(slice.marker));
  co_return response;
}

// --- the credential report -------------------------------------------------------------------------------------------------

Task<Result<GenerateCredentialReportResponse>> AccountsApi::GenerateCredentialReport(Context& ctx, GenerateCredentialReportRequest) {
  bool is_new = false;
  const auto change = [&](AccountRow& row) -> Result<> {
    const int64_t now = core_->NowMs();
    is_new = row.report_ms == 0 || now - row.report_ms > kReportValidMs;
    if (is_new) row.report_ms = now;
    return {};
  };
  MF_CO_TRY_VOID(co_await EditAccount(*core_, ctx, change));
  if (!is_new) co_return GenerateCredentialReportResponse{.state = std::string(ReportStateType::COMPLETE)};
  co_return GenerateCredentialReportResponse{.state = std::string(ReportStateType::STARTED), .description = "No report exists. Starting a new report generation task"};
}

// Made of what there is when it is fetched.
Task<Result<GetCredentialReportResponse>> AccountsApi::GetCredentialReport(Context& ctx, GetCredentialReportRequest) {
  const std::string& account_id = ctx.principal.account_id;
  const AccountRow account = AccountOf(*core_, ctx);
  if (account.report_ms == 0) co_return Fail(Error::Service("CredentialReportNotPresentException", "No report exists. Use GenerateCredentialReport to make one."));
  if (core_->NowMs() - account.report_ms > kReportValidMs) co_return Fail(Error::Service("CredentialReportExpiredException", "The report has expired. Use GenerateCredentialReport to make a new one."));
  std::string text =
      "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,"
      "access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,"
      "access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,"
      "cert_2_active,cert_2_last_rotated\n";
  IamTables& tables = core_->tables();
  for (const auto& row : tables.users.List(account_id + "/", "", SIZE_MAX)) {
    const EntityRow& user = *row.value;
    const bool has_password = user.password_ms != 0;
    text += fmt::format("{},{},{},{},{},{},N/A,false", user.name, ArnOf(account_id, EntityKind::User, user), FormatIso8601(TimeOf(user.created_ms)), has_password,
                        has_password ? "no_information" : "N/A", has_password ? FormatIso8601(TimeOf(user.password_ms)) : "N/A");
    const auto keys = tables.access_keys.List(row.key + "/", "", 2);
    for (size_t i = 0; i < 2; ++i) {
      if (i < keys.size()) text += fmt::format(",{},{},N/A,N/A,N/A", keys[i].value->is_active, FormatIso8601(TimeOf(keys[i].value->created_ms)));
      else text += ",false,N/A,N/A,N/A,N/A";
    }
    text += ",false,N/A,false,N/A\n";
  }
  co_return GetCredentialReportResponse{.content = std::move(text), .report_format = std::string(ReportFormatType::text_csv), .generated_time = TimeOf(account.report_ms)};
}

}  // namespace mayfly::iam
