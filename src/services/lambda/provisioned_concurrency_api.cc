#include "services/lambda/provisioned_concurrency_api.h"

#include <fmt/format.h>

#include "base/text.h"
#include "catalog/concurrency_ledger.h"
#include "invoke/provisioner.h"
#include "services/lambda/find_function.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"
#include "wire/error_response.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kConfigurationsPageMax = 50;

Error Unpublished() { return InvalidParameterValue("Provisioned Concurrency Configs cannot be applied to unpublished function versions."); }

Error AlreadyProvisionedVersion() {
  return Conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
}

}  // namespace

template <typename View>
View ProvisionedConcurrencyApi::Describe(const catalog::ProvisionedConcurrency& config) const {
  const invoke::Provisioner::State state = parts_.provisioner.StateOf(config.owner);
  View view;
  view.requested_provisioned_concurrent_executions = config.requested;
  view.allocated_provisioned_concurrent_executions = state.available;
  view.available_provisioned_concurrent_executions = state.available;
  view.status = std::string(state.status);
  if (!state.status_reason.empty()) view.status_reason = state.status_reason;
  view.last_modified = config.last_modified;
  return view;
}

Result<FoundFunction> ProvisionedConcurrencyApi::FindProvisionable(const Context& ctx, std::string_view name,
                                                                   const std::string& qualifier) const {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier));
  if (reference.qualifier == "$LATEST")
    return Fail(InvalidParameterValue("The function resource provided must be an alias or a published version."));
  auto resolved = parts_.catalog.Resolve(reference);
  if (resolved) return FoundFunction{std::move(reference), std::move(resolved->function), std::move(resolved->alias)};
  const bool is_version = IsNumber(reference.qualifier);
  if (is_version) return Fail(std::move(resolved).error());
  return Fail(Error::Service("ResourceNotFoundException", "Cannot find alias arn: " + reference.Arn()));
}

Result<> ProvisionedConcurrencyApi::CheckProvisionable(const catalog::SettingOwner& owner, int requested, int present) const {
  const auto reserved = parts_.tables.reserved_concurrency.Find(catalog::SettingOwner{owner.function}.Key());
  if (reserved) {
    if (parts_.ledger.ProvisionedOf(owner.function) - present + requested <= reserved->executions) return {};
    return Fail(InvalidParameterValue("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"));
  }
  if (requested > parts_.limits.account) {
    return Fail(wire::WithoutType(InvalidParameterValue(fmt::format(
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{}].", parts_.limits.account))));
  }
  if (parts_.limits.account - parts_.ledger.Of(owner.function).taken() + present - requested >= parts_.limits.UnreservedFloor()) return {};
  return Fail(wire::WithoutType(
      InvalidParameterValue(fmt::format("Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                                        "below its minimum value of [{}].",
                                        parts_.limits.UnreservedFloor()))));
}

Result<> ProvisionedConcurrencyApi::CheckProvisionedOnce(const FoundFunction& found) const {
  const auto& configs = parts_.tables.provisioned_concurrency;
  const catalog::FunctionName& name = found.reference.name;
  if (found.alias) {
    if (found.function->is_latest()) return Fail(Unpublished());
    if (found.alias->has_routing()) return Fail(InvalidParameterValue("Alias with weights can not be used with Provisioned Concurrency"));
    if (configs.Find(catalog::SettingOwner{name, found.function->version}.Key())) return Fail(AlreadyProvisionedVersion());
    return {};
  }
  for (const auto& row : configs.List(name.Key() + '/', "", SIZE_MAX)) {
    const catalog::AliasPointer alias = parts_.catalog.FindAlias(name, row.value->owner.qualifier);
    if (!alias) continue;
    if (alias->function_version == found.function->version || alias->additional_version == found.function->version) {
      return Fail(Conflict("Version is pointed by a Provisioned Concurrency alias"));
    }
  }
  return {};
}

Task<Result<PutProvisionedConcurrencyConfigResponse>> ProvisionedConcurrencyApi::PutProvisionedConcurrencyConfig(
    Context& ctx, PutProvisionedConcurrencyConfigRequest request) {
  if (request.qualifier == "$LATEST") co_return Fail(Unpublished());
  MF_CO_TRY(FoundFunction found, FindProvisionable(ctx, request.function_name, request.qualifier));
  const catalog::SettingOwner owner{found.reference.name, found.reference.qualifier};
  const auto old = parts_.tables.provisioned_concurrency.Find(owner.Key());
  const int present = old ? old->requested : 0;
  MF_CO_TRY_VOID(CheckProvisionable(owner, request.provisioned_concurrent_executions, present));
  MF_CO_TRY_VOID(CheckProvisionedOnce(found));
  catalog::ProvisionedConcurrency next{.owner = owner, .requested = request.provisioned_concurrent_executions};
  next.last_modified = FormatLambdaTime(parts_.clock.WallNow());
  const catalog::ConcurrencyLedger::Claim claim(parts_.ledger, owner.function, next.requested - present);
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(old ? change.Replace(parts_.tables.provisioned_concurrency, owner.Key(), old, next)
                     : change.Create(parts_.tables.provisioned_concurrency, owner.Key(), next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  auto response = Describe<PutProvisionedConcurrencyConfigResponse>(next);
  response.status = "IN_PROGRESS";  // what is asked for is on its way, however short that is
  response.status_reason.reset();
  co_return response;
}

Task<Result<GetProvisionedConcurrencyConfigResponse>> ProvisionedConcurrencyApi::GetProvisionedConcurrencyConfig(
    Context& ctx, GetProvisionedConcurrencyConfigRequest request) {
  MF_CO_TRY(FoundFunction found, FindProvisionable(ctx, request.function_name, request.qualifier));
  const auto config =
      parts_.tables.provisioned_concurrency.Find(catalog::SettingOwner{found.reference.name, found.reference.qualifier}.Key());
  if (!config) {
    co_return Fail(
        Error::Service("ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function"));
  }
  co_return Describe<GetProvisionedConcurrencyConfigResponse>(*config);
}

Task<Result<ListProvisionedConcurrencyConfigsResponse>> ProvisionedConcurrencyApi::ListProvisionedConcurrencyConfigs(
    Context& ctx, ListProvisionedConcurrencyConfigsRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound(reference));
  MF_CO_TRY(auto page, NextPage(parts_.tables.provisioned_concurrency, reference.name.Key() + '/', request.marker,
                                PageLimit(request.max_items, kConfigurationsPageMax)));
  ListProvisionedConcurrencyConfigsResponse response;
  response.next_marker = std::move(page.next_marker);
  std::vector<ProvisionedConcurrencyConfigListItem> items;
  for (const auto& row : page.rows) {
    items.push_back(Describe<ProvisionedConcurrencyConfigListItem>(*row.value));
    items.back().function_arn = row.value->owner.Arn();
  }
  response.provisioned_concurrency_configs = std::move(items);
  co_return response;
}

// Not an error: there is none.
Task<Result<>> ProvisionedConcurrencyApi::DeleteProvisionedConcurrencyConfig(Context& ctx,
                                                                             DeleteProvisionedConcurrencyConfigRequest request) {
  MF_CO_TRY(FoundFunction found, FindProvisionable(ctx, request.function_name, request.qualifier));
  const std::string key = catalog::SettingOwner{found.reference.name, found.reference.qualifier}.Key();
  const auto old = parts_.tables.provisioned_concurrency.Find(key);
  if (!old) co_return Result<>();
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables.provisioned_concurrency, key, old));
  co_return co_await change.Commit(ctx);
}

Result<> CheckProvisionedMove(const catalog::Tables& tables, const catalog::Alias& next) {
  const auto& configs = tables.provisioned_concurrency;
  if (!configs.Find(catalog::SettingOwner{next.function, next.name}.Key())) return {};
  if (next.function_version == "$LATEST") return Fail(Unpublished());
  for (const std::string& version : {next.function_version, next.additional_version}) {
    if (!version.empty() && configs.Find(catalog::SettingOwner{next.function, version}.Key())) return Fail(AlreadyProvisionedVersion());
  }
  return {};
}

}  // namespace mayfly::lambda
