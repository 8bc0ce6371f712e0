// AsyncEvent: an event that a function is to get asynchronously, as it is kept between the 202 and its end.
//
// Encode/Decode: the form in the store. Old forms stay readable: a change adds a format number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/function_reference.h"

namespace mayfly::invoke {

struct AsyncEvent {
  std::string request_id;                 // every attempt has the same one
  catalog::FunctionReference function;    // as it was named: an alias is resolved anew at each attempt
  std::string payload;                    // JSON
  std::string trace_header;               // with the lineage, this invocation included
  std::string client_context;             // JSON, decoded; may be empty
  WallTime accepted_at{};
  int invocations = 0;      // attempts that reached the function
  int function_errors = 0;  // of those, which failed
  int system_errors = 0;    // attempts that did not reach it, by a fault of ours
};

std::string Encode(const AsyncEvent& event);
// Errors: a Fault, what is stored is damaged or of a newer form.
Result<AsyncEvent> DecodeEvent(std::string_view bytes);

}  // namespace mayfly::invoke
