// Groups: making, listing and deleting them, and what is set of them.
#include <fmt/format.h>

#include <algorithm>

#include "services/logs/logs_api.h"
#include "services/logs/pattern_parts.h"

namespace mayfly::logs {
namespace {

constexpr int kRetentionDays[] = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
constexpr size_t kDescribeMax = 50;
constexpr size_t kListMax = 1000;

std::string GroupPrefix(const Context& ctx) { return ctx.principal.account_id + "/" + ctx.principal.region + "/"; }

LogGroup Describe(const GroupKey& key, const GroupRow& row, uint64_t bytes) {
  LogGroup group{.log_group_name = key.name, .creation_time = row.created_millis, .retention_in_days = {}, .metric_filter_count = 0, .arn = key.Arn() + ":*",
                 .stored_bytes = static_cast<int64_t>(bytes), .log_group_class = row.group_class, .log_group_arn = key.Arn(),
                 .deletion_protection_enabled = row.is_protected};
  if (row.retention_days != 0) group.retention_in_days = static_cast<int>(row.retention_days);
  if (!row.kms_key_id.empty()) group.kms_key_id = row.kms_key_id;
  return group;
}

// "aws/lambda|^app": any of the parts, `^` for a name's beginning.
bool MatchesAnyPart(std::string_view pattern, std::string_view name) {
  for (;;) {
    const size_t bar = pattern.find('|');
    const std::string_view part = pattern.substr(0, bar);
    if (part.starts_with('^') ? name.starts_with(part.substr(1)) : name.find(part) != std::string_view::npos) return true;
    if (bar == std::string_view::npos) return false;
    pattern.remove_prefix(bar + 1);
  }
}

// A value with `*` at its ends; `!` before it means all others.
bool MatchesTag(const GroupRow& row, const TagFilter& filter) {
  const auto tag = std::ranges::find(row.tags, filter.key, &std::pair<std::string, std::string>::first);
  if (tag == row.tags.end()) return false;
  if (!filter.values || filter.values->empty()) return true;
  return std::ranges::any_of(*filter.values, [&](std::string_view value) {
    const bool negated = value.starts_with('!');
    return MatchesWildcards(negated ? value.substr(1) : value, tag->second) != negated;
  });
}

}  // namespace

Error InvalidParameter(std::string message) { return Error::Service("InvalidParameterException", std::move(message)); }
Error BadToken() { return InvalidParameter("The specified nextToken is invalid."); }

Result<GroupKey> LogsApi::KeyOf(const Context& ctx, const MaybeText& name, const MaybeText& identifier) {
  if (name && identifier) return Fail(InvalidParameter("LogGroup name and LogGroup Identifier cannot both be specified in the request."));
  if (name) return GroupKey::Of(ctx, *name);
  if (!identifier) return Fail(InvalidParameter("LogGroup name or LogGroup Identifier must be specified in the request."));
  if (const auto key = ParseIdentifier(ctx, *identifier)) return *key;
  return Fail(InvalidParameter(fmt::format("Invalid LogGroup Identifier: {}", *identifier)));
}

Task<Result<CreateLogGroupResponse>> LogsApi::CreateLogGroup(Context& ctx, CreateLogGroupRequest request) {
  const GroupKey key = GroupKey::Of(ctx, request.log_group_name);
  if (co_await groups_->Get(ctx, key)) co_return Fail(Error::Service("ResourceAlreadyExistsException", "The specified log group already exists"));
  GroupRow row{.created_millis = ToEpochMillis(clock_->WallNow()), .group_class = request.log_group_class.value_or("STANDARD"),
               .kms_key_id = request.kms_key_id.value_or(""), .is_protected = request.deletion_protection_enabled.value_or(false)};
  if (request.tags) row.tags.assign(request.tags->begin(), request.tags->end());
  MF_CO_TRY_VOID(resources::CheckTags(row.tags, {}));
  MF_CO_TRY_VOID(co_await groups_->Create(ctx, key, std::move(row)));
  co_return CreateLogGroupResponse();
}

Task<Result<DeleteLogGroupResponse>> LogsApi::DeleteLogGroup(Context& ctx, DeleteLogGroupRequest request) {
  const GroupKey key = GroupKey::Of(ctx, request.log_group_name);
  MF_CO_TRY_VOID(co_await groups_->Delete(ctx, key));
  subscriptions_->Follow(key);
  co_return DeleteLogGroupResponse();
}

Task<Result<DescribeLogGroupsResponse>> LogsApi::DescribeLogGroups(Context& ctx, DescribeLogGroupsRequest request) {
  if (request.log_group_name_prefix && request.log_group_name_pattern) {
    co_return Fail(InvalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
  }
  MF_CO_TRY_VOID(co_await groups_->Discover(ctx, ctx.principal.account_id, ctx.principal.region));
  std::vector<GroupKey> named;
  for (const std::string& identifier : request.log_group_identifiers.value_or(std::vector<std::string>())) {
    MF_CO_TRY(named.emplace_back(), KeyOf(ctx, std::nullopt, identifier));
  }
  const std::string prefix = GroupPrefix(ctx);
  const std::string pattern = request.log_group_name_pattern.value_or("");
  const auto wanted = [&](const auto& row) {
    const std::string_view name = std::string_view(row.key).substr(prefix.size());
    if (!named.empty() && std::ranges::none_of(named, [&](const GroupKey& key) { return key.Row() == row.key; })) return false;
    return name.find(pattern) != std::string_view::npos && (!request.log_group_class || *request.log_group_class == row.value->group_class);
  };
  const size_t limit = request.limit ? static_cast<size_t>(*request.limit) : kDescribeMax;
  MF_CO_TRY(const auto page, resources::NextPageIf(groups_->groups(),
                                                   {.prefix = prefix + request.log_group_name_prefix.value_or(""), .marker = request.next_token, .limit = limit, .bad_marker = &BadToken}, wanted));
  DescribeLogGroupsResponse response{.log_groups = std::vector<LogGroup>(), .next_token = page.next_marker};
  for (const auto& row : page.rows) {
    const auto key = GroupKey::OfRow(row.key);
    MF_CO_TRY(const uint64_t bytes, co_await groups_->lines().BytesOf(ctx, key->Store()));
    response.log_groups->push_back(Describe(*key, *row.value, bytes));
  }
  co_return response;
}

Task<Result<ListLogGroupsResponse>> LogsApi::ListLogGroups(Context& ctx, ListLogGroupsRequest request) {
  MF_CO_TRY_VOID(co_await groups_->Discover(ctx, ctx.principal.account_id, ctx.principal.region));
  const std::string prefix = GroupPrefix(ctx);
  // Fields that are indexed, and sources by name, no group has here.
  const bool none = request.data_sources || request.field_index_names;
  const auto wanted = [&](const auto& row) {
    const std::string_view name = std::string_view(row.key).substr(prefix.size());
    if (none || (request.log_group_name_pattern && !MatchesAnyPart(*request.log_group_name_pattern, name))) return false;
    if (request.log_group_class && *request.log_group_class != row.value->group_class) return false;
    return !request.log_group_tags || std::ranges::all_of(*request.log_group_tags, [&](const TagFilter& filter) { return MatchesTag(*row.value, filter); });
  };
  const size_t limit = request.limit ? static_cast<size_t>(*request.limit) : kListMax;
  MF_CO_TRY(const auto page, resources::NextPageIf(groups_->groups(), {.prefix = prefix, .marker = request.next_token, .limit = limit, .bad_marker = &BadToken}, wanted));
  ListLogGroupsResponse response{.log_groups = std::vector<LogGroupSummary>(), .next_token = page.next_marker};
  for (const auto& row : page.rows) {
    const auto key = GroupKey::OfRow(row.key);
    response.log_groups->push_back({.log_group_name = key->name, .log_group_arn = key->Arn(), .log_group_class = row.value->group_class});
  }
  co_return response;
}

Task<Result<PutRetentionPolicyResponse>> LogsApi::PutRetentionPolicy(Context& ctx, PutRetentionPolicyRequest request) {
  if (std::ranges::find(kRetentionDays, request.retention_in_days) == std::end(kRetentionDays)) {
    co_return Fail(InvalidParameter(fmt::format("1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                                                request.retention_in_days, fmt::join(kRetentionDays, ", "))));
  }
  MF_CO_TRY_VOID(co_await groups_->Edit(ctx, GroupKey::Of(ctx, request.log_group_name), [&](GroupRow& row) -> Result<> {
    row.retention_days = request.retention_in_days;
    return {};
  }));
  co_return PutRetentionPolicyResponse();
}

Task<Result<DeleteRetentionPolicyResponse>> LogsApi::DeleteRetentionPolicy(Context& ctx, DeleteRetentionPolicyRequest request) {
  MF_CO_TRY_VOID(co_await groups_->Edit(ctx, GroupKey::Of(ctx, request.log_group_name), [](GroupRow& row) -> Result<> {
    row.retention_days = 0;
    return {};
  }));
  co_return DeleteRetentionPolicyResponse();
}

Task<Result<PutLogGroupDeletionProtectionResponse>> LogsApi::PutLogGroupDeletionProtection(Context& ctx, PutLogGroupDeletionProtectionRequest request) {
  MF_CO_TRY(const GroupKey key, KeyOf(ctx, std::nullopt, request.log_group_identifier));
  MF_CO_TRY_VOID(co_await groups_->Edit(ctx, key, [&](GroupRow& row) -> Result<> {
    row.is_protected = request.deletion_protection_enabled;
    return {};
  }));
  co_return PutLogGroupDeletionProtectionResponse();
}

Task<Result<>> LogsApi::SetKey(Context& ctx, MaybeText name, MaybeText identifier, std::string key_id) {
  MF_CO_TRY(const GroupKey key, KeyOf(ctx, name, identifier));
  co_return co_await groups_->Edit(ctx, key, [&](GroupRow& row) -> Result<> {
    row.kms_key_id = key_id;
    return {};
  });
}

Task<Result<AssociateKmsKeyResponse>> LogsApi::AssociateKmsKey(Context& ctx, AssociateKmsKeyRequest request) {
  MF_CO_TRY_VOID(co_await SetKey(ctx, request.log_group_name, request.resource_identifier, request.kms_key_id));
  co_return AssociateKmsKeyResponse();
}

Task<Result<DisassociateKmsKeyResponse>> LogsApi::DisassociateKmsKey(Context& ctx, DisassociateKmsKeyRequest request) {
  MF_CO_TRY_VOID(co_await SetKey(ctx, request.log_group_name, request.resource_identifier, ""));
  co_return DisassociateKmsKeyResponse();
}

}  // namespace mayfly::logs
