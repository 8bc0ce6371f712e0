#include "services/iotdata/retained.h"

namespace mayfly::iotdata {

void VisitMembers(resources::Is<RetainedRow> auto& row, auto&& visit) {
  visit("Payload", row.payload);
  visit("Bytes", row.payload_bytes);
  visit("Qos", row.qos);
  visit("Modified", row.modified_millis);
  visit("Properties", row.user_properties);
}

json::Value ToJson(const RetainedRow& row) { return resources::WriteMembers(row); }

Result<> FromJson(std::string_view, const json::Value& value, RetainedRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

std::string PlaceOf(const Context& ctx) { return ctx.principal.account_id + '/' + ctx.principal.region + '/'; }

Error InvalidRequest(std::string message) { return Error::Service("InvalidRequestException", std::move(message)); }

Error NoRetained(std::string_view) { return Error::Service("ResourceNotFoundException", "No retained message exists for the specified topic."); }

}  // namespace mayfly::iotdata
