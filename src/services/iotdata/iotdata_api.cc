#include "services/iotdata/iotdata_api.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/arn.h"
#include "resources/edit.h"
#include "resources/paging.h"

namespace mayfly::iotdata {
namespace {

constexpr size_t kRetainedPageMax = 200;

void SetField(delivery::Delivery& delivery, std::string_view name, std::string value) {
  delivery::DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

}  // namespace

Task<Result<>> DataApi::Retain(Context& ctx, const PublishRequest& request) {
  const std::string place = PlaceOf(ctx), key = place + request.topic, payload = request.payload.value_or("");
  auto& table = *parts_.retained;
  const auto stage = [&](resources::Change& change, const auto& old) -> Result<> {
    if (payload.empty()) return old ? change.Delete(table, key, old) : Result<>();
    if (!old && table.size() >= kRetainedMax) return Fail(Error::Service("ThrottlingException", "There are too many retained messages."));
    return change.Put(table, key, RetainedRow{.payload = Base64Encode(payload), .payload_bytes = static_cast<int64_t>(payload.size()),
                                              .qos = request.qos.value_or(0), .modified_millis = ToEpochMillis(parts_.clock->WallNow()),
                                              .user_properties = request.user_properties.value_or("")});
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<>> DataApi::Publish(Context& ctx, PublishRequest request) {
  delivery::Delivery delivery;
  delivery.id = parts_.random->Uuid();
  delivery.target_arn = fmt::format("arn:{}:iot:{}:{}:topic/{}", identity::PartitionOf(ctx.principal.region), ctx.principal.region,
                                    ctx.principal.account_id, request.topic);
  delivery.source_arn = delivery.target_arn;
  delivery.principal = delivery::DeliveryPrincipal::Role(ctx.principal.arn, ctx.principal.account_id);
  delivery.body = request.payload.value_or("");
  delivery.trace_header = ctx.trace_header;
  SetField(delivery, "qos", std::to_string(request.qos.value_or(0)));
  if (delivery.body.size() > parts_.targets->BodyBytesMax(delivery.target_arn)) co_return Fail(InvalidRequest("The payload is too large."));
  if (request.retain.value_or(false)) {
    if (request.topic.starts_with('$')) co_return Fail(InvalidRequest("Messages of reserved topics are not retained."));
    MF_CO_TRY_VOID(co_await Retain(ctx, request));
  }
  co_return co_await parts_.targets->Deliver(ctx, delivery);
}

Task<Result<GetRetainedMessageResponse>> DataApi::GetRetainedMessage(Context& ctx, GetRetainedMessageRequest request) {
  MF_CO_TRY(const auto row, parts_.retained->Get(PlaceOf(ctx) + request.topic));
  GetRetainedMessageResponse response{.topic = request.topic, .payload = Base64Decode(row->payload), .qos = row->qos, .last_modified_time = row->modified_millis};
  if (!row->user_properties.empty()) response.user_properties = Base64Decode(row->user_properties);
  co_return response;
}

Task<Result<ListRetainedMessagesResponse>> DataApi::ListRetainedMessages(Context& ctx, ListRetainedMessagesRequest request) {
  const std::string place = PlaceOf(ctx);
  const resources::PageRequest wanted{.prefix = place, .marker = request.next_token, .limit = resources::PageLimit(request.max_results, kRetainedPageMax),
                                      .bad_marker = [] { return InvalidRequest("Invalid token."); }};
  MF_CO_TRY(auto page, resources::NextPage(*parts_.retained, wanted));
  ListRetainedMessagesResponse response{.retained_topics = std::vector<RetainedMessageSummary>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    response.retained_topics->push_back({.topic = row.key.substr(place.size()), .payload_size = row.value->payload_bytes, .qos = row.value->qos,
                                         .last_modified_time = row.value->modified_millis});
  }
  co_return response;
}

}  // namespace mayfly::iotdata
