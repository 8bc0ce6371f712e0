// What is told of an asynchronous invocation when it has ended: the record for its destinations, the message for its
// dead-letter queue. Pure functions. Source: AWS "Retaining records of Lambda asynchronous invocations".
#pragma once

#include <optional>
#include <string>

#include "delivery/delivery.h"
#include "invoke/async_event.h"
#include "runtime/invocation.h"

namespace mayfly::invoke {

enum class EventCondition : unsigned char { Success, RetriesExhausted, EventAgeExceeded, ZeroReservedConcurrency };
std::string_view NameOf(EventCondition condition);

// How an event has ended.
struct EventEnd {
  EventCondition condition = EventCondition::Success;
  std::string executed_version;                     // "1", "$LATEST"; of the last attempt
  const runtime::InvokeOutcome* outcome = nullptr;  // of the last attempt, when it was one that ended the event
  int error_code = 200;                             // of the dead letter: an HTTP status, 200 for a function's own error
  std::string error_message;                        // of the dead letter, where there is no outcome that says one
};

// The function with the version or alias that was asked for, "$LATEST" when none was.
std::string QualifiedArn(const catalog::FunctionReference& function);

enum class Payloads : unsigned char { Include, LeaveOut };
// The record, as JSON.
std::string MakeRecord(const AsyncEvent& event, const EventEnd& end, WallTime now, Payloads payloads);

inline constexpr size_t kDeadLetterMessageBytesMax = 1024;
// RequestID, ErrorCode, ErrorMessage.
std::vector<delivery::DeliveryAttribute> MakeDeadLetterAttributes(const AsyncEvent& event, const EventEnd& end);

}  // namespace mayfly::invoke
