// PipePlan: a pipe's settings as it works by. Read from what the client said; pure functions. Source: AWS "Amazon EventBridge Pipes": sources,
// filtering, enrichment, targets, input transformation.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "delivery/http_destinations.h"
#include "sources/record_filters.h"

namespace mayfly::pipes {

struct PipePlan {
  std::string source_arn;
  std::string enrichment_arn;  // "": none
  std::string target_arn;
  std::string role_arn;
  std::string enrichment_template;  // "": none, as the next
  std::string target_template;
  sources::Filters filters;
  size_t batch_size = 10;
  Duration window{};
  json::Value target_parameters{json::Object()};
  json::Value enrichment_parameters{json::Object()};
  bool is_answer_awaited = true;  // of a function as target: REQUEST_RESPONSE
};

// Errors: ValidationException; NotImplementedException for a source or an enrichment that is not built.
Result<PipePlan> ReadPipePlan(const json::Value& settings);

// A record of the source as one of events: its body as JSON, where it is some.
json::Value DecodeRecord(const std::string& record);

struct PipeFacts {
  std::string arn;
  std::string name;
  WallTime ingested{};
};
// What becomes of an event: by a template, or itself.
std::string TransformEvent(const std::string& input_template, const json::Value& event, const json::Value& plain, const PipePlan& plan, const PipeFacts& facts);
// HttpParameters of a target or enrichment that is called over HTTP; values may be paths into the event, those of the header may not.
delivery::HttpFields HttpFieldsOf(const json::Value& parameters, const json::Value& event);
// A parameter, which may be a path into the event.
std::string ResolveParameter(std::string_view parameter, const json::Value& event);

}  // namespace mayfly::pipes
