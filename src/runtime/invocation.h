// One invocation as the runtime room sees it: what goes in and what comes out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"

namespace mayfly::runtime {

class ResponsePipe;

struct Invocation {
  std::string request_id;           // uuid; what START, the context object and the client see
  std::string invoked_function_arn;  // as the caller named it: with qualifier when there was one
  std::string payload;              // passed on as bytes
  std::string trace_id;             // X-Amzn-Trace-Id
  std::string client_context;       // JSON, decoded; may be empty
  std::string cognito_identity;     // JSON; may be empty
  std::string tenant_id;
  bool want_log_tail = false;       // X-Amz-Log-Type: Tail
  bool is_announced = false;        // its START is in the log: an environment was killed before it took the event
  // Where the answer's bytes go if the function streams it. Null: the caller wants the answer whole.
  std::shared_ptr<ResponsePipe> stream;
};

// How an invocation ended. A function error is no error of ours: it is a value.
struct InvokeOutcome {
  bool function_error = false;  // X-Amz-Function-Error: Unhandled
  std::string payload;          // the function's answer, or the error document; empty when the answer went into Invocation::stream
  std::string content_type = "application/json";
  bool streaming_mode = false;  // the runtime answered in streaming mode, whether the caller wanted it so or not
  std::string log_tail;         // the last 4 KB of the log, not encoded
  Duration duration{};
  int max_memory_mib = 0;       // the most that the environment has had resident so far; 0: not known (yet)
  int private_memory_mib = 0;   // of that, what is no page of others
  Duration init_duration{};     // of the Init that this invocation waited for
};

}  // namespace mayfly::runtime
