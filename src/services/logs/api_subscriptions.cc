// Subscription filters.
#include <fmt/format.h>

#include "identity/arn.h"
#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

constexpr size_t kFiltersPageMax = 50;

SubscriptionFilter DescribeFilter(const GroupKey& key, std::string name, const SubscriptionRow& row) {
  SubscriptionFilter filter{.filter_name = std::move(name), .log_group_name = key.name, .filter_pattern = row.pattern, .destination_arn = row.destination_arn,
                            .distribution = row.distribution, .apply_on_transformed_logs = false, .creation_time = row.created_millis};
  if (!row.role_arn.empty()) filter.role_arn = row.role_arn;
  return filter;
}

Result<> CheckDestination(const PutSubscriptionFilterRequest& request) {
  const auto arn = identity::ParseArn(request.destination_arn);
  if (!arn) return Fail(InvalidParameter(fmt::format("destinationArn '{}' is invalid", request.destination_arn)));
  if (arn->service != "lambda") {
    return Fail(InvalidParameter(fmt::format("Destinations of service {} are not there yet: subscriptions go to functions. (PutSubscriptionFilter, destinationArn '{}')",
                                             arn->service, request.destination_arn)));
  }
  if (request.role_arn) return Fail(InvalidParameter("destinationArn for vendor lambda cannot be used with roleArn"));
  return {};
}

}  // namespace

Task<Result<PutSubscriptionFilterResponse>> LogsApi::PutSubscriptionFilter(Context& ctx, PutSubscriptionFilterRequest request) {
  const GroupKey key = GroupKey::Of(ctx, request.log_group_name);
  MF_CO_TRY_VOID(co_await groups_->Get(ctx, key));
  MF_CO_TRY_VOID(FilterPattern::Parse(request.filter_pattern));
  MF_CO_TRY_VOID(CheckDestination(request));
  const std::string row_key = key.RowOf(request.filter_name);
  auto& table = groups_->subscriptions();
  if (!table.Find(row_key) && table.List(key.RowOf(""), "", kSubscriptionsMax).size() >= kSubscriptionsMax) {
    co_return Fail(Error::Service("LimitExceededException", "Resource limit exceeded."));
  }
  MF_CO_TRY_VOID(co_await subscriptions_->SendTest(ctx, key, request.filter_name, request.destination_arn));
  SubscriptionRow row{.created_millis = ToEpochMillis(clock_->WallNow()), .pattern = request.filter_pattern, .destination_arn = request.destination_arn,
                      .role_arn = request.role_arn.value_or(""), .distribution = request.distribution.value_or("ByLogStream")};
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, table, row_key, [&](resources::Change& change, const auto& old) {
    if (old) row.created_millis = old->created_millis;
    return change.Put(table, row_key, row);
  }));
  subscriptions_->Follow(key);
  co_return PutSubscriptionFilterResponse();
}

Task<Result<DescribeSubscriptionFiltersResponse>> LogsApi::DescribeSubscriptionFilters(Context& ctx, DescribeSubscriptionFiltersRequest request) {
  const GroupKey key = GroupKey::Of(ctx, request.log_group_name);
  MF_CO_TRY_VOID(co_await groups_->Get(ctx, key));
  const size_t limit = request.limit ? static_cast<size_t>(*request.limit) : kFiltersPageMax;
  MF_CO_TRY(const auto page, resources::NextPage(groups_->subscriptions(), {.prefix = key.RowOf(request.filter_name_prefix.value_or("")), .marker = request.next_token,
                                                                            .limit = limit, .bad_marker = &BadToken}));
  DescribeSubscriptionFiltersResponse response{.subscription_filters = std::vector<SubscriptionFilter>(), .next_token = page.next_marker};
  for (const auto& row : page.rows) response.subscription_filters->push_back(DescribeFilter(key, row.key.substr(key.RowOf("").size()), *row.value));
  co_return response;
}

Task<Result<DeleteSubscriptionFilterResponse>> LogsApi::DeleteSubscriptionFilter(Context& ctx, DeleteSubscriptionFilterRequest request) {
  const GroupKey key = GroupKey::Of(ctx, request.log_group_name);
  MF_CO_TRY_VOID(co_await groups_->Get(ctx, key));
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, groups_->subscriptions(), key.RowOf(request.filter_name)));
  subscriptions_->Follow(key);
  co_return DeleteSubscriptionFilterResponse();
}

}  // namespace mayfly::logs
