// Retained messages: the last message of a topic that was published with `retain`. Rows of the control store.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"

namespace mayfly::iotdata {

inline constexpr size_t kRetainedMax = 500'000;  // per account and region, as on AWS

struct RetainedRow {
  std::string payload;  // in base64: any bytes
  int64_t payload_bytes = 0;
  int qos = 0;
  int64_t modified_millis = 0;
  std::string user_properties;  // in base64, as they were sent; "" = none
};

json::Value ToJson(const RetainedRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, RetainedRow& row);

// "ACCOUNT/REGION/": of the rows of all that the account has there; the topic follows.
std::string PlaceOf(const Context& ctx);

Error InvalidRequest(std::string message);
Error NoRetained(std::string_view key);

}  // namespace mayfly::iotdata
