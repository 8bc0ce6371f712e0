#include "delivery/owed_delivery.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "delivery/item_codec.h"
#include "identity/arn.h"

namespace mayfly::delivery {
namespace {

constexpr char kFormat = 'P';
// Of when deliveries had no groups and no time, and attributes no labels.
constexpr char kFormatWithoutGroups = 'O';
// The first form, of when only Lambda owed deliveries: a kind and the four parts of a function instead of sender, owner and
// principal.
constexpr char kFormatOfFunctions = 'D';
constexpr uint64_t kAttributesMax = 80;
constexpr uint64_t kMillisMax = 9'000'000'000'000;  // in the year 2255, where a WallTime can still be

void WriteDelivery(const Delivery& delivery, ItemWriter& writer) {
  writer.Text(delivery.id).Text(delivery.target_arn).Text(delivery.source_arn).Text(delivery.trace_header).Text(delivery.detail_type);
  writer.Text(delivery.message_group_id).Text(delivery.message_deduplication_id);
  writer.Number(delivery.attributes.size());
  for (const DeliveryAttribute& attribute : delivery.attributes) {
    writer.Text(attribute.name).Number(static_cast<uint64_t>(attribute.type)).Text(attribute.value).Text(attribute.label);
  }
  writer.Text(delivery.body);
}

void ReadDelivery(ItemReader& reader, Delivery& delivery) {
  delivery.id = reader.Text();
  delivery.target_arn = reader.Text();
  delivery.source_arn = reader.Text();
  delivery.trace_header = reader.Text();
  delivery.detail_type = reader.Text();
  const bool has_groups = reader.format() == kFormat;
  if (has_groups) {
    delivery.message_group_id = reader.Text();
    delivery.message_deduplication_id = reader.Text();
  }
  const uint64_t attributes = reader.NumberUpTo(kAttributesMax);
  for (uint64_t i = 0; reader.ok() && i < attributes; ++i) {
    DeliveryAttribute& attribute = delivery.attributes.emplace_back();
    attribute.name = reader.Text();
    attribute.type = static_cast<DeliveryAttribute::Type>(reader.NumberUpTo(2));
    attribute.value = reader.Text();
    if (has_groups) attribute.label = reader.Text();
  }
  delivery.body = reader.Text();
}

void Read(ItemReader& reader, OwedDelivery& owed) {
  owed.sender = reader.Text();
  owed.owner_arn = reader.Text();
  owed.attempts = reader.Count();
  if (reader.format() == kFormat) owed.accepted_at = WallTime(std::chrono::milliseconds(static_cast<int64_t>(reader.NumberUpTo(kMillisMax))));
  DeliveryPrincipal& principal = owed.delivery.principal;
  principal.kind = static_cast<DeliveryPrincipal::Kind>(reader.NumberUpTo(1));
  principal.name = reader.Text();
  principal.account_id = reader.Text();
  ReadDelivery(reader, owed.delivery);
}

// Whoever owed it did not say as whom: it acts for the function's account.
void ReadOfFunction(ItemReader& reader, OwedDelivery& owed) {
  owed.sender = reader.NumberUpTo(1) == 0 ? "lambda-destination" : "lambda-dead-letter";
  owed.attempts = reader.Count();
  const std::string account_id = reader.Text(), region = reader.Text(), name = reader.Text(), qualifier = reader.Text();
  const std::string_view partition = identity::PartitionOf(region);
  owed.owner_arn = fmt::format("arn:{}:lambda:{}:{}:function:{}{}{}", partition, region, account_id, name, qualifier.empty() ? "" : ":", qualifier);
  owed.delivery.principal = DeliveryPrincipal::Role(fmt::format("arn:{}:iam::{}:root", partition, account_id), account_id);
  ReadDelivery(reader, owed.delivery);
}

}  // namespace

std::string DeliveryLane(std::string_view target_arn) { return fmt::format("{}/{}", kDeliveryLanes, target_arn); }

LaneItem ItemOf(const OwedDelivery& owed) { return {DeliveryLane(owed.delivery.target_arn), Encode(owed)}; }

LaneItem OrderedItemOf(const OwedDelivery& owed) {
  const Delivery& delivery = owed.delivery;
  const std::string group = Sha256Hex(delivery.message_group_id).substr(0, 32);  // names of lanes are short
  return {fmt::format("{}/{}/{}", kOrderedDeliveryLanes, delivery.target_arn, group), Encode(owed)};
}

std::string Encode(const OwedDelivery& owed) {
  const Delivery& delivery = owed.delivery;
  MF_ASSERT(delivery.attributes.size() <= kAttributesMax);
  MF_ASSERT(delivery.principal.is_named());
  ItemWriter writer(kFormat, 512 + delivery.body.size() + delivery.trace_header.size());
  writer.Text(owed.sender).Text(owed.owner_arn).Number(static_cast<uint64_t>(owed.attempts));
  writer.Number(static_cast<uint64_t>(std::max<int64_t>(0, ToEpochMillis(owed.accepted_at))));
  writer.Number(static_cast<uint64_t>(delivery.principal.kind)).Text(delivery.principal.name).Text(delivery.principal.account_id);
  WriteDelivery(delivery, writer);
  return writer.Take();
}

Result<OwedDelivery> DecodeDelivery(std::string_view bytes) {
  ItemReader reader(bytes);
  OwedDelivery owed;
  switch (reader.format()) {
    case kFormat:
    case kFormatWithoutGroups: Read(reader, owed); break;
    case kFormatOfFunctions: ReadOfFunction(reader, owed); break;
    default: reader.Spoil();
  }
  if (!owed.delivery.principal.is_named()) reader.Spoil();
  if (!reader.at_end()) return Fail(Error::Fault(fmt::format("a stored delivery of {} bytes cannot be read", bytes.size())));
  return owed;
}

}  // namespace mayfly::delivery
