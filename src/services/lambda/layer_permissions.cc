// AddLayerVersionPermission, GetLayerVersionPolicy, RemoveLayerVersionPermission.
#include <fmt/format.h>

#include "base/random.h"
#include "catalog/tables.h"
#include "identity/arn.h"
#include "services/lambda/layers_api.h"
#include "services/lambda/permission_statements.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

Error StalePolicy() {
  return Error::Service("PreconditionFailedException",
                        "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy "
                        "API to retrieve the latest Revision Id");
}

struct NamedVersion {
  std::string key;  // ACCOUNT/REGION/LAYER/0000000001
  std::string arn;
};

// `layer`: a name, or the ARN of a layer. Error: there is no such version.
Result<NamedVersion> FindLayerVersion(const Context& ctx, const catalog::Tables& tables, std::string_view layer, int64_t number) {
  if (number < 1) return Fail(InvalidParameterValue("Layer Version Cannot be less than 1"));
  catalog::FunctionName owner{ctx.principal.account_id, ctx.principal.region, std::string(layer)};
  if (const auto arn = identity::ParseArn(layer)) {
    owner = {std::string(arn->account_id), std::string(arn->region), std::string(arn->resource.substr(arn->resource.find(':') + 1))};
  }
  const std::string_view partition = identity::PartitionOf(owner.region);
  NamedVersion name{.key = fmt::format("{}/{:010}", owner.Key(), number),
                    .arn = fmt::format("arn:{}:lambda:{}:{}:layer:{}:{}", partition, owner.region, owner.account_id, owner.name, number)};
  if (!tables.layer_versions.Find(name.key)) {
    return Fail(NotFound(fmt::format("Layer version {} does not exist.", name.arn)));
  }
  return name;
}

}  // namespace

Task<Result<AddLayerVersionPermissionResponse>> LayersApi::AddLayerVersionPermission(Context& ctx,
                                                                                     AddLayerVersionPermissionRequest request) {
  MF_CO_TRY(const NamedVersion name, FindLayerVersion(ctx, parts_.tables, request.layer_name, request.version_number));
  auto& policies = parts_.tables.layer_policies;
  const auto old = policies.Find(name.key);
  if (request.revision_id && (!old || *request.revision_id != old->revision_id)) co_return Fail(StalePolicy());
  MF_CO_TRY(json::Value statement, MakeStatement(request, name.arn));
  AddLayerVersionPermissionResponse response;
  response.statement = json::Write(statement);
  response.revision_id = parts_.random.Uuid();
  MF_CO_TRY(std::string document, WithStatement(old ? old->document : std::string(), std::move(statement)));
  MF_CO_TRY(catalog::ResourcePolicy next, catalog::ResourcePolicy::Make(std::move(document), *response.revision_id));
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Put(policies, name.key, std::move(next)));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return response;
}

Task<Result<GetLayerVersionPolicyResponse>> LayersApi::GetLayerVersionPolicy(Context& ctx, GetLayerVersionPolicyRequest request) {
  MF_CO_TRY(const NamedVersion name, FindLayerVersion(ctx, parts_.tables, request.layer_name, request.version_number));
  const auto policy = parts_.tables.layer_policies.Find(name.key);
  if (!policy) co_return Fail(NotFound("No policy is associated with the given resource."));
  GetLayerVersionPolicyResponse response;
  response.policy = policy->document;
  response.revision_id = policy->revision_id;
  co_return response;
}

Task<Result<>> LayersApi::RemoveLayerVersionPermission(Context& ctx, RemoveLayerVersionPermissionRequest request) {
  MF_CO_TRY(const NamedVersion name, FindLayerVersion(ctx, parts_.tables, request.layer_name, request.version_number));
  auto& policies = parts_.tables.layer_policies;
  const auto old = policies.Find(name.key);
  if (!old) co_return Fail(NotFound("No policy is associated with the given resource."));
  MF_CO_TRY(std::string document, WithoutStatement(old->document, request.statement_id));
  if (request.revision_id && *request.revision_id != old->revision_id) co_return Fail(StalePolicy());
  resources::Change change(parts_.tables.all);
  if (document.empty()) {
    MF_CO_TRY_VOID(change.Delete(policies, name.key, old));
  } else {
    MF_CO_TRY(catalog::ResourcePolicy next, catalog::ResourcePolicy::Make(std::move(document), parts_.random.Uuid()));
    MF_CO_TRY_VOID(change.Replace(policies, name.key, old, std::move(next)));
  }
  co_return co_await change.Commit(ctx);
}

}  // namespace mayfly::lambda
