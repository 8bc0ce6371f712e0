// Outbox: what a bucket owes those who are to hear of a change. It is committed together with the change, then handed over to the daemon's
// DurableLanes, which deliver it (delivery/owed_delivery.h): this is no second way out, only what joins two stores.
//
// One per daemon, on its strand. Promises: what was committed is handed over, also by a later start; after a crash perhaps twice, with the
// same id. Bounds: no more is on its way than requests are.
#pragma once

#include <string>
#include <vector>

#include "base/task_scope.h"
#include "delivery/delivery_worker.h"
#include "delivery/durable_lanes.h"
#include "services/s3/buckets.h"

namespace mayfly::s3 {

class Visits;

class Outbox final : public delivery::Sender {
 public:
  // All outlive it. `lanes` are opened later.
  Outbox(store::Store& store, delivery::DurableLanes& lanes, Random& random, Loop& loop, const Clock& calendar, const Visits& visits)
      : store_(&store), lanes_(&lanes), random_(&random), loop_(&loop), calendar_(&calendar), visits_(&visits), work_(loop), tasks_(loop) {}

  // What a change of an object makes the bucket owe. `event`: "ObjectCreated:Put".
  std::vector<delivery::LaneItem> Owed(const Context& ctx, const BucketRow& bucket, const std::string& key, const ObjectRow& row, std::string_view event);
  void Stage(store::Batch& batch, const std::vector<delivery::LaneItem>& owed) const;
  // After the commit; `ids`: what it appended. In the background.
  void HandOver(std::vector<delivery::LaneItem> owed, const std::vector<int64_t>& ids);
  // For what is owed without a change of an object. Durable when it returns.
  Task<Result<>> Owe(Context& ctx, const BucketRow& bucket, const std::string& target_arn, std::string body);
  // Hands over what an earlier daemon has left, and whatever could not be handed over.
  void Start();
  Task<> Stop();

  void OnGivenUp(const delivery::OwedDelivery&) override {}  // the worker's log tells

 private:
  delivery::LaneItem ItemFor(const BucketRow& bucket, const std::string& target_arn, std::string body);
  delivery::LaneItem ItemForBus(const BucketRow& bucket, std::string_view detail_type, WallTime time, std::string detail);
  Task<> HandOverOne(delivery::LaneItem item, int64_t id);
  Task<> Forward();
  Task<> Forward(store::QueueItem item);

  store::Store* store_;
  delivery::DurableLanes* lanes_;
  Random* random_;
  Loop* loop_;
  const Clock* calendar_;
  const Visits* visits_;
  Event work_;  // something was given back
  TaskScope tasks_;
};

// The sender by whose name deliveries are owed.
inline constexpr std::string_view kNotificationSender = "s3-notification";
// Whom collectors act as.
inline constexpr std::string_view kOwnPrincipal = "s3.amazonaws.com";

}  // namespace mayfly::s3
