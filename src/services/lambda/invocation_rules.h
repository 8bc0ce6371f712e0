// What every operation that runs a function asks of its request. Private to services/lambda.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::lambda {

inline constexpr size_t kInvokePayloadBytesMax = 6'291'456;

// The JSON of X-Amz-Client-Context, decoded; empty when there is none. Error: InvalidRequestContentException.
Result<std::string> DecodeClientContext(const std::optional<std::string>& header);

// Whether a payload is JSON, and not too large. `operation`: as AWS's text names it, e.g. "InvokeFunction".
// Errors: RequestEntityTooLargeException, InvalidRequestContentException.
Result<> CheckInvokePayload(const std::string& payload, std::string_view operation);

// The same for an event that nobody waits for.
Result<> CheckEventPayload(const std::string& payload);

// A tenant id for a function that knows no tenants.
Error NoTenancy();

}  // namespace mayfly::lambda
