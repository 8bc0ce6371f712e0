#include "services/lambda/invocation_rules.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "invoke/event_queue.h"
#include "services/lambda/json_complaint.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kClientContextBytesMax = 3583;  // as it is sent, in base64

Error InvalidContent(std::string message) { return Error::Service("InvalidRequestContentException", std::move(message)); }

}  // namespace

Error NoTenancy() {
  return Error::Service(
      "InvalidParameterValueException",
      "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from the request and try again.");
}

Result<std::string> DecodeClientContext(const std::optional<std::string>& header) {
  if (!header || header->empty()) return std::string();
  if (header->size() > kClientContextBytesMax) {
    return Fail(InvalidContent(fmt::format("Client context must be no more than {} bytes when base64-encoded.", kClientContextBytesMax)));
  }
  auto text = Base64Decode(*header);
  if (!text || !json::IsValidJson(*text)) return Fail(InvalidContent("Client context must be a valid Base64-encoded JSON object."));
  // It travels in a header of the Runtime API: line breaks between its tokens become spaces.
  for (char& c : *text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return *text;
}

Result<> CheckInvokePayload(const std::string& payload, std::string_view operation) {
  if (payload.size() > kInvokePayloadBytesMax) {
    return Fail(Error::Service("RequestEntityTooLargeException", fmt::format("Request must be smaller than {} bytes for the {} operation",
                                                                             kInvokePayloadBytesMax, operation)));
  }
  if (json::IsValidJson(payload)) return {};
  return Fail(InvalidContent("Could not parse request body into json: Could not parse payload into json: " + WhyNoJson(payload)));
}

Result<> CheckEventPayload(const std::string& payload) {
  if (payload.size() <= invoke::kAsyncPayloadBytesMax) return CheckInvokePayload(payload, "InvokeFunction");
  return Fail(Error::Service("RequestEntityTooLargeException",
                             fmt::format("{} byte payload is too large for the Event invocation type (limit {} bytes)", payload.size(),
                                         invoke::kAsyncPayloadBytesMax)));
}

}  // namespace mayfly::lambda
