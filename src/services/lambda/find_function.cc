#include "services/lambda/find_function.h"

#include "services/lambda/settings.h"

namespace mayfly::lambda {

Result<FoundFunction> FindFunction(const catalog::FunctionCatalog& catalog, const Context& ctx, std::string_view name,
                                   const std::optional<std::string>& qualifier) {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier.value_or("")));
  MF_TRY(catalog::FunctionCatalog::Resolved resolved, catalog.Resolve(reference));
  MF_ASSERT(resolved.function != nullptr);
  return FoundFunction{std::move(reference), std::move(resolved.function), std::move(resolved.alias)};
}

Result<FoundFunction> FindForUpdate(const catalog::FunctionCatalog& catalog, const Context& ctx, std::string_view name,
                                    const std::optional<std::string>& revision_id) {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, ""));
  const std::string arn = reference.name.Arn();
  catalog::FunctionPointer function = catalog.Find(reference.name);
  if (!function) return Fail(catalog::FunctionNotFound(reference));
  MF_ASSERT(function->is_latest());
  if (revision_id && *revision_id != function->revision_id) return Fail(StaleRevision());
  if (function->state == "Pending") {
    return Fail(Conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending"));
  }
  if (function->last_update_status == "InProgress") {
    return Fail(Conflict("The operation cannot be performed at this time. An update is in progress for resource: " + arn));
  }
  return FoundFunction{std::move(reference), std::move(function), nullptr};
}

Result<catalog::FunctionReference> UnqualifiedReference(const Context& ctx, std::string_view name) {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, ""));
  if (reference.qualifier.empty()) return reference;
  return Fail(
      InvalidParameterValue("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
                            "Please specify either a function name or an unqualified function ARN."));
}

}  // namespace mayfly::lambda
