// CreateEventSourceMapping, GetEventSourceMapping, ListEventSourceMappings, UpdateEventSourceMapping, DeleteEventSourceMapping.
#include <fmt/format.h>

#include "base/event.h"
#include "base/log.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/mapping_settings.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"
#include "sources/table.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;
namespace MappingState = catalog::MappingState;

constexpr size_t kMappingsPageMax = 100;
constexpr size_t kTagsMax = 50;
constexpr Duration kSettleRetryAfter = std::chrono::milliseconds(20);
constexpr std::string_view kQueueMissing =
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does "
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

Error AlreadyExists(const EventSourceMapping& mapping, std::string_view uuid) {
  const std::string end = fmt::format("already exists. Please update or delete the existing mapping with UUID {}", uuid);
  const sources::SourceKind kind = sources::SourceOf(mapping).kind;
  if (sources::IsQueue(kind)) {
    return Conflict(fmt::format("An event source mapping with SQS arn (\" {} \") and function (\" {} \") {}", mapping.event_source_arn,
                                mapping.function.name, end));
  }
  if (sources::IsKafka(kind)) {
    const std::string source = mapping.event_source_arn.empty() ? fmt::format("{}", fmt::join(mapping.bootstrap_servers, ",")) : mapping.event_source_arn;
    return Conflict(fmt::format("An event source mapping with event source (\"{}\"), function (\"{}\"), topics (\"{}\") {}", source,
                                mapping.FunctionArn(), fmt::join(mapping.topics, ","), end));
  }
  return Conflict(fmt::format("The event source arn (\" {} \") and function (\" {} \") provided mapping {}", mapping.event_source_arn,
                              mapping.function.name, end));
}

}  // namespace

Result<catalog::FunctionPointer> LambdaApi::PointMapping(const Context& ctx, EventSourceMapping& mapping, std::string_view function_name,
                                                         std::string_view missing) const {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, function_name, ""));
  const auto found = parts_.catalog->Resolve(reference);
  if (!found) return Fail(Error::Service(missing, "Function does not exist"));
  mapping.function = std::move(reference.name);
  mapping.qualifier = std::move(reference.qualifier);
  return found->function;
}

EventSourceMappingConfiguration LambdaApi::ViewOf(const EventSourceMapping& mapping) const {
  EventSourceMappingConfiguration view = DescribeMapping(mapping);
  if (!parts_.last_processing_result) return view;
  const std::string_view result = parts_.last_processing_result(mapping.Key());
  if (!result.empty()) view.last_processing_result = std::string(result);
  return view;
}

// There must be the queue, and it must hide a message for as long as the function may run.
Task<Result<>> LambdaApi::CheckQueueOf(Context& ctx, const EventSourceMapping& mapping, int timeout_seconds) const {
  const sources::SourceKind kind = sources::SourceOf(mapping).kind;
  if (!parts_.queues || !sources::IsQueue(kind)) co_return Result<>();
  auto queue = co_await parts_.queues->Describe(ctx, mapping.event_source_arn);
  if (!queue && queue.error().IsService(sources::kQueueDoesNotExist)) {
    if (kind == sources::SourceKind::SqsFifo) co_return Result<>();  // the queue service knows none of this kind
    co_return Fail(InvalidParameterValue(std::string(kQueueMissing)));
  }
  if (!queue) co_return Fail(std::move(queue).error());
  const int64_t visible_after = queue->visibility_timeout.count();
  if (visible_after >= timeout_seconds) co_return Result<>();
  co_return Fail(InvalidParameterValue(
      fmt::format("Queue visibility timeout: {} seconds is less than Function timeout: {} seconds", visible_after, timeout_seconds)));
}

Result<> LambdaApi::ClaimSource(resources::Change& change, const EventSourceMapping& mapping) const {
  auto& claims = parts_.tables->event_source_mapping_claims;
  const std::string key = mapping.ClaimKey();
  if (const auto claim = claims.Find(key)) return Fail(AlreadyExists(mapping, claim->uuid));
  if (change.Create(claims, key, catalog::MappingClaim{mapping.uuid})) return {};
  // An equal creation is on its way to the store: nobody knows yet whether it will be there.
  return Fail(Conflict("The operation cannot be performed at this time. An update is in progress for resource: " + mapping.FunctionArn()));
}

Result<> LambdaApi::ReleaseSource(resources::Change& change, const EventSourceMapping& mapping) const {
  auto& claims = parts_.tables->event_source_mapping_claims;
  const std::string key = mapping.ClaimKey();
  const auto claim = claims.Find(key);
  return claim ? change.Delete(claims, key, claim) : Result<>();
}

Task<Result<EventSourceMappingConfiguration>> LambdaApi::CreateEventSourceMapping(Context& ctx, CreateEventSourceMappingRequest request) {
  EventSourceMapping mapping;
  mapping.account_id = ctx.principal.account_id;
  mapping.region = ctx.principal.region;
  mapping.uuid = parts_.random->Uuid();
  mapping.enabled = request.enabled.value_or(true);
  MF_CO_TRY_VOID(ApplyMappingSettings(request, mapping));
  if (request.tags) {
    if (request.tags->size() > kTagsMax) co_return Fail(InvalidParameterValue("Number of tags exceeds resource tag limit."));
    mapping.tags = std::move(*request.tags);
  }
  MF_CO_TRY(const catalog::FunctionPointer function, PointMapping(ctx, mapping, request.function_name, "InvalidParameterValueException"));
  MF_CO_TRY_VOID(co_await CheckQueueOf(ctx, mapping, function->timeout_seconds));
  mapping.last_modified_epoch_millis = ToEpochMillis(parts_.loop->WallNow());
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(ClaimSource(change, mapping));
  MF_CO_TRY_VOID(change.Create(parts_.tables->event_source_mappings, mapping.Key(), mapping));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  background_.Spawn(SettleMapping(mapping.Key()));
  co_return DescribeMapping(mapping);
}

Task<Result<EventSourceMappingConfiguration>> LambdaApi::GetEventSourceMapping(Context& ctx, GetEventSourceMappingRequest request) {
  const auto mapping = parts_.tables->event_source_mappings.Find(MappingKey(ctx, request.uuid));
  if (!mapping) co_return Fail(NoSuchResource());
  co_return ViewOf(*mapping);
}

// A function name without a qualifier means the mappings without one. Sources and functions need not exist.
Task<Result<ListEventSourceMappingsResponse>> LambdaApi::ListEventSourceMappings(Context& ctx, ListEventSourceMappingsRequest request) {
  std::string function_arn;
  if (request.function_name) {
    MF_CO_TRY(const catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, *request.function_name, ""));
    function_arn = reference.Arn();
  }
  const auto wanted = [&](const auto& row) {
    return (!request.event_source_arn || row.value->event_source_arn == *request.event_source_arn) &&
           (function_arn.empty() || row.value->FunctionArn() == function_arn);
  };
  MF_CO_TRY(auto page, NextPageIf(parts_.tables->event_source_mappings, MappingKey(ctx, ""), request.marker,
                                  PageLimit(request.max_items, kMappingsPageMax), wanted));
  ListEventSourceMappingsResponse response;
  response.next_marker = std::move(page.next_marker);
  std::vector<EventSourceMappingConfiguration> mappings;
  for (const auto& row : page.rows) mappings.push_back(ViewOf(*row.value));
  response.event_source_mappings = std::move(mappings);
  co_return response;
}

Task<Result<EventSourceMappingConfiguration>> LambdaApi::UpdateEventSourceMapping(Context& ctx, UpdateEventSourceMappingRequest request) {
  auto& table = parts_.tables->event_source_mappings;
  const auto old = table.Find(MappingKey(ctx, request.uuid));
  if (!old) co_return Fail(NoSuchResource());
  if (!old->is_settled()) co_return Fail(InUse("update"));
  EventSourceMapping next = *old;
  MF_CO_TRY_VOID(ApplyMappingSettings(request, next));
  if (request.function_name) {
    MF_CO_TRY(const catalog::FunctionPointer function, PointMapping(ctx, next, *request.function_name, "ResourceNotFoundException"));
    MF_CO_TRY_VOID(co_await CheckQueueOf(ctx, next, function->timeout_seconds));
  }
  next.enabled = request.enabled.value_or(old->enabled);
  next.state = next.enabled == old->enabled ? MappingState::Updating : next.enabled ? MappingState::Enabling : MappingState::Disabling;
  next.last_modified_epoch_millis = ToEpochMillis(parts_.loop->WallNow());
  resources::Change change(parts_.tables->all);
  if (auto staged = change.Replace(table, next.Key(), old, next); !staged) co_return Fail(InUseIfConflict(std::move(staged).error(), "update"));
  if (next.ClaimKey() != old->ClaimKey()) {
    MF_CO_TRY_VOID(ClaimSource(change, next));
    MF_CO_TRY_VOID(ReleaseSource(change, *old));
  }
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  background_.Spawn(SettleMapping(next.Key()));
  co_return ViewOf(next);
}

Task<Result<EventSourceMappingConfiguration>> LambdaApi::DeleteEventSourceMapping(Context& ctx, DeleteEventSourceMappingRequest request) {
  auto& table = parts_.tables->event_source_mappings;
  const auto old = table.Find(MappingKey(ctx, request.uuid));
  if (!old) co_return Fail(NoSuchResource());
  if (!old->is_settled()) co_return Fail(InUse("delete"));
  EventSourceMapping next = *old;
  next.state = MappingState::Deleting;
  next.last_modified_epoch_millis = ToEpochMillis(parts_.loop->WallNow());
  resources::Change change(parts_.tables->all);
  if (auto staged = change.Replace(table, next.Key(), old, next); !staged) co_return Fail(InUseIfConflict(std::move(staged).error(), "delete"));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  background_.Spawn(SettleMapping(next.Key()));
  co_return ViewOf(next);
}

// --- from Creating, Updating … to Enabled, Disabled or gone ------------------------------------------------------------------

void LambdaApi::RecoverMappings() {
  const auto rows = parts_.tables->event_source_mappings.ListIf("", "", parts_.tables->event_source_mappings.size(),
                                                                [](const auto& row) { return !row.value->is_settled(); });
  for (const auto& row : rows) background_.Spawn(SettleMapping(row.key));
}

Result<> LambdaApi::StageSettled(resources::Change& change, const std::shared_ptr<const EventSourceMapping>& current) const {
  if (current->state == MappingState::Deleting) {
    MF_TRY_VOID(ReleaseSource(change, *current));
    return change.Delete(parts_.tables->event_source_mappings, current->Key(), current);
  }
  EventSourceMapping next = *current;
  next.state = next.enabled ? MappingState::Enabled : MappingState::Disabled;
  return change.Replace(parts_.tables->event_source_mappings, current->Key(), current, std::move(next));
}

Task<> LambdaApi::SettleMapping(std::string key) {
  Context ctx(*parts_.loop);
  ctx.stop = background_.stop_token();
  for (Duration wait = parts_.update_delay;; wait = kSettleRetryAfter) {
    if (!co_await Sleep(ctx, wait)) co_return;
    const auto current = parts_.tables->event_source_mappings.Find(key);
    if (!current || current->is_settled()) co_return;
    resources::Change change(parts_.tables->all);
    Result<> settled = StageSettled(change, current);
    if (settled) settled = co_await change.Commit(ctx);
    if (settled) co_return;
    if (settled.error().kind == Error::Kind::Service) continue;  // another change (of tags) is on its way
    if (settled.error().kind == Error::Kind::Fault) log::Error("settle event source mapping {}: {}", key, settled.error().ToString());
    co_return;  // the next start does it
  }
}

}  // namespace mayfly::lambda
