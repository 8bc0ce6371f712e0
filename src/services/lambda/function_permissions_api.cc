// AddPermission, GetPolicy, RemovePermission; GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy.
//
// Both families work on one stored policy per function, version or alias. It has a revision id of its own; that of what it hangs on
// stays when the policy changes, and the other way round.
#include "services/lambda/function_permissions_api.h"

#include <fmt/format.h>

#include "base/random.h"
#include "catalog/function_catalog.h"
#include "identity/arn.h"
#include "resources/edit.h"
#include "services/lambda/permission_statements.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

using Parts = FunctionPermissionsApi::Parts;

Error NoPolicy() { return NotFound("No policy is associated with the given resource."); }

Error StalePolicy(std::string_view read_with) {
  return Error::Service("PreconditionFailedException",
                        fmt::format("The Revision Id provided does not match the latest Revision Id. Call the {} API "
                                    "to retrieve the latest Revision Id",
                                    read_with));
}

// What a policy hangs on.
struct Holder {
  catalog::FunctionReference reference;
  catalog::FunctionPointer function;  // $LATEST or a version; null for an alias
  catalog::AliasPointer alias;

  std::string PolicyKey() const { return catalog::PolicyKey(reference.name, reference.qualifier); }
  std::string RevisionOf(const catalog::ResourcePolicy& policy) const {
    if (!policy.revision_id.empty()) return policy.revision_id;
    return alias ? alias->revision_id : function->revision_id;
  }
};

// Error: the function, version or alias does not exist.
Result<Holder> FindHolder(const Parts& parts, const catalog::FunctionReference& reference) {
  const std::string& qualifier = reference.qualifier;
  if (!parts.catalog.Find(reference.name)) return Fail(catalog::FunctionNotFound({reference.name, ""}));
  auto resolved = parts.catalog.Resolve(reference);
  if (!resolved) {
    if (!catalog::IsAliasName(qualifier)) return Fail(std::move(resolved).error());
    return Fail(NotFound(fmt::format("Cannot find alias arn: {}", reference.Arn())));
  }
  if (resolved->alias) return Holder{reference, nullptr, resolved->alias};
  return Holder{reference, resolved->function, nullptr};
}

// A policy as it is; both "" when there is none.
struct Present {
  std::string document;
  std::string revision_id;
};

// The document in place of the present one; "" removes the policy.
using Edit = std::function<Result<std::string>(const Holder& holder, const Present& present)>;

Result<> StageDocument(const Parts& parts, resources::Change& change, const Holder& holder, std::string document) {
  auto& policies = parts.tables.policies;
  const std::string key = holder.PolicyKey();
  const auto old = policies.Find(key);
  if (document.empty()) return old ? change.Delete(policies, key, old) : Result<>();
  MF_TRY(catalog::ResourcePolicy next, catalog::ResourcePolicy::Make(std::move(document), parts.random.Uuid()));
  return old ? change.Replace(policies, key, old, std::move(next)) : change.Create(policies, key, std::move(next));
}

// What the policy hangs on is written again as it is: whoever changes or deletes either waits in the same line, and no policy is left
// of what has gone.
Result<> StageHolder(const Parts& parts, resources::Change& change, const Holder& holder) {
  catalog::Tables& tables = parts.tables;
  if (holder.alias) {
    return change.Replace(tables.aliases, catalog::AliasKey(holder.alias->function, holder.alias->name), holder.alias, *holder.alias);
  }
  auto& table = holder.function->is_latest() ? tables.functions : tables.versions;
  return change.Replace(table, catalog::RowKey(*holder.function), holder.function, *holder.function);
}

Present PresentOf(const Parts& parts, const Holder& holder) {
  const auto policy = parts.tables.policies.Find(holder.PolicyKey());
  return policy ? Present{policy->document, holder.RevisionOf(*policy)} : Present();
}

// Another change of the function, version or alias may be on its way (its state, say): it comes first, then everything is looked
// up again.
Task<Result<>> ChangePolicy(Context& ctx, const Parts& parts, catalog::FunctionReference reference, Edit edit) {
  const auto change_it = [&](resources::Change& change, const auto&) -> Result<> {
    MF_TRY(const Holder holder, FindHolder(parts, reference));
    MF_TRY(std::string document, edit(holder, PresentOf(parts, holder)));
    MF_TRY_VOID(StageDocument(parts, change, holder, std::move(document)));
    return StageHolder(parts, change, holder);
  };
  MF_CO_TRY(const Holder holder, FindHolder(parts, reference));
  catalog::Tables& tables = parts.tables;
  if (holder.alias) co_return co_await resources::EditWith(ctx, tables.aliases, catalog::AliasKey(reference.name, holder.alias->name), change_it);
  auto& table = holder.function->is_latest() ? tables.functions : tables.versions;
  co_return co_await resources::EditWith(ctx, table, catalog::RowKey(*holder.function), change_it);
}

// ResourceArn, which the model has checked to be that of a function, or of a runtime.
Result<catalog::FunctionReference> ParseResourceArn(const Context& ctx, std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || !arn->resource.starts_with("function:")) return Fail(NoSuchResource());
  return catalog::ParseFunctionReference(ctx, text, "");
}

Error PoliciesOfLatest() { return InvalidParameterValue("We currently do not support adding policies for $LATEST."); }

// What is no policy is a wrong parameter to Lambda.
Result<> CheckDocument(const std::string& document) {
  if (document.size() > identity::kPolicyBytesMax) {
    return Fail(Error::Service("PolicyLengthExceededException", fmt::format("The final policy size ({}) is bigger than the limit ({}).",
                                                                            document.size(), identity::kPolicyBytesMax)));
  }
  auto policy = catalog::ResourcePolicy::Make(document);
  if (!policy) return Fail(InvalidParameterValue(std::move(policy).error().message));
  return {};
}

}  // namespace

Task<Result<AddPermissionResponse>> FunctionPermissionsApi::AddPermission(Context& ctx, AddPermissionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  if (reference.qualifier == "$LATEST") co_return Fail(PoliciesOfLatest());
  AddPermissionResponse response;
  const Edit add = [&](const Holder& holder, const Present& present) -> Result<std::string> {
    if (request.revision_id && *request.revision_id != present.revision_id) return Fail(StalePolicy("GetPolicy"));
    MF_TRY(json::Value statement, MakeStatement(request, holder.reference.Arn()));
    response.statement = json::Write(statement);
    return WithStatement(present.document, std::move(statement));
  };
  MF_CO_TRY_VOID(co_await ChangePolicy(ctx, parts_, std::move(reference), add));
  co_return response;
}

Task<Result<GetPolicyResponse>> FunctionPermissionsApi::GetPolicy(Context& ctx, GetPolicyRequest request) {
  MF_CO_TRY(const catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  const auto holder = FindHolder(parts_, reference);
  if (!holder) co_return Fail(NoSuchResource());
  Present present = PresentOf(parts_, *holder);
  if (present.document.empty()) co_return Fail(NoSuchResource());
  GetPolicyResponse response;
  response.policy = std::move(present.document);
  response.revision_id = std::move(present.revision_id);
  co_return response;
}

Task<Result<>> FunctionPermissionsApi::RemovePermission(Context& ctx, RemovePermissionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(NoSuchResource());
  const Edit remove = [&](const Holder&, const Present& present) -> Result<std::string> {
    if (present.document.empty()) return Fail(NoPolicy());
    MF_TRY(std::string rest, WithoutStatement(present.document, request.statement_id));
    if (request.revision_id && *request.revision_id != present.revision_id) return Fail(StalePolicy("GetPolicy"));
    return rest;
  };
  co_return co_await ChangePolicy(ctx, parts_, std::move(reference), remove);
}

Task<Result<GetResourcePolicyResponse>> FunctionPermissionsApi::GetResourcePolicy(Context& ctx, GetResourcePolicyRequest request) {
  MF_CO_TRY(const catalog::FunctionReference reference, ParseResourceArn(ctx, request.resource_arn));
  MF_CO_TRY(const Holder holder, FindHolder(parts_, reference));
  Present present = PresentOf(parts_, holder);
  if (present.document.empty()) co_return Fail(NoSuchResource());
  GetResourcePolicyResponse response;
  response.policy = std::move(present.document);
  response.revision_id = std::move(present.revision_id);
  co_return response;
}

Task<Result<PutResourcePolicyResponse>> FunctionPermissionsApi::PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) {
  MF_CO_TRY(const catalog::FunctionReference reference, ParseResourceArn(ctx, request.resource_arn));
  if (reference.qualifier == "$LATEST") co_return Fail(PoliciesOfLatest());
  MF_CO_TRY_VOID(FindHolder(parts_, reference));
  MF_CO_TRY_VOID(CheckDocument(request.policy));
  const Edit replace = [&](const Holder&, const Present& present) -> Result<std::string> {
    if (request.revision_id && *request.revision_id != present.revision_id) return Fail(StalePolicy("GetResourcePolicy"));
    return request.policy;
  };
  MF_CO_TRY_VOID(co_await ChangePolicy(ctx, parts_, reference, replace));
  PutResourcePolicyResponse response;
  if (const auto holder = FindHolder(parts_, reference)) response.revision_id = PresentOf(parts_, *holder).revision_id;
  response.policy = std::move(request.policy);
  co_return response;
}

Task<Result<>> FunctionPermissionsApi::DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, ParseResourceArn(ctx, request.resource_arn));
  const Edit remove = [&](const Holder&, const Present& present) -> Result<std::string> {
    if (present.document.empty()) return Fail(NoPolicy());
    if (request.revision_id && *request.revision_id != present.revision_id) return Fail(StalePolicy("GetResourcePolicy"));
    return std::string();
  };
  co_return co_await ChangePolicy(ctx, parts_, std::move(reference), remove);
}

}  // namespace mayfly::lambda
