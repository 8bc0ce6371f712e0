#include "services/lambda/mappings_api.h"

#include <fmt/format.h>

#include "base/random.h"
#include "catalog/access.h"
#include "catalog/function_catalog.h"
#include "invoke/environment_spec.h"
#include "services/lambda/mapping_claims.h"
#include "services/lambda/mapping_settings.h"
#include "services/lambda/mapping_settling.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"
#include "services/lambda/tags.h"
#include "sources/queue_source.h"
#include "sources/table.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;
namespace MappingState = catalog::MappingState;

constexpr size_t kMappingsPageMax = 100;
constexpr std::string_view kQueueMissing =
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue "
    "does "
    "not exist.";

Error InUse(std::string_view verb) {
  return Error::Service("ResourceInUseException", fmt::format("Cannot {} the event source mapping because it is in use.", verb));
}

// Somebody else changes the mapping at this moment.
Error InUseIfConflict(Error error, std::string_view verb) {
  return error.IsService("ResourceConflictException") ? InUse(verb) : std::move(error);
}

std::string MappingKey(const Context& ctx, std::string_view uuid) {
  return fmt::format("{}/{}/{}", ctx.principal.account_id, ctx.principal.region, uuid);
}

}  // namespace

Result<catalog::FunctionPointer> MappingsApi::Point(const Context& ctx, EventSourceMapping& mapping, std::string_view function_name,
                                                    std::string_view missing) const {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, function_name, ""));
  const auto found = parts_.catalog.Resolve(reference);
  if (!found) return Fail(Error::Service(missing, "Function does not exist"));
  mapping.function = std::move(reference.name);
  mapping.qualifier = std::move(reference.qualifier);
  return found->function;
}

EventSourceMappingConfiguration MappingsApi::ViewOf(const EventSourceMapping& mapping) const {
  EventSourceMappingConfiguration view = DescribeMapping(mapping);
  if (!parts_.last_processing_result) return view;
  const std::string_view result = parts_.last_processing_result(mapping.Key());
  if (!result.empty()) view.last_processing_result = std::string(result);
  return view;
}

Result<> MappingsApi::CheckRoleFor(const EventSourceMapping& mapping, const catalog::Function& function) const {
  if (!parts_.access) return {};
  const std::string session_arn = invoke::SessionArn(function);
  const identity::RequestPrincipal role{.account_id = function.name.account_id, .arn = session_arn};
  for (const std::string_view operation : {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}) {
    const auto allowed = parts_.access->AuthorizeOwn(role, fmt::format("sqs:{}", operation), mapping.event_source_arn, mapping.region);
    if (!allowed) return Fail(InvalidParameterValue(fmt::format("The provided execution role does not have permissions to call {} on SQS", operation)));
  }
  return {};
}

Task<Result<>> MappingsApi::CheckQueueOf(Context& ctx, const EventSourceMapping& mapping, const catalog::Function& function) const {
  const int timeout_seconds = function.timeout_seconds;
  const sources::SourceKind kind = sources::SourceOf(mapping).kind;
  if (!parts_.queues || !sources::IsQueue(kind)) co_return Result<>();
  MF_CO_TRY_VOID(CheckRoleFor(mapping, function));
  auto queue = co_await parts_.queues->Describe(ctx, mapping.event_source_arn);
  if (!queue && queue.error().IsService(sources::kQueueDoesNotExist)) {
    co_return Fail(InvalidParameterValue(std::string(kQueueMissing)));
  }
  if (!queue) co_return Fail(std::move(queue).error());
  const int64_t visible_after = queue->visibility_timeout.count();
  if (visible_after >= timeout_seconds) co_return Result<>();
  co_return Fail(InvalidParameterValue(
      fmt::format("Queue visibility timeout: {} seconds is less than Function timeout: {} seconds", visible_after, timeout_seconds)));
}

Task<Result<EventSourceMappingConfiguration>> MappingsApi::CreateEventSourceMapping(Context& ctx, CreateEventSourceMappingRequest request) {
  EventSourceMapping mapping;
  mapping.account_id = ctx.principal.account_id;
  mapping.region = ctx.principal.region;
  mapping.uuid = parts_.random.Uuid();
  mapping.enabled = request.enabled.value_or(true);
  MF_CO_TRY_VOID(ApplyMappingSettings(request, mapping));
  if (request.tags) {
    MF_CO_TRY_VOID(resources::CheckTags(*request.tags, kTagRules));
    mapping.tags = std::move(*request.tags);
  }
  MF_CO_TRY(const catalog::FunctionPointer function, Point(ctx, mapping, request.function_name, "InvalidParameterValueException"));
  MF_CO_TRY_VOID(co_await CheckQueueOf(ctx, mapping, *function));
  mapping.last_modified_epoch_millis = ToEpochMillis(parts_.clock.WallNow());
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(ClaimSource(change, parts_.tables, mapping));
  MF_CO_TRY_VOID(change.Create(parts_.tables.event_source_mappings, mapping.Key(), mapping));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  parts_.settling.Later(mapping.Key());
  co_return DescribeMapping(mapping);
}

Task<Result<EventSourceMappingConfiguration>> MappingsApi::GetEventSourceMapping(Context& ctx, GetEventSourceMappingRequest request) {
  const auto mapping = parts_.tables.event_source_mappings.Find(MappingKey(ctx, request.uuid));
  if (!mapping) co_return Fail(NoSuchResource());
  co_return ViewOf(*mapping);
}

// A function name without a qualifier means the mappings without one. Sources and functions need not exist.
Task<Result<ListEventSourceMappingsResponse>> MappingsApi::ListEventSourceMappings(Context& ctx, ListEventSourceMappingsRequest request) {
  std::string function_arn;
  if (request.function_name) {
    MF_CO_TRY(const catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, *request.function_name, ""));
    function_arn = reference.Arn();
  }
  const auto wanted = [&](const auto& row) {
    return (!request.event_source_arn || row.value->event_source_arn == *request.event_source_arn) &&
           (function_arn.empty() || row.value->FunctionArn() == function_arn);
  };
  MF_CO_TRY(auto page, NextPageIf(parts_.tables.event_source_mappings, MappingKey(ctx, ""), request.marker,
                                  PageLimit(request.max_items, kMappingsPageMax), wanted));
  ListEventSourceMappingsResponse response;
  response.next_marker = std::move(page.next_marker);
  std::vector<EventSourceMappingConfiguration> mappings;
  for (const auto& row : page.rows) mappings.push_back(ViewOf(*row.value));
  response.event_source_mappings = std::move(mappings);
  co_return response;
}

Task<Result<EventSourceMappingConfiguration>> MappingsApi::UpdateEventSourceMapping(Context& ctx, UpdateEventSourceMappingRequest request) {
  auto& table = parts_.tables.event_source_mappings;
  const auto old = table.Find(MappingKey(ctx, request.uuid));
  if (!old) co_return Fail(NoSuchResource());
  if (!old->is_settled()) co_return Fail(InUse("update"));
  EventSourceMapping next = *old;
  MF_CO_TRY_VOID(ApplyMappingSettings(request, next));
  if (request.function_name) {
    MF_CO_TRY(const catalog::FunctionPointer function, Point(ctx, next, *request.function_name, "ResourceNotFoundException"));
    MF_CO_TRY_VOID(co_await CheckQueueOf(ctx, next, *function));
  }
  next.enabled = request.enabled.value_or(old->enabled);
  next.state = next.enabled == old->enabled ? MappingState::Updating : next.enabled ? MappingState::Enabling : MappingState::Disabling;
  next.last_modified_epoch_millis = ToEpochMillis(parts_.clock.WallNow());
  resources::Change change(parts_.tables.all);
  if (auto staged = change.Replace(table, next.Key(), old, next); !staged)
    co_return Fail(InUseIfConflict(std::move(staged).error(), "update"));
  if (next.ClaimKey() != old->ClaimKey()) {
    MF_CO_TRY_VOID(ClaimSource(change, parts_.tables, next));
    MF_CO_TRY_VOID(ReleaseSource(change, parts_.tables, *old));
  }
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  parts_.settling.Later(next.Key());
  co_return ViewOf(next);
}

Task<Result<EventSourceMappingConfiguration>> MappingsApi::DeleteEventSourceMapping(Context& ctx, DeleteEventSourceMappingRequest request) {
  auto& table = parts_.tables.event_source_mappings;
  const auto old = table.Find(MappingKey(ctx, request.uuid));
  if (!old) co_return Fail(NoSuchResource());
  if (!old->is_settled()) co_return Fail(InUse("delete"));
  EventSourceMapping next = *old;
  next.state = MappingState::Deleting;
  next.last_modified_epoch_millis = ToEpochMillis(parts_.clock.WallNow());
  resources::Change change(parts_.tables.all);
  if (auto staged = change.Replace(table, next.Key(), old, next); !staged)
    co_return Fail(InUseIfConflict(std::move(staged).error(), "delete"));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  parts_.settling.Later(next.Key());
  co_return ViewOf(next);
}

}  // namespace mayfly::lambda
