// PutParameter, DeleteParameter, DeleteParameters.
#include <fmt/format.h>

#include "services/ssm/ssm_api.h"
#include "services/ssm/value_rules.h"

namespace mayfly::ssm {
namespace {

constexpr size_t kTagsMax = 50;
constexpr const char* kUsualKey = "alias/aws/ssm";

// What makes sense of the members together, whatever there is already.
Result<> CheckTogether(const PutParameterRequest& request) {
  if (request.value.empty()) {
    return Fail(Invalid("1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1."));
  }
  if (request.overwrite.value_or(false) && request.tags && !request.tags->empty()) {
    return Fail(Invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags "
                        "for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."));
  }
  if (request.tags && request.tags->size() > kTagsMax) return Fail(Invalid(fmt::format("Invalid request: at most {} tags.", kTagsMax)));
  return {};
}

// "[]" and "{}" take the policies away.
std::string PoliciesIn(const PutParameterRequest& request, const VersionRow& before) {
  const std::string policies = request.policies.value_or(before.policies);
  return policies == "[]" || policies == "{}" ? std::string() : policies;
}

// Only advanced parameters have policies.
Result<> CheckPolicies(const VersionRow& version, WallTime now) {
  if (version.policies.empty()) return {};
  if (version.tier == "Standard") {
    return Fail(Invalid("Parameter policies are only supported for parameters in the advanced-parameter tier. To use them, choose the advanced tier."));
  }
  MF_TRY_VOID(ReadPolicies(version.policies, now));
  return {};
}

// The version that a request makes, without number and value. What it does not say is as in `before`.
Result<VersionRow> MakeVersion(const PutParameterRequest& request, const VersionRow& before) {
  VersionRow version;
  const bool is_new = before.version == 0;
  MF_TRY(version.tier, ChooseTier(request.tier, is_new ? "" : before.tier, request.value));
  version.policies = PoliciesIn(request, before);
  if (!version.policies.empty() && request.tier.value_or("") == "Intelligent-Tiering") version.tier = "Advanced";
  version.description = request.description.value_or(before.description);
  version.allowed_pattern = request.allowed_pattern.value_or(before.allowed_pattern);
  version.data_type = request.data_type.value_or(before.data_type);
  MF_TRY_VOID(CheckDataType(version.data_type));
  MF_TRY_VOID(CheckPattern(version.allowed_pattern, request.value));
  return version;
}

// What the request makes of the parameter as it is; null: there is none.
Result<Parameters::Next> MakeNext(const PutParameterRequest& request, const ParameterKey& key, const Parameters::Pointer& old) {
  if (!old && !request.type) return Fail(Invalid("A parameter type is required when you create a parameter."));
  if (old && !request.overwrite.value_or(false)) {
    return Fail(Error::Service("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."));
  }
  if (old && request.type.value_or(old->type) != old->type) {
    return Fail(Error::Service("HierarchyTypeMismatchException",
                               "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String "
                               "type to a SecureString type. You must create a new, unique parameter."));
  }
  Parameters::Next next{.parameter = old ? *old : ParameterRow{.key = key, .name = request.name, .type = *request.type}, .value = request.value};
  MF_TRY(next.parameter.newest, MakeVersion(request, next.parameter.newest));
  for (const Tag& tag : request.tags.value_or(std::vector<Tag>())) next.parameter.tags.emplace_back(tag.key, tag.value);
  return next;
}

}  // namespace

// Only a SecureString has a key.
Task<Result<SsmApi::ChosenKey>> SsmApi::ChooseKey(Context& ctx, const PutParameterRequest& request, const ParameterKey& key) const {
  const Parameters::Pointer present = parameters_->Find(key);
  const std::string type = request.type.value_or(present ? present->type : "");
  if (type != kSecure) {
    if (request.key_id) co_return Fail(Invalid("KeyId is required for SecureString type parameter only."));
    co_return ChosenKey();
  }
  ChosenKey chosen{.id = request.key_id.value_or(present && !present->newest.key_id.empty() ? present->newest.key_id : kUsualKey), .arn = {}};
  auto arn = co_await parts_.keys->Find(ctx, chosen.id);
  if (!arn) co_return Fail(BadKey(ctx, arn.error()));
  chosen.arn = std::move(*arn);
  co_return chosen;
}

Task<Result<PutParameterResponse>> SsmApi::PutParameter(Context& ctx, PutParameterRequest request) {
  const ParameterReference reference = ParseReference(ctx, request.name);
  MF_CO_TRY_VOID(CheckName(reference.key, request.name));
  MF_CO_TRY_VOID(CheckTogether(request));
  MF_CO_TRY(const ChosenKey key, co_await ChooseKey(ctx, request, reference.key));
  PutParameterResponse response;
  const auto make = [&](const Parameters::Pointer& old) -> Result<Parameters::Next> {
    MF_TRY(Parameters::Next next, MakeNext(request, reference.key, old));
    next.parameter.newest.modified_millis = ToEpochMillis(clock_->WallNow());
    next.parameter.newest.modified_by = ctx.principal.arn;
    next.parameter.newest.key_id = key.id;
    next.parameter.newest.key_arn = key.arn;
    MF_TRY_VOID(CheckPolicies(next.parameter.newest, clock_->WallNow()));
    response.tier = next.parameter.newest.tier;
    return next;
  };
  MF_CO_TRY(response.version, co_await parameters_->Put(ctx, reference.key, make));
  if (const Parameters::Pointer made = parameters_->Find(reference.key)) co_await parts_.keeper->Tell(ctx, *response.version == 1 ? "Create" : "Update", *made);
  co_return response;
}

Task<Result<DeleteParameterResponse>> SsmApi::DeleteParameter(Context& ctx, DeleteParameterRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, Find(ctx, request.name));
  MF_CO_TRY_VOID(co_await parameters_->Delete(ctx, parameter->key));
  co_await parts_.keeper->Tell(ctx, "Delete", *parameter);
  co_return DeleteParameterResponse();
}

Task<Result<DeleteParametersResponse>> SsmApi::DeleteParameters(Context& ctx, DeleteParametersRequest request) {
  DeleteParametersResponse response;
  response.deleted_parameters.emplace();
  response.invalid_parameters.emplace();
  for (std::string& name : request.names) {
    const auto parameter = Find(ctx, name);
    if (parameter) {
      MF_CO_TRY_VOID(co_await parameters_->Delete(ctx, (*parameter)->key));
      co_await parts_.keeper->Tell(ctx, "Delete", **parameter);
    }
    (parameter ? response.deleted_parameters : response.invalid_parameters)->push_back(std::move(name));
  }
  co_return response;
}

}  // namespace mayfly::ssm
