// What a request means by a function's name: the function, one of its versions or an alias, or AWS's words for what is not there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/function_catalog.h"

namespace mayfly::lambda {

struct FoundFunction {
  catalog::FunctionReference reference;
  catalog::FunctionPointer function;  // never null: of an alias, the version that it points to
  catalog::AliasPointer alias;        // when the qualifier names one
};

// The function, version or alias that a request names. Error: ResourceNotFoundException, with the name as the request gave it.
Result<FoundFunction> FindFunction(const catalog::FunctionCatalog& catalog, const Context& ctx, std::string_view name,
                                   const std::optional<std::string>& qualifier = std::nullopt);

// $LATEST, for an operation that changes the function. Errors: ResourceNotFoundException; ResourceConflictException while another
// change of it is on its way; PreconditionFailedException, it is not at the revision that the request names.
Result<FoundFunction> FindForUpdate(const catalog::FunctionCatalog& catalog, const Context& ctx, std::string_view name,
                                    const std::optional<std::string>& revision_id);

// A function as a whole, which need not exist. Error: InvalidParameterValueException, the name has a qualifier.
Result<catalog::FunctionReference> UnqualifiedReference(const Context& ctx, std::string_view name);

}  // namespace mayfly::lambda
