#include "identity/policy_principal.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::identity {
namespace {

constexpr size_t kUniqueIdBytesMin = 16;
constexpr size_t kUniqueIdBytesMax = 128;

Error InvalidPrincipal(std::string_view kind, std::string_view name) {
  return Error::Service("MalformedPolicyDocument", fmt::format("Invalid principal in policy: \"{}\":\"{}\"", kind, name));
}

bool IsHostName(std::string_view text) {
  return text.find('.') != std::string_view::npos && std::ranges::all_of(text, [](char c) {
    return IsAlphanumeric(c) || c == '.' || c == '-';
  });
}

// "AIDAJQABLZS4A3QDU576Q": what AWS shows of a principal that has been deleted. It matches nobody.
bool IsUniqueId(std::string_view text) {
  return text.size() >= kUniqueIdBytesMin && text.size() <= kUniqueIdBytesMax && text[0] == 'A' &&
         std::ranges::all_of(text, [](char c) { return IsUpperCase(c) || IsDigit(c); });
}

bool IsIdentityArn(const Arn& arn) {
  if (!arn.region.empty() || !IsAccountId(arn.account_id) || arn.resource.find_first_of("*?") != std::string_view::npos) return false;
  const auto is_one_of = [&](std::initializer_list<std::string_view> prefixes) {
    return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return arn.resource.size() > prefix.size() && arn.resource.starts_with(prefix); });
  };
  if (arn.service == "iam") return is_one_of({"user/", "role/"});
  return arn.service == "sts" && is_one_of({kAssumedRolePrefix, "federated-user/"});
}

}  // namespace

Result<PrincipalSet> PrincipalSet::Parse(const json::Value& value, Form form) {
  PrincipalSet set;
  set.form_ = form;
  if (value.is_string()) {
    if (value.string() != "*") return Fail(InvalidPrincipal("STRING", value.string()));
    set.entries_.push_back({Kind::Everybody, {}});
    return set;
  }
  if (!value.is_object()) return Fail(InvalidPrincipal("STRING", ""));
  for (const auto& [kind, names] : value.object()) {
    if (!names.is_array()) {
      MF_TRY_VOID(set.Add(kind, names));
      continue;
    }
    for (const json::Value& name : names.array()) MF_TRY_VOID(set.Add(kind, name));
  }
  if (set.entries_.empty()) return Fail(Error::Service("MalformedPolicyDocument", "Missing required field Principal"));
  return set;
}

Result<> PrincipalSet::Add(std::string_view kind, const json::Value& value) {
  if (!value.is_string()) return Fail(InvalidPrincipal(kind, ""));
  const std::string& name = value.string();
  const auto add = [&](Kind entry_kind, std::string_view entry_name) -> Result<> {
    entries_.push_back({entry_kind, std::string(entry_name)});
    return {};
  };
  if (kind == "AWS") {
    if (name == "*") return add(Kind::Everybody, {});
    if (IsAccountId(name)) return add(Kind::Account, name);
    if (IsUniqueId(name)) return add(Kind::Identity, name);
    const auto arn = ParseArn(name);
    if (arn && arn->service == "iam" && arn->region.empty() && IsAccountId(arn->account_id) && arn->resource == "root") {
      return add(Kind::Account, arn->account_id);
    }
    if (arn && IsIdentityArn(*arn)) return add(Kind::Identity, name);
  }
  if (kind == "Service" && IsHostName(name)) return add(Kind::Service, name);
  if (kind == "Federated" && !name.empty()) return name == "*" ? add(Kind::Everybody, {}) : add(Kind::Federated, name);
  if (kind == "CanonicalUser" && !name.empty()) return add(Kind::CanonicalUser, name);
  return Fail(InvalidPrincipal(kind, name));
}

PrincipalSet::Match PrincipalSet::FindIn(const Entry& entry, const RequestPrincipal& principal) {
  const auto exact = [](bool matches) { return matches ? Match::Exact : Match::None; };
  switch (entry.kind) {
    case Kind::Everybody: return Match::Exact;
    case Kind::Account:
      if (principal.account_id != entry.name) return Match::None;
      return principal.is_root() ? Match::Exact : Match::Account;
    case Kind::Identity:
      if (principal.arn.empty() || !IsArnOrSessionOf(principal.arn, entry.name)) return Match::None;
      return principal.arn == entry.name ? Match::Exact : Match::Role;
    case Kind::Service: return exact(principal.service == entry.name);
    case Kind::Federated: return exact(principal.federated == entry.name);
    case Kind::CanonicalUser: return exact(principal.canonical_user == entry.name);
  }
  return Match::None;
}

PrincipalSet::Match PrincipalSet::Find(const RequestPrincipal& principal) const {
  Match best = Match::None;
  for (const Entry& entry : entries_) best = std::max(best, FindIn(entry, principal));
  if (form_ == Form::Principal) return best;
  // An account that NotPrincipal names is its root only.
  return best >= Match::Role ? Match::None : Match::Exact;
}

}  // namespace mayfly::identity
