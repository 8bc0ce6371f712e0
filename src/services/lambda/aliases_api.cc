// CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias.
#include "services/lambda/aliases_api.h"

#include <fmt/format.h>

#include "base/random.h"
#include "catalog/function_catalog.h"
#include "services/lambda/paging.h"
#include "services/lambda/provisioned_concurrency_api.h"
#include "services/lambda/settings.h"
#include "wire/error_response.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kAliasesPageMax = 50;

AliasConfiguration DescribeAlias(const catalog::Alias& alias) {
  AliasConfiguration view;
  view.alias_arn = alias.Arn();
  view.name = alias.name;
  view.function_version = alias.function_version;
  view.description = alias.description;
  view.revision_id = alias.revision_id;
  if (alias.has_routing()) {
    AliasRoutingConfiguration routing;
    routing.additional_version_weights = wire::Map<double>{{alias.additional_version, alias.additional_weight}};
    view.routing_config = std::move(routing);
  }
  return view;
}

}  // namespace

Result<> AliasesApi::Point(catalog::Alias& alias, const std::optional<std::string>& version,
                           const std::optional<AliasRoutingConfiguration>& routing) const {
  if (version) alias.function_version = *version;
  if (!parts_.catalog.Find(alias.function)) return Fail(catalog::FunctionNotFound({alias.function, alias.function_version}));
  if (routing) {
    alias.additional_version.clear();
    alias.additional_weight = 0;
    if (const auto& weights = routing->additional_version_weights; weights && !weights->empty()) {
      if (weights->size() > 1) return Fail(InvalidParameterValue("Number of items in AdditionalVersionWeights cannot be greater than 1"));
      alias.additional_version = weights->front().first;
      alias.additional_weight = weights->front().second;
    }
  }
  if (alias.has_routing()) {
    if (alias.additional_version == alias.function_version) {
      return Fail(InvalidParameterValue(fmt::format(
          "Invalid function version {0}. Function version {0} is already included in routing configuration.", alias.function_version)));
    }
    if (alias.function_version == "$LATEST") {
      return Fail(wire::WithoutType(InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version")));
    }
  }
  for (const std::string& used : {alias.function_version, alias.additional_version}) {
    if (!used.empty() && !parts_.catalog.FindVersion(alias.function, used)) return Fail(catalog::FunctionNotFound({alias.function, used}));
  }
  return {};
}

Task<Result<AliasConfiguration>> AliasesApi::CreateAlias(Context& ctx, CreateAliasRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  catalog::Alias alias;
  alias.function = reference.name;
  alias.name = request.name;
  alias.description = request.description.value_or("");
  MF_CO_TRY_VOID(Point(alias, request.function_version, request.routing_config));
  const std::string exists = fmt::format("Alias already exists: {}", alias.Arn());
  const std::string key = catalog::AliasKey(alias.function, alias.name);
  if (parts_.tables.aliases.Find(key)) co_return Fail(Conflict(exists));
  alias.revision_id = parts_.random.Uuid();
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Create(parts_.tables.aliases, key, alias));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return DescribeAlias(alias);
}

Task<Result<AliasConfiguration>> AliasesApi::GetAlias(Context& ctx, GetAliasRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound({reference.name, ""}));
  const catalog::AliasPointer alias = parts_.catalog.FindAlias(reference.name, request.name);
  if (!alias) {
    co_return Fail(
        Error::Service("ResourceNotFoundException", fmt::format("Cannot find alias arn: {}:{}", reference.name.Arn(), request.name)));
  }
  co_return DescribeAlias(*alias);
}

Task<Result<ListAliasesResponse>> AliasesApi::ListAliases(Context& ctx, ListAliasesRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound({reference.name, ""}));
  const auto wanted = [&](const auto& row) {
    return !request.function_version || row.value->function_version == *request.function_version;
  };
  MF_CO_TRY(auto page, NextPageIf(parts_.tables.aliases, reference.name.Key() + '/', request.marker,
                                  PageLimit(request.max_items, kAliasesPageMax), wanted));
  ListAliasesResponse response;
  response.next_marker = std::move(page.next_marker);
  std::vector<AliasConfiguration> aliases;
  for (const auto& row : page.rows) aliases.push_back(DescribeAlias(*row.value));
  response.aliases = std::move(aliases);
  co_return response;
}

Task<Result<AliasConfiguration>> AliasesApi::UpdateAlias(Context& ctx, UpdateAliasRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound({reference.name, ""}));
  const catalog::AliasPointer old = parts_.catalog.FindAlias(reference.name, request.name);
  if (!old)
    co_return Fail(Error::Service("ResourceNotFoundException", fmt::format("Alias not found: {}:{}", reference.name.Arn(), request.name)));
  if (request.revision_id && *request.revision_id != old->revision_id) co_return Fail(StaleRevision());
  catalog::Alias next = *old;
  MF_CO_TRY_VOID(Point(next, request.function_version, request.routing_config));
  if (request.description) next.description = *request.description;
  next.revision_id = parts_.random.Uuid();
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Replace(parts_.tables.aliases, catalog::AliasKey(next.function, next.name), old, next));
  MF_CO_TRY_VOID(CheckProvisionedMove(parts_.tables, next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return DescribeAlias(next);
}

Task<Result<>> AliasesApi::DeleteAlias(Context& ctx, DeleteAliasRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound({reference.name, ""}));
  const catalog::AliasPointer old = parts_.catalog.FindAlias(reference.name, request.name);
  if (!old) co_return Result<>();  // AWS knows no error for it
  resources::Change change(parts_.tables.all);
  // With everything that hangs on the alias: policy, URL, event invoke configuration …
  MF_CO_TRY_VOID(change.Delete(parts_.tables.aliases, catalog::AliasKey(old->function, old->name), old));
  co_return co_await change.Commit(ctx);
}

}  // namespace mayfly::lambda
