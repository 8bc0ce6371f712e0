#include "services/ssm/parameter_name.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::ssm {
namespace {

constexpr int kLevelsMax = 15;
constexpr size_t kArnBytesMax = 1011;
constexpr std::string_view kResource = "parameter/";

bool IsNameCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_'; }

// Parts of letters, digits and .-_ between single slashes.
bool IsPath(std::string_view path) {
  return !path.empty() && path.back() != '/' && path.find("//") == std::string_view::npos && std::ranges::all_of(path, [](char c) {
    return c == '/' || IsNameCharacter(c);
  });
}

}  // namespace

std::string_view WithoutFirstSlash(std::string_view text) { return text.starts_with('/') ? text.substr(1) : text; }

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }

std::string ParameterKey::Arn() const {
  return fmt::format("arn:{}:ssm:{}:{}:{}{}", identity::PartitionOf(region), region, account_id, kResource, path);
}

ParameterReference ParseReference(const Context& ctx, std::string_view text) {
  ParameterReference reference{.key = {.account_id = ctx.principal.account_id, .region = ctx.principal.region, .path = {}}, .name = {}, .selector = {}};
  std::string_view name = text;
  if (const auto arn = identity::ParseArn(text); arn && arn->service == "ssm" && arn->resource.starts_with(kResource)) {
    reference.key.account_id = arn->account_id;
    reference.key.region = arn->region;
    name = arn->resource.substr(kResource.size());
    if (name.find('/') != std::string_view::npos) name = arn->resource.substr(kResource.size() - 1);  // a hierarchy's begins with it
  }
  if (const size_t colon = name.find(':'); colon != std::string_view::npos) {
    reference.selector = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  reference.name = name;
  reference.key.path = WithoutFirstSlash(name);
  return reference;
}

Result<> CheckName(const ParameterKey& key, std::string_view name) {
  const bool is_hierarchy = name.find('/', 1) != std::string_view::npos;
  if (is_hierarchy && StartsWithIgnoringCase(key.path, "aws")) return Fail(Error::Service("AccessDeniedException", fmt::format("No access to reserved parameter name: {}.", name)));
  if (StartsWithIgnoringCase(key.path, "aws") || StartsWithIgnoringCase(key.path, "ssm")) {
    if (!is_hierarchy) return Fail(Invalid("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive)."));
    return Fail(Invalid("Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash "
                        "symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"));
  }
  if (is_hierarchy && !name.starts_with('/')) return Fail(Invalid("Parameter name must be a fully qualified name."));
  if (!IsPath(key.path)) {
    return Fail(Invalid("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided "
                        "by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"));
  }
  if (std::ranges::count(key.path, '/') >= kLevelsMax) {
    return Fail(Error::Service("HierarchyLevelLimitExceededException",
                               "A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints for parameter names in the "
                               "Amazon Web Services Systems Manager User Guide."));
  }
  if (key.Arn().size() > kArnBytesMax) return Fail(Invalid(fmt::format("Parameter name: the ARN of the parameter must have length less than or equal to {}", kArnBytesMax)));
  return {};
}

Result<> CheckPath(std::string_view path) {
  const std::string_view inner = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  if (path.starts_with('/') && (inner.empty() || IsPath(inner.substr(1)))) return {};
  return Fail(Invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed "
                      "with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ "
                      "(underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: "
                      "/get/parameters2-/by1./path0_."));
}

bool IsLabel(std::string_view label) {
  if (label.empty() || StartsWithIgnoringCase(label, "aws") || StartsWithIgnoringCase(label, "ssm") || IsDigit(label.front())) return false;
  return std::ranges::all_of(label, IsNameCharacter);
}

}  // namespace mayfly::ssm
