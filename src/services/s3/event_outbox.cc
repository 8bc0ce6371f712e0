#include "services/s3/event_outbox.h"

#include "base/log.h"
#include "delivery/bus_event.h"
#include "delivery/item_codec.h"
#include "delivery/owed_delivery.h"
#include "services/s3/kept_settings.h"
#include "services/s3/notifications.h"
#include "services/s3/visits.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kQueue = "outbox";
constexpr char kItemFormat = 'S';
constexpr Duration kLease = std::chrono::minutes(30);
constexpr Duration kRetryAfter = std::chrono::seconds(1);
constexpr size_t kForwardCount = 64;

std::string Encoded(const delivery::LaneItem& item) {
  return delivery::ItemWriter(kItemFormat, item.lane.size() + item.payload.size() + 17).Text(item.lane).Text(item.payload).Take();
}

std::optional<delivery::LaneItem> Decoded(std::string_view bytes) {
  delivery::ItemReader reader(bytes);
  if (reader.format() != kItemFormat) return std::nullopt;
  delivery::LaneItem item{.lane = reader.Text(), .payload = reader.Text()};
  return reader.at_end() ? std::optional(std::move(item)) : std::nullopt;
}

delivery::DeliveryPrincipal PrincipalOf(const BucketRow& bucket) {
  return delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), bucket.account_id);
}

}  // namespace

delivery::LaneItem Outbox::ItemFor(const BucketRow& bucket, const std::string& target_arn, std::string body) {
  delivery::OwedDelivery owed{.sender = std::string(kNotificationSender), .owner_arn = BucketArn(bucket.name), .delivery = {}};
  owed.delivery.id = random_->Uuid();
  owed.delivery.target_arn = target_arn;
  owed.delivery.body = std::move(body);
  owed.delivery.source_arn = owed.owner_arn;
  owed.delivery.principal = PrincipalOf(bucket);
  return delivery::ItemOf(owed);
}

delivery::LaneItem Outbox::ItemForBus(const BucketRow& bucket, std::string_view detail_type, WallTime time, std::string detail) {
  delivery::BusEvent event{.id = random_->Uuid(), .source = "aws.s3", .detail_type = std::string(detail_type), .account_id = bucket.account_id,
                           .region = bucket.region, .time = time, .resources = {BucketArn(bucket.name)}, .detail = std::move(detail)};
  return delivery::ItemOf({.sender = std::string(kNotificationSender), .owner_arn = BucketArn(bucket.name),
                           .delivery = delivery::MakeBusDelivery(std::move(event), PrincipalOf(bucket))});
}

std::vector<delivery::LaneItem> Outbox::Owed(const Context& ctx, const BucketRow& bucket, const std::string& key, const ObjectRow& row,
                                             std::string_view event) {
  const std::string_view setting = bucket.Setting("notification");
  if (setting.empty()) return {};
  const auto configuration = SettingOf<NotificationConfiguration>(setting);
  if (!configuration) {
    log::Error("notifications of bucket {}: {}", bucket.name, configuration.error().ToString());
    return {};
  }
  const bool is_ours = ctx.principal.arn == kOwnPrincipal;
  const Occurrence occurrence{.event = event, .bucket = bucket, .key = key, .row = row, .request_id = ctx.request_id,
                              .principal_id = is_ours ? std::string(kOwnPrincipal) : PrincipalIdOf(ctx.principal),
                              .source_ip = is_ours ? std::string(kOwnPrincipal) : visits_->AddressOf(ctx.request_id), .time = calendar_->WallNow()};
  std::vector<delivery::LaneItem> owed;
  for (const NotificationRule& rule : RulesOf(*configuration)) {
    if (Fits(rule, event, key)) owed.push_back(ItemFor(bucket, rule.target_arn, RecordOf(occurrence, rule.id)));
  }
  const std::string_view detail_type = DetailTypeOf(event);
  if (configuration->event_bridge_configuration && !detail_type.empty()) {
    owed.push_back(ItemForBus(bucket, detail_type, occurrence.time, DetailOf(occurrence)));
  }
  return owed;
}

void Outbox::Stage(store::Batch& batch, const std::vector<delivery::LaneItem>& owed) const {
  for (const delivery::LaneItem& item : owed) batch.AppendLeased(kQueue, Encoded(item), loop_->WallNow() + kLease);
}

void Outbox::HandOver(std::vector<delivery::LaneItem> owed, const std::vector<int64_t>& ids) {
  MF_ASSERT(owed.size() == ids.size());
  for (size_t i = 0; i < owed.size(); ++i) tasks_.Spawn(HandOverOne(std::move(owed[i]), ids[i]));
}

Task<> Outbox::HandOverOne(delivery::LaneItem item, int64_t id) {
  Context ctx(*loop_);
  const auto appended = co_await lanes_->Append(ctx, std::move(item));
  store::Batch batch;
  if (appended) batch.Acknowledge(kQueue, id);
  else batch.Release(kQueue, id, loop_->WallNow() + kRetryAfter);
  const auto committed = co_await store_->Commit(ctx, std::move(batch));
  if (!appended || !committed) work_.Set();
}

Task<Result<>> Outbox::Owe(Context& ctx, const BucketRow& bucket, const std::string& target_arn, std::string body) {
  co_return co_await lanes_->Append(ctx, ItemFor(bucket, target_arn, std::move(body)));
}

void Outbox::Start() {
  tasks_.Spawn(Forward());
}

Task<> Outbox::Stop() {
  tasks_.Stop();
  work_.Set();
  co_await tasks_.Join();
}

Task<> Outbox::Forward() {
  Context ctx = Context(*loop_).WithStop(tasks_.stop_token());
  while (!ctx.stop.stop_requested()) {
    work_.Reset();
    auto leased = co_await store_->Lease(ctx, kQueue, {.count = kForwardCount, .lease = kLease});
    if (!leased) {
      co_await work_.WaitUntil(loop_->Now() + kRetryAfter);
    } else if (!leased->items.empty()) {
      for (store::QueueItem& item : leased->items) co_await Forward(std::move(item));
    } else if (leased->next_due) {
      co_await work_.WaitUntil(loop_->Now() + (*leased->next_due - loop_->WallNow()));
    } else {
      co_await work_.Wait();
    }
  }
}

Task<> Outbox::Forward(store::QueueItem item) {
  auto decoded = Decoded(item.payload);
  if (decoded) co_await HandOverOne(std::move(*decoded), item.id);
  else log::Error("an item of the outbox of S3 cannot be read: it is left where it is");
}

}  // namespace mayfly::s3
