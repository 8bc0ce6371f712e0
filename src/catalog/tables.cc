#include "catalog/tables.h"

#include <fmt/format.h>

#include "catalog/function_reference.h"

namespace mayfly::catalog {
namespace {

Error MissingFunction(std::string_view key) {
  const auto name = NameFromKey(key);
  return FunctionNotFound({name ? *name : FunctionName{.name = std::string(key)}, ""});
}

Error BusyFunction(std::string_view key) {
  const auto name = NameFromKey(key);
  return Error::Service("ResourceConflictException",
                        fmt::format("The operation cannot be performed at this time. An update is in progress for resource: {}",
                                    name ? name->Arn() : std::string(key)));
}

Error ExistingFunction(std::string_view key) {
  const auto name = NameFromKey(key);
  return Error::Service("ResourceConflictException", fmt::format("Function already exist: {}", name ? name->name : std::string(key)));
}

// FUNCTION-KEY of FUNCTION-KEY[/QUALIFIER[/more]].
std::string_view FunctionPart(std::string_view key) {
  size_t end = 0;
  for (int part = 0; part < 3; ++part) {
    end = key.find('/', end + (part > 0));
    if (end == std::string_view::npos) return key;
  }
  return key.substr(0, end);
}

std::string_view QualifierPart(std::string_view key) {
  const std::string_view function = FunctionPart(key);
  if (function.size() == key.size()) return {};
  const std::string_view rest = key.substr(function.size() + 1);
  return rest.substr(0, rest.find('/'));
}

std::optional<std::string> FunctionOf(std::string_view key) { return std::string(FunctionPart(key)); }

std::optional<std::string> VersionOf(std::string_view key) {
  const std::string_view qualifier = QualifierPart(key);
  if (!IsVersionNumber(qualifier)) return std::nullopt;
  return fmt::format("{}/{:0>{}}", FunctionPart(key), qualifier, kVersionDigits);
}

std::optional<std::string> AliasOf(std::string_view key) {
  const std::string_view qualifier = QualifierPart(key);
  if (qualifier.empty() || qualifier.starts_with('$') || IsVersionNumber(qualifier)) return std::nullopt;
  return fmt::format("{}/{}", FunctionPart(key), qualifier);
}

std::string SameKey(std::string_view key) { return std::string(key); }

// Versions' keys are padded, qualifiers are not.
std::string QualifiedKey(std::string_view version_key) {
  const std::string_view number = QualifierPart(version_key);
  MF_ASSERT(number.size() == kVersionDigits);
  return fmt::format("{}/{}", FunctionPart(version_key), number.substr(number.find_first_not_of('0')));
}

}  // namespace

resources::RowErrors FunctionErrors() { return {.missing = &MissingFunction, .exists = &ExistingFunction, .busy = &BusyFunction}; }

resources::Owner OwnerFunction(resources::AnyTable& functions) { return {.table = &functions, .key_of = &FunctionOf, .root_of = &SameKey}; }

std::vector<resources::Owner> QualifiedOwners(const QualifierTables& tables) {
  using Needed = resources::Owner::Needed;
  return {OwnerFunction(*tables.functions),
          {.table = tables.versions, .key_of = &VersionOf, .root_of = &QualifiedKey, .needed = Needed::IfPresent},
          {.table = tables.aliases, .key_of = &AliasOf, .root_of = &SameKey, .needed = Needed::IfPresent}};
}

resources::Owner OwnerLayerVersion(resources::AnyTable& layer_versions) {
  return {.table = &layer_versions, .key_of = [](std::string_view key) { return std::optional(SameKey(key)); }, .root_of = &SameKey};
}

}  // namespace mayfly::catalog
