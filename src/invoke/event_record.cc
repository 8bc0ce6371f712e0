#include "invoke/event_record.h"

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::invoke {
namespace {

// A payload as a member's value: as it is when it is JSON, else as a string.
void WritePayload(std::string_view payload, std::string& out) {
  if (payload.empty()) {
    out += "null";
  } else if (json::IsValidJson(payload)) {
    out += payload;
  } else {
    json::WriteString(payload, out);
  }
}

// At most `bytes_max`, and no character cut in two.
std::string Cut(std::string text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  text.resize(bytes_max);
  return text;
}

// "errorMessage" of an error document; else the document.
std::string ErrorMessageOf(const runtime::InvokeOutcome& outcome) {
  const auto document = json::Parse(outcome.payload);
  const json::Value* message = document ? document->Find("errorMessage") : nullptr;
  return message && message->is_string() ? json::ToUtf8(message->string()) : outcome.payload;
}

}  // namespace

std::string QualifiedArn(const catalog::FunctionReference& function) {
  return function.name.Arn() + ':' + (function.qualifier.empty() ? "$LATEST" : function.qualifier);
}

std::string_view NameOf(EventCondition condition) {
  switch (condition) {
    case EventCondition::Success: return "Success";
    case EventCondition::RetriesExhausted: return "RetriesExhausted";
    case EventCondition::EventAgeExceeded: return "EventAgeExceeded";
    case EventCondition::ZeroReservedConcurrency: return "ZeroReservedConcurrency";
  }
  return "";
}

std::string MakeRecord(const AsyncEvent& event, const EventEnd& end, WallTime now, Payloads payloads) {
  std::string record;
  record.reserve(512 + (payloads == Payloads::Include ? event.payload.size() + (end.outcome ? end.outcome->payload.size() : 0) : 0));
  fmt::format_to(std::back_inserter(record), R"({{"version":"1.0","timestamp":"{}","requestContext":{{"requestId":{},"functionArn":{})",
                 FormatIso8601(now), json::Quote(event.request_id), json::Quote(QualifiedArn(event.function)));
  fmt::format_to(std::back_inserter(record), R"(,"condition":"{}","approximateInvokeCount":{}}})", NameOf(end.condition), event.invocations);
  if (payloads == Payloads::Include) {
    record += R"(,"requestPayload":)";
    WritePayload(event.payload, record);
  }
  if (end.outcome) {
    fmt::format_to(std::back_inserter(record), R"(,"responseContext":{{"statusCode":200,"executedVersion":{})", json::Quote(end.executed_version));
    if (end.outcome->function_error) record += R"(,"functionError":"Unhandled")";
    record += '}';
    if (payloads == Payloads::Include) {
      record += R"(,"responsePayload":)";
      WritePayload(end.outcome->payload, record);
    }
  }
  record += '}';
  return record;
}

std::vector<delivery::DeliveryAttribute> MakeDeadLetterAttributes(const AsyncEvent& event, const EventEnd& end) {
  using Type = delivery::DeliveryAttribute::Type;
  std::string message = Cut(end.outcome ? ErrorMessageOf(*end.outcome) : end.error_message, kDeadLetterMessageBytesMax);
  if (message.empty()) message = NameOf(end.condition);  // a queue takes no empty attribute
  return {{"RequestID", Type::String, event.request_id},
          {"ErrorCode", Type::Number, std::to_string(end.error_code)},
          {"ErrorMessage", Type::String, std::move(message)}};
}

}  // namespace mayfly::invoke
