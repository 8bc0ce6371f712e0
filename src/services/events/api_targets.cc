// PutTargets, RemoveTargets, ListTargetsByRule.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "delivery/http_destinations.h"
#include "identity/arn.h"
#include "patterns/input_template.h"
#include "patterns/json_path.h"
#include "resources/edit.h"
#include "services/events/events_api.h"
#include "wire/struct_text.h"

namespace mayfly::events {
namespace {

bool IsReserved(std::string_view placeholder) {
  constexpr std::string_view kReserved[] = {"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event",
                                            "aws.events.event.json"};
  return std::ranges::find(kReserved, placeholder) != std::end(kReserved);
}

Result<> CheckPaths(const Target& target) {
  if (target.input_path && !patterns::JsonPath::Parse(*target.input_path)) {
    return Fail(Invalid(fmt::format("Invalid InputPath for target {}.", target.id)));
  }
  if (!target.input_transformer || !target.input_transformer->input_paths_map) return {};
  for (const auto& [name, path] : *target.input_transformer->input_paths_map) {
    if (StartsWithIgnoringCase(name, "aws")) return Fail(Invalid(fmt::format("InputPathsMap for target {} contains the reserved name {}.", target.id, name)));
    if (!patterns::JsonPath::Parse(path)) return Fail(Invalid(fmt::format("Invalid InputPath for target {}: {}.", target.id, path)));
  }
  return {};
}

Result<> CheckTransformer(const Target& target) {
  const auto& paths = target.input_transformer->input_paths_map;
  for (const std::string& name : patterns::PlaceholdersOf(target.input_transformer->input_template)) {
    const bool is_known = paths && std::ranges::any_of(*paths, [&](const auto& path) { return path.first == name; });
    if (is_known || IsReserved(name)) continue;
    return Fail(Invalid(fmt::format("InputTemplate for target {} contains invalid placeholder {}.", target.id, name)));
  }
  if (!patterns::IsWellFormedTemplate(target.input_transformer->input_template)) {
    return Fail(Invalid(fmt::format("Invalid InputTemplate for target {} : [Source: (String)\"{}\"].", target.id, target.input_transformer->input_template)));
  }
  return {};
}

Result<> CheckTarget(const Target& target) {
  const auto arn = identity::ParseArn(target.arn);
  if (!arn) return Fail(Invalid(fmt::format("Parameter {} is not valid. Reason: Provided Arn is not in correct format.", target.arn)));
  if (int{target.input.has_value()} + int{target.input_path.has_value()} + int{target.input_transformer.has_value()} > 1) {
    return Fail(Invalid(fmt::format("Only one of Input, InputPath, or InputTransformer must be provided for target {}.", target.id)));
  }
  if (target.input && !json::IsValidJson(*target.input)) return Fail(Invalid(fmt::format("JSON syntax error in input for target {}", target.id)));
  if (arn->service == "sqs" && arn->resource.ends_with(".fifo") && !target.sqs_parameters) {
    return Fail(Invalid(fmt::format("Parameter(s) SqsParameters must be specified for target: {}.", target.id)));
  }
  if (delivery::IsApiDestinationArn(target.arn) && !target.role_arn) {
    return Fail(Invalid(fmt::format("Parameter(s) RoleArn must be specified for target: {}.", target.id)));
  }
  MF_TRY_VOID(CheckPaths(target));
  return target.input_transformer ? CheckTransformer(target) : Result<>();
}

Result<> CheckTargets(const std::vector<Target>& targets) {
  std::set<std::string_view> ids;
  for (const Target& target : targets) {
    if (!ids.insert(target.id).second) return Fail(Invalid(fmt::format("Targets must have different Ids, and {} is there twice.", target.id)));
    MF_TRY_VOID(CheckTarget(target));
  }
  return {};
}

// As they are kept: each with all that the client said of it.
std::vector<RuleTarget> RowsOf(const PutTargetsRequest& request) {
  const auto written = json::Parse(wire::WriteStruct(*calls::kPutTargets.operation().input, &request));
  MF_ASSERT(written.has_value());  // we have just written it
  const json::Array& targets = written->Find("Targets")->array();
  std::vector<RuleTarget> rows;
  for (size_t i = 0; i < targets.size(); ++i) rows.push_back({.id = request.targets[i].id, .arn = request.targets[i].arn, .settings = json::Write(targets[i])});
  return rows;
}

void Merge(std::vector<RuleTarget> added, std::vector<RuleTarget>& targets) {
  for (RuleTarget& target : added) {
    const auto old = std::ranges::find(targets, target.id, &RuleTarget::id);
    if (old == targets.end()) targets.push_back(std::move(target));
    else *old = std::move(target);
  }
}

std::string PageToken(size_t at) { return resources::WriteMarker(std::to_string(at)); }

}  // namespace

Task<Result<PutTargetsResponse>> EventsApi::PutTargets(Context& ctx, PutTargetsRequest request) {
  MF_CO_TRY(const RulePointer rule, ExistingRule(ctx, request.event_bus_name, request.rule));
  MF_CO_TRY_VOID(CheckTargets(request.targets));
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, parts_.tables->rules, rule->name.Key(), [&](RuleRow& changed) -> Result<> {
    Merge(RowsOf(request), changed.targets);
    return changed.targets.size() <= kTargetsMax ? Result<>() : Fail(LimitExceeded());
  }));
  co_return PutTargetsResponse{.failed_entry_count = 0, .failed_entries = std::vector<PutTargetsResultEntry>()};
}

Task<Result<RemoveTargetsResponse>> EventsApi::RemoveTargets(Context& ctx, RemoveTargetsRequest request) {
  MF_CO_TRY(const RulePointer rule, ExistingRule(ctx, request.event_bus_name, request.rule));
  RemoveTargetsResponse response{.failed_entry_count = 0, .failed_entries = std::vector<RemoveTargetsResultEntry>()};
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, parts_.tables->rules, rule->name.Key(), [&](RuleRow& changed) -> Result<> {
    response.failed_entries->clear();
    for (const std::string& id : request.ids) {
      if (std::erase_if(changed.targets, [&](const RuleTarget& target) { return target.id == id; }) > 0) continue;
      response.failed_entries->push_back({.target_id = id, .error_code = "ResourceNotFoundException",
                                          .error_message = fmt::format("Rule '{}' does not have a target with the Id '{}'.", changed.name.name, id)});
    }
    return {};
  }));
  response.failed_entry_count = static_cast<int32_t>(response.failed_entries->size());
  co_return response;
}

Task<Result<ListTargetsByRuleResponse>> EventsApi::ListTargetsByRule(Context& ctx, ListTargetsByRuleRequest request) {
  MF_CO_TRY(const RulePointer rule, ExistingRule(ctx, request.event_bus_name, request.rule));
  const resources::PageRequest wanted = PageOf("", request.limit, request.next_token);
  const auto place = wanted.marker ? resources::ReadMarker(*wanted.marker) : std::string("0");
  const auto begin = place ? ParseNumber<uint32_t>(*place) : std::nullopt;
  if (!begin) co_return Fail(wanted.bad_marker());
  const size_t end = std::min(rule->targets.size(), *begin + wanted.limit);
  json::Array shown;
  for (size_t at = *begin; at < end; ++at) shown.push_back(json::Parse(rule->targets[at].settings).value_or(json::Object()));
  json::Value all{json::Object()};
  all.Set("Targets", std::move(shown));
  ListTargetsByRuleResponse response;
  MF_CO_TRY_VOID(wire::ReadStruct(*calls::kListTargetsByRule.operation().output, all, &response));
  if (end < rule->targets.size()) response.next_token = PageToken(end);
  co_return response;
}

}  // namespace mayfly::events
