#include "identity/organizations.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kPrefix = "o-";
constexpr size_t kIdCharactersMin = 10, kIdCharactersMax = 32;  // after the prefix

bool IsOrganizationId(std::string_view id) {
  if (!id.starts_with(kPrefix)) return false;
  id.remove_prefix(kPrefix.size());
  return id.size() >= kIdCharactersMin && id.size() <= kIdCharactersMax &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string_view::npos;
}

}  // namespace

Result<Organizations> Organizations::Parse(const std::vector<std::string>& texts) {
  Organizations made;
  for (const std::string_view text : texts) {
    const size_t equals = text.find('=');
    const std::string_view id = text.substr(0, equals);
    if (!IsOrganizationId(id)) return Fail(Error::Fault(fmt::format("'{}' names no organization: o-ID=ACCOUNT,ACCOUNT…", text)));
    std::string_view accounts = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
    do {
      const size_t comma = std::min(accounts.find(','), accounts.size());
      const std::string_view account = accounts.substr(0, comma);
      if (!IsAccountId(account)) return Fail(Error::Fault(fmt::format("'{}' of organization {} is no account of 12 digits", account, id)));
      if (!made.by_account_.emplace(account, id).second) return Fail(Error::Fault(fmt::format("account {} is in two organizations", account)));
      accounts.remove_prefix(std::min(comma + 1, accounts.size()));
    } while (!accounts.empty());
  }
  return made;
}

std::string_view Organizations::Of(std::string_view account_id) const {
  const auto found = by_account_.find(account_id);
  return found == by_account_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace mayfly::identity
