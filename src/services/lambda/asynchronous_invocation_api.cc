#include "services/lambda/asynchronous_invocation_api.h"

#include <fmt/format.h>

#include "catalog/function_catalog.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kPageMax = 50;
// Where records of successful and failed invocations may go.
constexpr std::string_view kSuccessServices[] = {"lambda", "sqs", "sns", "events"};
constexpr std::string_view kFailureServices[] = {"lambda", "sqs", "sns", "events", "s3"};

Error FunctionDoesNotExist() { return Error::Service("ResourceNotFoundException", "The function doesn't exist."); }

Error NoConfig(const catalog::SettingOwner& owner) {
  return Error::Service("ResourceNotFoundException", fmt::format("The function {} doesn't have an EventInvokeConfig", owner.Arn()));
}

template <size_t N>
bool IsOneOf(std::string_view service, const std::string_view (&services)[N]) {
  return std::find(std::begin(services), std::end(services), service) != std::end(services);
}

// As AWS prints it.
Error InvalidDestinations(const catalog::EventInvokeConfig& config) {
  const auto print = [](std::string_view name, const std::string& destination) {
    return destination.empty() ? std::string("null") : fmt::format("{}(destination={})", name, destination);
  };
  return InvalidParameterValue(fmt::format("The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
                                           print("OnSuccess", config.success_destination), print("OnFailure", config.failure_destination)));
}

template <typename Request>
void Apply(const Request& request, catalog::EventInvokeConfig& config) {
  if (request.maximum_retry_attempts) config.retry_attempts_max = *request.maximum_retry_attempts;
  if (request.maximum_event_age_in_seconds) config.event_age_max_seconds = *request.maximum_event_age_in_seconds;
  if (!request.destination_config) return;
  const DestinationConfig& destinations = *request.destination_config;
  if (destinations.on_success) config.success_destination = destinations.on_success->destination.value_or("");
  if (destinations.on_failure) config.failure_destination = destinations.on_failure->destination.value_or("");
}

template <typename Request>
Result<> CheckNotEmpty(const Request& request) {
  if (request.maximum_retry_attempts || request.maximum_event_age_in_seconds || request.destination_config) return {};
  return Fail(InvalidParameterValue("You must specify at least one of error handling or destination setting."));
}

FunctionEventInvokeConfig Describe(const catalog::EventInvokeConfig& config) {
  FunctionEventInvokeConfig view;
  view.last_modified = WallTime(std::chrono::milliseconds(config.last_modified_millis));
  view.function_arn = config.owner.Arn();
  view.maximum_retry_attempts = config.retry_attempts_max;
  view.maximum_event_age_in_seconds = config.event_age_max_seconds;
  DestinationConfig destinations;  // both are always there, empty when not set
  destinations.on_success.emplace();
  destinations.on_failure.emplace();
  if (!config.success_destination.empty()) destinations.on_success->destination = config.success_destination;
  if (!config.failure_destination.empty()) destinations.on_failure->destination = config.failure_destination;
  view.destination_config = std::move(destinations);
  return view;
}

Result<catalog::SettingOwner> OwnerOf(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier.value_or("")));
  return catalog::SettingOwner{reference.name, reference.qualifier.empty() ? "$LATEST" : reference.qualifier};
}

}  // namespace

Result<> AsynchronousInvocationApi::CheckFunctionDestination(const Context& ctx, const catalog::FunctionName& function,
                                                             const std::string& arn) const {
  auto reference = catalog::ParseFunctionReference(ctx, arn, "");
  if (!reference || !parts_.catalog.Resolve(*reference))
    return Fail(InvalidParameterValue(fmt::format("The destination ARN {} is invalid.", arn)));
  if (reference->name.Key() != function.Key()) return {};
  return Fail(InvalidParameterValue("You can't specify the function as a destination for itself."));
}

Result<> AsynchronousInvocationApi::CheckDestinations(const Context& ctx, const catalog::EventInvokeConfig& config) const {
  for (const std::string& arn : {config.failure_destination, config.success_destination}) {
    if (ServiceOfArn(arn) == "lambda") MF_TRY_VOID(CheckFunctionDestination(ctx, config.owner.function, arn));
  }
  const bool is_success_valid = config.success_destination.empty() || IsOneOf(ServiceOfArn(config.success_destination), kSuccessServices);
  const bool is_failure_valid = config.failure_destination.empty() || IsOneOf(ServiceOfArn(config.failure_destination), kFailureServices);
  if (is_success_valid && is_failure_valid) return {};
  return Fail(InvalidDestinations(config));
}

Task<Result<FunctionEventInvokeConfig>> AsynchronousInvocationApi::Store(Context& ctx, catalog::EventInvokeConfig config) {
  MF_CO_TRY_VOID(CheckDestinations(ctx, config));
  // As it will be read back: the wire shows milliseconds.
  config.last_modified_millis = ToEpochMillis(parts_.clock.WallNow());
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Put(parts_.tables.event_invoke_configs, config.owner.Key(), config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return Describe(config);
}

Task<Result<FunctionEventInvokeConfig>> AsynchronousInvocationApi::PutFunctionEventInvokeConfig(
    Context& ctx, PutFunctionEventInvokeConfigRequest request) {
  MF_CO_TRY_VOID(CheckNotEmpty(request));
  MF_CO_TRY(catalog::SettingOwner owner, OwnerOf(ctx, request.function_name, request.qualifier));
  if (!parts_.catalog.Resolve({owner.function, owner.qualifier})) co_return Fail(FunctionDoesNotExist());
  catalog::EventInvokeConfig config{.owner = std::move(owner)};
  Apply(request, config);
  co_return co_await Store(ctx, std::move(config));
}

Task<Result<FunctionEventInvokeConfig>> AsynchronousInvocationApi::UpdateFunctionEventInvokeConfig(
    Context& ctx, UpdateFunctionEventInvokeConfigRequest request) {
  MF_CO_TRY_VOID(CheckNotEmpty(request));
  MF_CO_TRY(catalog::SettingOwner owner, OwnerOf(ctx, request.function_name, request.qualifier));
  if (!parts_.catalog.Resolve({owner.function, owner.qualifier})) co_return Fail(FunctionDoesNotExist());
  const auto old = parts_.tables.event_invoke_configs.Find(owner.Key());
  if (!old) co_return Fail(NoConfig(owner));
  catalog::EventInvokeConfig config = *old;
  Apply(request, config);
  co_return co_await Store(ctx, std::move(config));
}

Task<Result<FunctionEventInvokeConfig>> AsynchronousInvocationApi::GetFunctionEventInvokeConfig(
    Context& ctx, GetFunctionEventInvokeConfigRequest request) {
  MF_CO_TRY(catalog::SettingOwner owner, OwnerOf(ctx, request.function_name, request.qualifier));
  const auto config = parts_.tables.event_invoke_configs.Find(owner.Key());
  if (!config) co_return Fail(NoConfig(owner));
  co_return Describe(*config);
}

Task<Result<ListFunctionEventInvokeConfigsResponse>> AsynchronousInvocationApi::ListFunctionEventInvokeConfigs(
    Context& ctx, ListFunctionEventInvokeConfigsRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(FunctionDoesNotExist());
  MF_CO_TRY(auto page, NextPage(parts_.tables.event_invoke_configs, reference.name.Key() + '/', request.marker,
                                PageLimit(request.max_items, kPageMax)));
  ListFunctionEventInvokeConfigsResponse response;
  response.next_marker = std::move(page.next_marker);
  std::vector<FunctionEventInvokeConfig> configs;
  for (const auto& row : page.rows) configs.push_back(Describe(*row.value));
  response.function_event_invoke_configs = std::move(configs);
  co_return response;
}

Task<Result<>> AsynchronousInvocationApi::DeleteFunctionEventInvokeConfig(Context& ctx, DeleteFunctionEventInvokeConfigRequest request) {
  MF_CO_TRY(catalog::SettingOwner owner, OwnerOf(ctx, request.function_name, request.qualifier));
  const auto old = parts_.tables.event_invoke_configs.Find(owner.Key());
  if (!old) co_return Fail(NoConfig(owner));
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables.event_invoke_configs, owner.Key(), old));
  co_return co_await change.Commit(ctx);
}

}  // namespace mayfly::lambda
