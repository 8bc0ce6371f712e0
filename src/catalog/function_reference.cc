#include "catalog/function_reference.h"

#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::catalog {
Result<FunctionReference> ParseFunctionReference(const Context& ctx, std::string_view text, std::string_view qualifier) {
  FunctionReference reference;
  reference.name.account_id = ctx.principal.account_id;
  reference.name.region = ctx.principal.region;
  std::vector<std::string_view> parts = Split(text, ':');
  size_t next = 0;
  if (parts.size() >= 7 && parts[0] == "arn") {
    reference.name.region = parts[3];
    reference.name.account_id = parts[4];
    next = 6;
  } else {
    if (next + 1 < parts.size() && identity::IsAccountId(parts[next])) reference.name.account_id = parts[next++];
    if (next + 1 < parts.size() && parts[next] == "function") ++next;
  }
  reference.name.name = parts[next++];
  if (next < parts.size()) reference.qualifier = parts[next];
  if (reference.name.region != ctx.principal.region) {
    return Fail(Error::Service("ResourceNotFoundException", fmt::format("Functions from '{}' are not reachable in this region ('{}')",
                                                                        reference.name.region, ctx.principal.region)));
  }
  if (!qualifier.empty()) {
    if (!reference.qualifier.empty() && reference.qualifier != qualifier) {
      return Fail(Error::Service("InvalidParameterValueException",
                                 "The derived qualifier from the function name does not match the specified qualifier."));
    }
    reference.qualifier = qualifier;
  }
  return reference;
}

std::optional<FunctionReference> ParseFunctionArn(std::string_view text) {
  constexpr std::string_view kFunction = "function:";
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with(kFunction)) return std::nullopt;
  const std::string_view named = arn->resource.substr(kFunction.size());
  const size_t colon = named.find(':');
  FunctionReference reference{.name = {std::string(arn->account_id), std::string(arn->region), std::string(named.substr(0, colon))}, .qualifier = {}};
  if (colon != std::string_view::npos) reference.qualifier = named.substr(colon + 1);
  return reference;
}

bool IsAliasName(std::string_view qualifier) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return ConsistsOf(qualifier, kCharacters) && !IsNumber(qualifier);
}

Error FunctionNotFound(const FunctionReference& reference) {
  return Error::Service("ResourceNotFoundException", "Function not found: " + reference.Arn());
}

}  // namespace mayfly::catalog
