#include "services/pipes/pipe_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "identity/arn.h"
#include "patterns/input_template.h"
#include "patterns/json_path.h"
#include "services/pipes/pipe_table.h"

namespace mayfly::pipes {
namespace {

constexpr size_t kFiltersMax = 5;
constexpr int64_t kBatchSizeUsual = 10;
constexpr int64_t kBatchOfTenMax = 10;  // of targets whose services take ten at once

Error RefuseFilter(std::string_view reason) { return Invalid(fmt::format("Event pattern is not valid. Reason: {}", reason)); }

// Of EventBridge's operators, pipes know the simple ones.
constexpr patterns::Dialect kPipeDialect{.bytes_max = 4096, .has_wildcards = false, .has_nested_anything_but = false, .refuse = RefuseFilter};

Error NotBuilt(std::string_view what) {
  return Error::Service("NotImplementedException", fmt::format("{} is not implemented by Mayfly yet.", what));
}

const json::Value& MemberOf(const json::Value& value, std::string_view name) {
  static const json::Value kNothing{json::Object()};
  const json::Value* found = value.Find(name);
  return found ? *found : kNothing;
}

Result<sources::Filters> ReadFilters(const json::Value& source) {
  std::vector<std::string> texts;
  const json::Value* filters = MemberOf(source, "FilterCriteria").Find("Filters");
  for (const json::Value& filter : filters && filters->is_array() ? filters->array() : json::Array()) texts.emplace_back(filter.StringOr("Pattern", ""));
  if (texts.size() > kFiltersMax) return Fail(Invalid("A pipe can have up to 5 filters."));
  for (const std::string& text : texts) MF_TRY_VOID(patterns::EventPattern::Compile(text, kPipeDialect));
  return sources::Filters::Compile(texts);
}

Result<> ReadSource(const json::Value& settings, PipePlan& plan) {
  plan.source_arn = settings.StringOr("Source", "");
  const auto arn = identity::ParseArn(plan.source_arn);
  if (!arn || arn->service != "sqs") return Fail(NotBuilt(fmt::format("A pipe from {}", plan.source_arn)));
  const json::Value& source = MemberOf(settings, "SourceParameters");
  const json::Value& queue = MemberOf(source, "SqsQueueParameters");
  plan.batch_size = static_cast<size_t>(queue.IntOr("BatchSize", kBatchSizeUsual));
  plan.window = std::chrono::seconds(queue.IntOr("MaximumBatchingWindowInSeconds", 0));
  const bool is_fifo = arn->resource.ends_with(".fifo");
  if (plan.batch_size > kBatchSizeUsual && (is_fifo || plan.window == Duration::zero())) {
    return Fail(Invalid("BatchSize must not be greater than 10 without MaximumBatchingWindowInSeconds or for a FIFO queue."));
  }
  MF_TRY(plan.filters, ReadFilters(source));
  return {};
}

Result<> ReadTarget(const json::Value& settings, PipePlan& plan) {
  plan.target_arn = settings.StringOr("Target", "");
  const auto arn = identity::ParseArn(plan.target_arn);
  if (!arn) return Fail(Invalid("Target is no ARN."));
  plan.target_parameters = MemberOf(settings, "TargetParameters");
  plan.target_template = plan.target_parameters.StringOr("InputTemplate", "");
  plan.is_answer_awaited = MemberOf(plan.target_parameters, "LambdaFunctionParameters").StringOr("InvocationType", "REQUEST_RESPONSE") != "FIRE_AND_FORGET";
  const bool is_bus = arn->service == "events" && !delivery::IsApiDestinationArn(plan.target_arn);
  const bool takes_ten = arn->service == "sqs" || arn->service == "sns" || is_bus;
  if (takes_ten && plan.batch_size > kBatchOfTenMax) return Fail(Invalid("BatchSize of the source must not be greater than the 10 that the target takes."));
  return {};
}

std::optional<json::Value> ReservedOf(std::string_view name, const json::Value& plain, const PipePlan& plan, const PipeFacts& facts) {
  if (name == "aws.pipes.pipe-arn") return facts.arn;
  if (name == "aws.pipes.pipe-name") return facts.name;
  if (name == "aws.pipes.source-arn") return plan.source_arn;
  if (name == "aws.pipes.enrichment-arn") return plan.enrichment_arn;
  if (name == "aws.pipes.target-arn") return plan.target_arn;
  if (name == "aws.pipes.event.ingestion-time") return FormatIso8601(facts.ingested);
  if (name == "aws.pipes.event" || name == "aws.pipes.event.json") return plain;
  return std::nullopt;
}

bool IsReserved(std::string_view name) {
  constexpr std::string_view kReserved[] = {"aws.pipes.pipe-arn", "aws.pipes.pipe-name", "aws.pipes.source-arn", "aws.pipes.enrichment-arn", "aws.pipes.target-arn",
                                            "aws.pipes.event.ingestion-time", "aws.pipes.event", "aws.pipes.event.json"};
  return std::ranges::find(kReserved, name) != std::end(kReserved);
}

// A text may be anything; what begins as JSON has to become some.
Result<> CheckTemplate(std::string_view what, const std::string& text) {
  for (const std::string& name : patterns::PlaceholdersOf(text)) {
    if (IsReserved(name) || patterns::JsonPath::Parse(name)) continue;
    return Fail(Invalid(fmt::format("Invalid InputTemplate in {}: <{}> is neither a path nor a reserved variable.", what, name)));
  }
  const std::string_view begin = Trim(text, " \t\r\n");
  const bool is_json = begin.starts_with('{') || begin.starts_with('[');
  if (!is_json || patterns::IsWellFormedTemplate(text)) return {};
  return Fail(Invalid(fmt::format("Invalid InputTemplate in {}: it is no valid JSON.", what)));
}

// Parameters that are paths.
Result<> CheckParameters(const json::Value& parameters) {
  for (const auto& [name, value] : parameters.is_object() ? parameters.object() : json::Object()) {
    if (value.is_object()) MF_TRY_VOID(CheckParameters(value));
    const bool is_path = value.is_string() && value.string().starts_with("$.");
    if (is_path && !patterns::JsonPath::Parse(value.string())) return Fail(Invalid(fmt::format("{} has an invalid JSON path: {}", name, value.string())));
  }
  return {};
}

}  // namespace

Result<PipePlan> ReadPipePlan(const json::Value& settings) {
  PipePlan plan;
  MF_TRY_VOID(ReadSource(settings, plan));
  MF_TRY_VOID(ReadTarget(settings, plan));
  plan.role_arn = settings.StringOr("RoleArn", "");
  plan.enrichment_arn = settings.StringOr("Enrichment", "");
  plan.enrichment_template = MemberOf(settings, "EnrichmentParameters").StringOr("InputTemplate", "");
  MF_TRY_VOID(CheckTemplate("EnrichmentParameters", plan.enrichment_template));
  MF_TRY_VOID(CheckTemplate("TargetParameters", plan.target_template));
  MF_TRY_VOID(CheckParameters(plan.target_parameters));
  const auto enrichment = identity::ParseArn(plan.enrichment_arn);
  plan.enrichment_parameters = MemberOf(settings, "EnrichmentParameters");
  const bool is_known = enrichment && (enrichment->service == "lambda" || delivery::IsApiDestinationArn(plan.enrichment_arn));
  if (!plan.enrichment_arn.empty() && !is_known) return Fail(NotBuilt(fmt::format("Enrichment by {}", plan.enrichment_arn)));
  return plan;
}

json::Value DecodeRecord(const std::string& record) {
  json::Value event = json::Parse(record).value_or(json::Value());
  const json::Value* body = event.Find("body");
  auto decoded = body && body->is_string() ? json::Parse(body->string()) : Result<json::Value>(Fail(Error::Fault("no text")));
  if (decoded && (decoded->is_object() || decoded->is_array())) event.Set("body", std::move(*decoded));
  return event;
}

std::string TransformEvent(const std::string& input_template, const json::Value& event, const json::Value& plain, const PipePlan& plan, const PipeFacts& facts) {
  if (input_template.empty()) return json::Write(plain);
  return patterns::FillTemplate(input_template, [&](std::string_view name) -> std::optional<json::Value> {
    const auto path = patterns::JsonPath::Parse(name);
    return path ? path->Find(event) : ReservedOf(name, plain, plan, facts);
  });
}

delivery::HttpFields HttpFieldsOf(const json::Value& parameters, const json::Value& event) {
  const json::Value& http = MemberOf(parameters, "HttpParameters");
  delivery::HttpFields fields;
  const json::Value& values = MemberOf(http, "PathParameterValues");
  for (const json::Value& value : values.is_array() ? values.array() : json::Array()) {
    if (value.is_string()) fields.path_values.push_back(ResolveParameter(value.string(), event));
  }
  for (const json::Member& member : MemberOf(http, "HeaderParameters").object()) {
    if (member.second.is_string()) fields.headers.emplace_back(member.first, member.second.string());
  }
  for (const json::Member& member : MemberOf(http, "QueryStringParameters").object()) {
    if (member.second.is_string()) fields.query.emplace_back(member.first, ResolveParameter(member.second.string(), event));
  }
  return fields;
}

std::string ResolveParameter(std::string_view parameter, const json::Value& event) {
  const auto path = parameter.starts_with("$.") ? patterns::JsonPath::Parse(parameter) : std::nullopt;
  if (!path) return std::string(parameter);
  const auto found = path->Find(event);
  if (!found) return {};
  return found->is_string() ? found->string() : json::Write(*found);
}

}  // namespace mayfly::pipes
