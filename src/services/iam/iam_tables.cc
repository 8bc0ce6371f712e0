#include "services/iam/iam_tables.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::iam {
namespace {

// ACCOUNT/user of ACCOUNT/user/ID; those of an account's root (ACCOUNT//ID) hang on nothing.
std::optional<std::string> UserOfAccessKey(std::string_view key) {
  const size_t end = key.rfind('/');
  if (key[end - 1] == '/') return std::nullopt;
  return std::string(key.substr(0, end));
}

std::string_view AccountOf(std::string_view key) { return key.substr(0, key.find('/')); }

// What a user, group or role uses.
std::vector<std::string> UsedBy(std::string_view account_id, const EntityRow& row) {
  std::vector<std::string> used;
  for (const std::string& arn : row.attached) used.push_back(IamTables::PinOf(IamTables::Use::Attached, account_id, arn));
  for (const std::string& group : row.groups) used.push_back(IamTables::PinOf(IamTables::Use::Member, account_id, group));
  if (!row.boundary.empty()) used.push_back(IamTables::PinOf(IamTables::Use::Boundary, account_id, row.boundary));
  return used;
}

std::vector<std::string> UsedBy(std::string_view account_id, const InstanceProfileRow& row) {
  if (row.role.empty()) return {};
  return {IamTables::PinOf(IamTables::Use::Profile, account_id, row.role)};
}

std::string UserName(char kind, std::string_view key) { return fmt::format("{}:{}", kind, key.substr(key.find('/') + 1)); }

}  // namespace

IamTables::IamTables(store::Store& store, UnknownPolicies unknown)
    : tables(store),
      access_keys(tables, "iam-access-keys",
                  {.owners = {{.table = &users,
                               .key_of = &UserOfAccessKey,
                               .root_of = [](std::string_view user) { return std::string(user); },
                               .needed = resources::Owner::Needed::Always}},
                   .errors = {}}),
      aws_policies_(unknown) {
  Follow(EntityKind::User);
  Follow(EntityKind::Group);
  Follow(EntityKind::Role);
  instance_profiles.OnChange([this](const std::string& key, const auto& old_row, const auto& new_row) {
    if (!is_counted_) return;
    if (old_row) Link(UsedBy(AccountOf(key), *old_row), UserName('p', key), false);
    if (new_row) Link(UsedBy(AccountOf(key), *new_row), UserName('p', key), true);
  });
}

std::string IamTables::PinOf(Use use, std::string_view account_id, std::string_view what) {
  const bool is_name = use == Use::Member || use == Use::Profile;
  return fmt::format("{} {} {}", static_cast<int>(use), account_id, is_name ? LowerCase(what) : std::string(what));
}

PolicyRowPointer IamTables::FindPolicy(std::string_view account_id, std::string_view arn) const {
  if (PolicyRowPointer row = aws_policies_.Find(arn)) return row;
  const std::string prefix = fmt::format("arn:aws:iam::{}:policy/", account_id);
  if (!arn.starts_with(prefix)) return nullptr;
  PolicyRowPointer row = policies.Find(KeyOf(account_id, arn.substr(arn.rfind('/') + 1)));
  return row && row->arn == arn ? row : nullptr;
}

void IamTables::Link(const std::vector<std::string>& used, const std::string& user, bool is_used) {
  for (const std::string& what : used) {
    if (is_used) {
      uses_[what].insert(user);
    } else if (const auto found = uses_.find(what); found != uses_.end() && found->second.erase(user) == 1 && found->second.empty()) {
      uses_.erase(found);
    }
  }
}

void IamTables::Follow(EntityKind kind) {
  Entities(kind).OnChange([this, letter = WordOf(kind).front()](const std::string& key, const auto& old_row, const auto& new_row) {
    if (!is_counted_) return;
    if (old_row) Link(UsedBy(AccountOf(key), *old_row), UserName(letter, key), false);
    if (new_row) Link(UsedBy(AccountOf(key), *new_row), UserName(letter, key), true);
  });
}

void IamTables::Count() {
  is_counted_ = true;
  for (const EntityKind kind : {EntityKind::User, EntityKind::Group, EntityKind::Role}) {
    for (const auto& row : Entities(kind).List("", "", SIZE_MAX)) Link(UsedBy(AccountOf(row.key), *row.value), UserName(WordOf(kind).front(), row.key), true);
  }
  for (const auto& row : instance_profiles.List("", "", SIZE_MAX)) Link(UsedBy(AccountOf(row.key), *row.value), UserName('p', row.key), true);
}

const std::set<std::string>& IamTables::UsersOf(Use use, std::string_view account_id, std::string_view what) {
  static const std::set<std::string> kNobody;
  if (!is_counted_) Count();
  const auto found = uses_.find(PinOf(use, account_id, what));
  return found == uses_.end() ? kNobody : found->second;
}

}  // namespace mayfly::iam
