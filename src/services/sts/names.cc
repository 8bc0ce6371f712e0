#include "services/sts/names.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "identity/arn.h"

namespace mayfly::sts {
namespace {

constexpr size_t kIdCharacters = 17;  // behind the four that say of what kind it is

// As AWS's: capital letters and digits. What IAM will give its users and roles, they have until then by their ARNs.
std::string UniqueId(std::string_view prefix, std::string_view arn) {
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const Sha256Digest digest = Sha256(arn);
  std::string id(prefix);
  for (size_t i = 0; i < kIdCharacters; ++i) id += kBase32[digest[i] % kBase32.size()];
  return id;
}

// What stands behind `prefix` in an ARN's resource; nullopt when it does not begin so.
std::optional<std::string_view> Behind(std::string_view resource, std::string_view prefix) {
  if (!resource.starts_with(prefix)) return std::nullopt;
  return resource.substr(prefix.size());
}

}  // namespace

std::string Role::Id() const { return UniqueId("AROA", fmt::format("arn:aws:iam::{}:role/{}", account_id, name)); }

std::string Role::SessionArn(std::string_view session) const { return fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account_id, name, session); }

Result<Role> ParseRoleArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  const auto path = arn && arn->service == "iam" && arn->region.empty() && identity::IsAccountId(arn->account_id) ? Behind(arn->resource, "role/") : std::nullopt;
  if (!path || path->empty() || path->ends_with('/')) return Fail(Error::Service("ValidationException", fmt::format("{} is invalid", text)));
  return Role{std::string(arn->account_id), std::string(path->substr(path->rfind('/') + 1))};
}

bool IsSession(std::string_view principal_arn) {
  const auto arn = identity::ParseArn(principal_arn);
  return arn && arn->service == "sts";
}

std::string UserIdOf(const Principal& principal) {
  const auto arn = identity::ParseArn(principal.arn);
  if (!arn || arn->resource == "root") return principal.account_id;
  if (const auto session = Behind(arn->resource, identity::kAssumedRolePrefix)) {
    const size_t slash = session->find('/');
    const Role role{principal.account_id, std::string(session->substr(0, slash))};
    return slash == std::string_view::npos ? role.Id() : fmt::format("{}:{}", role.Id(), session->substr(slash + 1));
  }
  if (const auto name = Behind(arn->resource, "federated-user/")) return fmt::format("{}:{}", principal.account_id, *name);
  return UniqueId("AIDA", principal.arn);
}

}  // namespace mayfly::sts
