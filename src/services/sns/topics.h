// Topics: all topics of the service and their subscriptions. The operations of the API, deliveries to topics, and what is owed to
// subscribers all come here.
//
// One per daemon, on its strand, over tables of its own. What an operation changes, it changes as a whole and durably; changes of one
// topic, its new subscriptions among them, take turns. A topic's subscriptions go with it.
// Limits: kSubscriptionsMax of a topic, kFiltersKept compiled filter policies in memory.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/task_scope.h"
#include "resources/edit.h"
#include "resources/paging.h"
#include "services/sns/subscription_filter.h"
#include "services/sns/topic.h"

namespace mayfly::sns {

inline constexpr size_t kSubscriptionsMax = 10'000;
inline constexpr size_t kFiltersKept = 10'000;
// How long a token is good, and what has not been confirmed with it is kept.
inline constexpr std::chrono::seconds kTokenTime = std::chrono::hours(48);

class Topics {
 public:
  // All outlive it. `loop`: the calendar.
  Topics(Loop& loop, store::Store& store, Random& random);

  // Reads the rows. Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);
  Task<> Stop();

  // nullptr: there is none.
  TopicPointer Find(const TopicName& name) const { return topics_.Find(name.Key()); }
  // By ARN. Errors: InvalidParameter, NotFound.
  Result<TopicPointer> Get(std::string_view arn) const;
  const resources::ResourceTable<TopicRow>& topics() const { return topics_; }
  const resources::ResourceTable<SubscriptionRow>& subscriptions() const { return subscriptions_; }

  // Makes `topic`, unless there is one of its name: then it is `accepts` that says whether that one will do.
  using Check = std::function<Result<>(const TopicRow& existing)>;
  Task<Result<>> Create(Context& ctx, TopicRow topic, Check accepts);
  // `edit`'s own errors; NotFound.
  Task<Result<>> Edit(Context& ctx, TopicName name, std::function<Result<>(TopicRow&)> edit);
  // With its subscriptions. Not an error: there is none.
  Task<Result<>> Delete(Context& ctx, TopicName name);

  // Those of a topic that somebody sees: not the removed ones.
  std::vector<SubscriptionPointer> SubscriptionsOf(const TopicName& topic) const;
  // Also one that is removed. nullptr: there is none.
  SubscriptionPointer FindSubscription(const SubscriptionName& name) const { return subscriptions_.Find(name.Key()); }
  // By ARN, of those that somebody sees. Errors: InvalidParameter, NotFound.
  Result<SubscriptionPointer> GetSubscription(std::string_view arn) const;
  // Makes `subscription`, or finds the one of its topic, protocol and endpoint that `accepts` takes. Errors: NotFound (the topic),
  // SubscriptionLimitExceeded; those of `accepts`.
  using CheckSubscription = std::function<Result<>(const SubscriptionRow& existing)>;
  struct Subscribed {
    SubscriptionPointer subscription;
    bool is_new = false;
  };
  Task<Result<Subscribed>> Subscribe(Context& ctx, SubscriptionRow subscription, CheckSubscription accepts);
  Task<Result<>> EditSubscription(Context& ctx, SubscriptionName name, std::function<Result<>(SubscriptionRow&)> edit);
  Task<Result<>> DeleteSubscription(Context& ctx, SubscriptionName name);
  // The subscription that a token of its topic is for. Error: InvalidParameter "Token".
  Result<SubscriptionPointer> FindByToken(const TopicName& topic, std::string_view token) const;
  std::string NewToken();
  int64_t now_seconds() const { return ToEpochMillis(loop_->WallNow()) / 1000; }

  // Whether a confirmed subscription wants the message. One whose policy cannot be read (any more) wants nothing.
  bool Wants(const SubscriptionPointer& subscription, std::string_view message, const std::vector<PublishedAttribute>& attributes);

 private:
  struct Filter {
    SubscriptionPointer of;  // as it was when it was compiled
    std::optional<SubscriptionFilter> filter;
  };
  bool HasExpired(const SubscriptionRow& subscription) const;
  Task<> SweepForEver();
  Task<Result<>> Sweep(Context& ctx);

  Loop* loop_;
  Random* random_;
  resources::ResourceTables tables_;
  resources::ResourceTable<TopicRow> topics_;                // by TopicName::Key
  resources::ResourceTable<SubscriptionRow> subscriptions_;  // by SubscriptionName::Key
  std::unordered_map<std::string, Filter> filters_;       // by SubscriptionName::Key
  TaskScope background_;
};

}  // namespace mayfly::sns
