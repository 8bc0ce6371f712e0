#include "services/sns/topics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr Duration kSweepEvery = std::chrono::hours(1);
constexpr int kTokenBytes = 128;  // 256 characters, as AWS's have

Error NoSuchTopic(std::string_view) { return TopicDoesNotExist(); }
Error NoSuchSubscription(std::string_view) { return SubscriptionDoesNotExist(); }

// ACCOUNT/REGION/NAME of ACCOUNT/REGION/NAME/ID.
std::optional<std::string> TopicKeyOf(std::string_view key) { return std::string(key.substr(0, key.rfind('/'))); }

// AWS's words for what is no ARN at all.
Error NoArn(std::string_view parameter, std::string_view arn) {
  const auto parts = std::ranges::count(arn, ':') + 1;
  return InvalidParameter(parameter, fmt::format("An ARN must have at least 6 elements, not {}", parts));
}

}  // namespace

Topics::Topics(Loop& loop, store::Store& store, Random& random)
    : loop_(&loop), random_(&random), tables_(store), topics_(tables_, "sns-topics", {.owners = {}, .errors = {.missing = &NoSuchTopic}}),
      subscriptions_(tables_, "sns-subscriptions",
                     {.owners = {{.table = &topics_,
                                  .key_of = &TopicKeyOf,
                                  .root_of = [](std::string_view topic) { return std::string(topic); }}},
                      .errors = {.missing = &NoSuchSubscription}}),
      background_(loop) {}

Task<Result<>> Topics::Open(Context& ctx) {
  MF_CO_TRY_VOID(co_await tables_.Open(ctx));
  subscriptions_.OnChange([this](const std::string& key, const auto&, const auto&) { filters_.erase(key); });
  background_.Spawn(SweepForEver());
  co_return Result<>();
}

Task<> Topics::Stop() {
  background_.Stop();
  co_await background_.Join();
}

Result<TopicPointer> Topics::Get(std::string_view arn) const {
  if (const auto name = ParseTopicArn(arn)) return topics_.Get(name->Key());
  if (std::ranges::count(arn, ':') < 5) return Fail(NoArn("TopicArn", arn));
  return Fail(InvalidParameter("TopicArn"));
}

Task<Result<>> Topics::Create(Context& ctx, TopicRow topic, Check accepts) {
  const std::string key = topic.name.Key();
  const auto create = [&](resources::Change& change, const TopicPointer& existing) -> Result<> {
    return existing ? accepts(*existing) : change.Create(topics_, key, topic);
  };
  co_return co_await resources::EditWith(ctx, topics_, key, create);
}

Task<Result<>> Topics::Edit(Context& ctx, TopicName name, std::function<Result<>(TopicRow&)> edit) {
  co_return co_await resources::Edit(ctx, topics_, name.Key(), std::move(edit));
}

Task<Result<>> Topics::Delete(Context& ctx, TopicName name) {
  auto deleted = co_await resources::Remove(ctx, topics_, name.Key());
  if (!deleted && deleted.error().IsService("NotFoundException")) co_return Result<>();
  co_return deleted;
}

std::vector<SubscriptionPointer> Topics::SubscriptionsOf(const TopicName& topic) const {
  std::vector<SubscriptionPointer> found;
  for (auto& row : subscriptions_.List(topic.Key() + "/", "", kSubscriptionsMax)) {
    if (!row.value->is_removed() && !HasExpired(*row.value)) found.push_back(std::move(row.value));
  }
  return found;
}

Result<SubscriptionPointer> Topics::GetSubscription(std::string_view arn) const {
  const auto name = ParseSubscriptionArn(arn);
  if (!name) {
    if (std::ranges::count(arn, ':') < 5) return Fail(NoArn("SubscriptionArn", arn));
    return Fail(InvalidParameter("SubscriptionId"));
  }
  SubscriptionPointer found = FindSubscription(*name);
  if (!found || found->is_removed() || HasExpired(*found)) return Fail(SubscriptionDoesNotExist());
  return found;
}

Task<Result<Topics::Subscribed>> Topics::Subscribe(Context& ctx, SubscriptionRow subscription, CheckSubscription accepts) {
  const TopicName topic = subscription.name.topic;
  subscription.name.id = random_->Uuid();
  std::optional<SubscriptionName> existing;
  const auto subscribe = [&](resources::Change& change, const TopicPointer& row) -> Result<> {
    if (!row) return Fail(TopicDoesNotExist());
    existing.reset();
    const auto all = SubscriptionsOf(topic);
    for (const SubscriptionPointer& other : all) {
      if (other->protocol != subscription.protocol || other->endpoint != subscription.endpoint) continue;
      existing = other->name;
      return accepts(*other);
    }
    if (all.size() >= kSubscriptionsMax) {
      return Fail(Error::Service("SubscriptionLimitExceededException", fmt::format("Subscription limit of {} exceeded for {}", kSubscriptionsMax, topic.Arn())));
    }
    return change.Create(subscriptions_, subscription.name.Key(), subscription);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, topics_, topic.Key(), subscribe));
  SubscriptionPointer made = FindSubscription(existing.value_or(subscription.name));
  if (!made) co_return Fail(TopicDoesNotExist());  // it went with its topic at once
  co_return Subscribed{.subscription = std::move(made), .is_new = !existing};
}

Task<Result<>> Topics::EditSubscription(Context& ctx, SubscriptionName name, std::function<Result<>(SubscriptionRow&)> edit) {
  co_return co_await resources::Edit(ctx, subscriptions_, name.Key(), std::move(edit));
}

Task<Result<>> Topics::DeleteSubscription(Context& ctx, SubscriptionName name) {
  auto deleted = co_await resources::Remove(ctx, subscriptions_, name.Key());
  if (!deleted && deleted.error().IsService("NotFoundException")) co_return Result<>();
  co_return deleted;
}

Result<SubscriptionPointer> Topics::FindByToken(const TopicName& topic, std::string_view token) const {
  const auto has_it = [token](const auto& row) { return !token.empty() && row.value->token == token; };
  auto found = subscriptions_.ListIf(topic.Key() + "/", "", 1, has_it);
  if (found.empty() || HasExpired(*found.front().value)) return Fail(InvalidParameter("Token"));
  return std::move(found.front().value);
}

std::string Topics::NewToken() { return random_->Hex(kTokenBytes); }

bool Topics::Wants(const SubscriptionPointer& subscription, std::string_view message, const std::vector<PublishedAttribute>& attributes) {
  if (subscription->filter_policy.empty()) return true;
  if (filters_.size() >= kFiltersKept) filters_.clear();
  Filter& kept = filters_[subscription->name.Key()];
  if (kept.of != subscription) {
    kept = {.of = subscription, .filter = std::nullopt};
    const FilterScope scope = subscription->filter_scope == kScopeBody ? FilterScope::Body : FilterScope::Attributes;
    if (auto filter = SubscriptionFilter::Compile(subscription->filter_policy, scope)) kept.filter = std::move(*filter);
  }
  return kept.filter && kept.filter->Wants(message, attributes);
}

bool Topics::HasExpired(const SubscriptionRow& subscription) const {
  return !subscription.is_confirmed() && now_seconds() >= subscription.token_seconds + kTokenTime.count();
}

Task<> Topics::SweepForEver() {
  Context ctx(*loop_);
  ctx.stop = background_.stop_token();
  while (!ctx.stop.stop_requested()) {
    if (auto swept = co_await Sweep(ctx); !swept && swept.error().kind == Error::Kind::Fault) {
      log::Warning("remove subscriptions that were not confirmed: {}", swept.error().ToString());
    }
    (void)co_await Sleep(ctx, kSweepEvery);
  }
}

Task<Result<>> Topics::Sweep(Context& ctx) {
  constexpr size_t kAtOnce = 100;
  const auto expired = [this](const auto& row) { return HasExpired(*row.value); };
  for (auto rows = subscriptions_.ListIf("", "", kAtOnce, expired); !rows.empty(); rows = subscriptions_.ListIf("", rows.back().key, kAtOnce, expired)) {
    for (const auto& row : rows) MF_CO_TRY_VOID(co_await DeleteSubscription(ctx, row.value->name));
  }
  co_return Result<>();
}

}  // namespace mayfly::sns
