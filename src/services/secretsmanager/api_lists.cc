// ListSecrets, BatchGetSecretValue, ListSecretVersionIds.
#include <algorithm>

#include "base/text.h"
#include "resources/paging.h"
#include "services/secretsmanager/secret_filters.h"
#include "services/secretsmanager/secrets_api.h"

namespace mayfly::secretsmanager {
namespace {

constexpr size_t kListMax = 100;
constexpr size_t kBatchMax = 20;

Error BadToken() { return Error::Service("InvalidNextTokenException", "The token is not valid."); }

// Where a page begins in a list that is made anew each time. Error: InvalidNextTokenException.
Result<size_t> PlaceOf(const std::optional<std::string>& token) {
  if (!token) return 0;
  const auto place = ParseNumber<size_t>(resources::ReadMarker(*token).value_or(""));
  if (!place) return Fail(BadToken());
  return *place;
}

SecretListEntry Describe(const SecretRow& secret) {
  SecretListEntry entry{.arn = secret.Arn(), .name = secret.name.name, .type = UnlessEmpty(secret.type), .description = UnlessEmpty(secret.description),
                        .kms_key_id = UnlessEmpty(secret.kms_key_id)};
  const RotationPlan& plan = secret.rotation;
  if (plan.was_set) entry.rotation_enabled = plan.is_enabled;
  entry.rotation_lambda_arn = UnlessEmpty(plan.function_arn);
  if (plan.after_days > 0 || !plan.schedule.empty()) entry.rotation_rules = RulesOf(plan);
  entry.last_rotated_date = DateOf(plan.last_millis);
  entry.last_changed_date = DateOf(secret.changed_millis);
  entry.last_accessed_date = DateOf(secret.accessed_day_millis);
  entry.deleted_date = DateOf(secret.deleted_millis);
  entry.next_rotation_date = DateOf(plan.next_millis);
  entry.tags = TagsOf(secret.tags);
  if (auto stages = StagesOf(secret); !stages.empty()) entry.secret_versions_to_stages = std::move(stages);
  entry.created_date = DateOf(secret.created_millis);
  return entry;
}

int64_t TimeFor(const SecretRow& secret, std::string_view sort_by) {
  if (sort_by == "last-accessed-date") return secret.accessed_day_millis;
  return sort_by == "last-changed-date" ? secret.changed_millis : secret.created_millis;
}

void Sort(std::vector<SecretPointer>& secrets, std::string_view sort_by, bool descending) {
  const auto before = [&](const SecretPointer& a, const SecretPointer& b) {
    if (sort_by == "name") return a->name.name < b->name.name;
    return TimeFor(*a, sort_by) < TimeFor(*b, sort_by);
  };
  std::ranges::stable_sort(secrets, [&](const auto& a, const auto& b) { return descending ? before(b, a) : before(a, b); });
}

// Where a secret stands in a list, so that a page goes on behind it when others have gone: its time (0 where names order), '/' and its name.
std::string PlaceIn(const SecretRow& secret, std::string_view sort_by) {
  return std::to_string(sort_by == "name" ? 0 : TimeFor(secret, sort_by)) + "/" + secret.name.name;
}

// The first of a sorted list behind that place. Secrets of one time stand by their names. Error: InvalidNextTokenException.
Result<size_t> FirstBehind(const std::vector<SecretPointer>& sorted, std::string_view sort_by, bool descending, const std::optional<std::string>& token) {
  if (!token) return 0;
  const std::string place = resources::ReadMarker(*token).value_or("");
  const size_t slash = place.find('/');
  const auto time = slash == std::string::npos ? std::nullopt : ParseNumber<int64_t>(place.substr(0, slash));
  if (!time) return Fail(BadToken());
  const std::string name = place.substr(slash + 1);
  const auto is_shown = [&](const SecretPointer& secret) {
    if (sort_by == "name") return descending ? secret->name.name >= name : secret->name.name <= name;
    const int64_t other = TimeFor(*secret, sort_by);
    return other == *time ? secret->name.name <= name : (other < *time) != descending;
  };
  return static_cast<size_t>(std::ranges::find_if_not(sorted, is_shown) - sorted.begin());
}

APIErrorType WhatIsWrong(const std::string& id, const Error& error) { return {.secret_id = id, .error_code = error.code, .message = error.message}; }

}  // namespace

std::vector<SecretPointer> SecretsApi::Select(const Context& ctx, const std::vector<Filter>& filters, bool with_deleted) const {
  const SecretName place{ctx.principal.account_id, ctx.principal.region, {}};
  std::vector<SecretPointer> all;
  for (const auto& row : secrets_->tables().secrets.ListIf(place.Place(), "", SIZE_MAX, [&](const auto& one) {
         return (with_deleted || !one.value->is_deleted()) && Matches(*one.value, filters);
       })) {
    all.push_back(row.value);
  }
  return all;
}

Task<Result<ListSecretsResponse>> SecretsApi::ListSecrets(Context& ctx, ListSecretsRequest request) {
  std::vector<SecretPointer> all = Select(ctx, request.filters.value_or(std::vector<Filter>()), request.include_planned_deletion.value_or(false));
  const std::string sort_by = request.sort_by.value_or("created-date");
  const bool descending = request.sort_order.value_or("asc") == "desc";
  Sort(all, sort_by, descending);
  MF_CO_TRY(size_t at, FirstBehind(all, sort_by, descending, request.next_token));
  const size_t end = std::min(all.size(), at + resources::PageLimit(request.max_results, kListMax));
  ListSecretsResponse response{.secret_list = std::vector<SecretListEntry>(), .next_token = {}};
  for (; at < end; ++at) response.secret_list->push_back(Describe(*all[at]));
  if (end > 0 && end < all.size()) response.next_token = resources::WriteMarker(PlaceIn(*all[end - 1], sort_by));
  co_return response;
}

Task<Result<BatchGetSecretValueResponse>> SecretsApi::BatchGetSecretValue(Context& ctx, BatchGetSecretValueRequest request) {
  if (request.secret_id_list.has_value() == request.filters.has_value()) {
    co_return Fail(BadParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both."));
  }
  if (request.secret_id_list && request.max_results) co_return Fail(BadParameter("'Filters' not specified. 'MaxResults' requires 'Filters'."));
  MF_CO_TRY(size_t at, PlaceOf(request.next_token));
  std::vector<std::string> ids = request.secret_id_list.value_or(std::vector<std::string>());
  for (const SecretPointer& secret : request.filters ? Select(ctx, *request.filters, false) : std::vector<SecretPointer>()) ids.push_back(secret->Arn());
  const size_t end = std::min(ids.size(), at + resources::PageLimit(request.max_results, kBatchMax));
  BatchGetSecretValueResponse response{.secret_values = std::vector<SecretValueEntry>(), .next_token = {}, .errors = std::vector<APIErrorType>()};
  if (end < ids.size()) response.next_token = resources::WriteMarker(std::to_string(end));
  for (; at < end; ++at) {
    const auto secret = secrets_->Find(ctx, ids[at]);
    Result<> allowed = secret ? parts_.authorizer->Authorize(ctx, "secretsmanager:GetSecretValue", **secret) : Result<>(Fail(secret.error()));
    auto read = allowed ? co_await ReadValue(ctx, *secret, std::nullopt, std::nullopt) : Result<GetSecretValueResponse>(Fail(allowed.error()));
    if (!read && read.error().kind != Error::Kind::Service) co_return Fail(std::move(read).error());
    if (!read) {
      response.errors->push_back(WhatIsWrong(ids[at], read.error()));
      continue;
    }
    response.secret_values->push_back({.arn = read->arn, .name = read->name, .version_id = read->version_id, .secret_binary = std::move(read->secret_binary),
                                       .secret_string = std::move(read->secret_string), .version_stages = read->version_stages, .created_date = read->created_date});
  }
  co_return response;
}

Task<Result<ListSecretVersionIdsResponse>> SecretsApi::ListSecretVersionIds(Context& ctx, ListSecretVersionIdsRequest request) {
  MF_CO_TRY(const SecretPointer secret, secrets_->Find(ctx, request.secret_id));
  MF_CO_TRY(size_t at, PlaceOf(request.next_token));
  ListSecretVersionIdsResponse response{.versions = std::vector<SecretVersionsListEntry>(), .next_token = {}, .arn = secret->Arn(), .name = secret->name.name};
  const size_t limit = resources::PageLimit(request.max_results, kListMax);
  for (; at < secret->versions.size() && response.versions->size() < limit; ++at) {
    const SecretVersion& version = secret->versions[at];
    if (version.stages.empty() && !request.include_deprecated.value_or(false)) continue;
    SecretVersionsListEntry entry{.version_id = version.id, .version_stages = {}, .last_accessed_date = DateOf(version.accessed_day_millis),
                                  .created_date = DateOf(version.created_millis), .kms_key_ids = {}};
    if (!version.stages.empty()) entry.version_stages = version.stages;
    if (version.has_value) entry.kms_key_ids = std::vector<std::string>{secret->kms_key_id.empty() ? "DefaultEncryptionKey" : version.key_arn};
    response.versions->push_back(std::move(entry));
  }
  if (at < secret->versions.size()) response.next_token = resources::WriteMarker(std::to_string(at));
  co_return response;
}

}  // namespace mayfly::secretsmanager
