#include "services/iam/core.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "services/iam/documents.h"

namespace mayfly::iam {
namespace {

constexpr size_t kPageUsual = 100;

constexpr resources::TagRules kTagRules{
    .reserved = [] { return InvalidInput("Invalid tag key. System tags cannot be added/updated/deleted."); },
    .too_many = [](std::string_view) { return LimitExceeded("The number of tags has reached the maximum limit."); }};

struct KindWords {
  std::string_view capital;
  std::string_view quota;
};
KindWords WordsOf(EntityKind kind) {
  switch (kind) {
    case EntityKind::User: return {"User", "UsersPerAccount"};
    case EntityKind::Group: return {"Group", "GroupsPerAccount"};
    case EntityKind::Role: return {"Role", "RolesPerAccount"};
  }
  return {};
}

}  // namespace

Error BadMarker() { return Invalid("Invalid Marker."); }

Error NoSuchEntityOf(EntityKind kind, std::string_view name) {
  return NoSuchEntity(fmt::format("The {} with name {} cannot be found.", WordOf(kind), name));
}

Result<Slice> SliceOf(const std::vector<std::string>& names, const PageWish& wish) {
  Slice slice;
  if (wish.marker) {
    const auto place = resources::ReadMarker(*wish.marker);
    if (!place) return Fail(BadMarker());
    slice.begin = static_cast<size_t>(std::ranges::upper_bound(names, *place) - names.begin());
  }
  const size_t limit = wish.max_items ? static_cast<size_t>(*wish.max_items) : kPageUsual;
  slice.end = std::min(names.size(), slice.begin + limit);
  if (slice.end < names.size()) slice.marker = resources::WriteMarker(names[slice.end - 1]);
  return slice;
}

// --- tags ------------------------------------------------------------------------------------------------------------------

// Kept by key.
Result<> AddTags(resources::Tags& tags, const std::vector<Tag>& added) {
  resources::Tags more;
  std::set<std::string> keys;
  for (const Tag& tag : added) {
    if (!keys.insert(LowerCase(tag.key)).second) return Fail(InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
    // A key in other letters is the same key.
    std::erase_if(tags, [&](const auto& old) { return old.first != tag.key && EqualIgnoringCase(old.first, tag.key); });
    more.emplace_back(tag.key, tag.value);
  }
  MF_TRY_VOID(resources::AddTags(tags, more, kTagRules));
  std::ranges::sort(tags);
  return {};
}

Result<resources::Tags> TagsOf(const std::optional<std::vector<Tag>>& given) {
  resources::Tags tags;
  if (given) MF_TRY_VOID(AddTags(tags, *given));
  return tags;
}

std::vector<Tag> Shown(const resources::Tags& tags) {
  std::vector<Tag> shown;
  for (const auto& [key, value] : tags) shown.push_back({.key = key, .value = value});
  return shown;
}

// --- users, groups, roles --------------------------------------------------------------------------------------------------

std::string Core::NewId(std::string_view prefix) const {
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id(prefix);
  for (int i = 0; i < 17; ++i) id += kBase32[random_->Below(kBase32.size())];
  return id;
}

Result<EntityPointer> Core::Get(const Context& ctx, EntityKind kind, std::string_view name) const {
  if (EntityPointer row = tables_->Find(kind, ctx.principal.account_id, name)) return row;
  return Fail(NoSuchEntityOf(kind, name));
}

Task<Result<>> Core::Edit(Context& ctx, EntityKind kind, std::string name, Change change, OfServices of_services, std::optional<Using> uses) {
  const std::string& account_id = ctx.principal.account_id;
  const std::string key = KeyOf(account_id, name);
  auto& table = tables_->Entities(kind);
  std::optional<IamTables::Pin> pin;
  if (uses) pin.emplace(*tables_, IamTables::PinOf(uses->use, account_id, uses->what));
  const auto stage = [&](resources::Change& staged, const EntityPointer& row) -> Result<> {
    if (!row) return Fail(NoSuchEntityOf(kind, name));
    if (!row->service.empty() && of_services == OfServices::Kept) return Fail(UnmodifiableRole(row->name));
    EntityRow changed = *row;
    MF_TRY_VOID(change(changed));
    return staged.Replace(table, key, row, std::move(changed));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<EntityRow>> Core::Create(Context& ctx, EntityKind kind, EntityRow row) {
  constexpr std::string_view kPrefixes[] = {"AIDA", "AGPA", "AROA"};
  const std::string& account_id = ctx.principal.account_id;
  if (!row.boundary.empty()) MF_CO_TRY_VOID(CheckAttachable(account_id, row.boundary));
  row.id = NewId(kPrefixes[static_cast<size_t>(kind)]);
  row.created_ms = NowMs();
  const std::string key = KeyOf(account_id, row.name);
  auto& table = tables_->Entities(kind);
  const auto stage = [&](resources::Change& staged, const EntityPointer& existing) -> Result<> {
    if (existing) return Fail(AlreadyExists(fmt::format("{} with name {} already exists.", WordsOf(kind).capital, row.name)));
    if (table.size() >= kEntitiesMax && table.List(account_id + "/", "", kEntitiesMax).size() >= kEntitiesMax) return Fail(QuotaExceeded(WordsOf(kind).quota, kEntitiesMax));
    return staged.Create(table, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, table, key, stage));
  co_return row;
}

Task<Result<>> Core::Delete(Context& ctx, EntityKind kind, std::string name, std::function<Result<>(const EntityRow&)> check, OfServices of_services) {
  const std::string key = KeyOf(ctx.principal.account_id, name);
  auto& table = tables_->Entities(kind);
  const auto stage = [&](resources::Change& staged, const EntityPointer& row) -> Result<> {
    if (!row) return Fail(NoSuchEntityOf(kind, name));
    if (!row->service.empty() && of_services == OfServices::Kept) return Fail(UnmodifiableRole(row->name));
    MF_TRY_VOID(check(*row));
    return staged.Delete(table, key, row);
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Result<resources::Page<EntityRow>> Core::List(const Context& ctx, EntityKind kind, const std::optional<std::string>& path_prefix, const PageWish& wish) const {
  const resources::PageRequest request{.prefix = ctx.principal.account_id + "/",
                                       .marker = wish.marker,
                                       .limit = wish.max_items ? static_cast<size_t>(*wish.max_items) : kPageUsual,
                                       .bad_marker = &BadMarker};
  const std::string prefix = path_prefix.value_or("/");
  return resources::NextPageIf(tables_->Entities(kind), request, [&](const auto& row) { return row.value->path.starts_with(prefix); });
}

Core::Change SetBoundary(const Core& core, const Context& ctx, std::string arn) {
  return [&core, account_id = ctx.principal.account_id, arn = std::move(arn)](EntityRow& row) -> Result<> {
    MF_TRY_VOID(core.CheckAttachable(account_id, arn));
    row.boundary = arn;
    return {};
  };
}

Core::Change TakeBoundary() {
  return [](EntityRow& row) -> Result<> {
    if (row.boundary.empty()) return Fail(NoSuchEntity(fmt::format("{} does not have a permission boundary", row.name)));
    row.boundary.clear();
    return {};
  };
}

Core::Change AddTagsTo(std::vector<Tag> tags) {
  return [tags = std::move(tags)](EntityRow& row) { return AddTags(row.tags, tags); };
}

Core::Change RemoveTagsFrom(std::vector<std::string> keys) {
  return [keys = std::move(keys)](EntityRow& row) -> Result<> {
    resources::RemoveTags(row.tags, keys);
    return {};
  };
}

// --- managed policies ------------------------------------------------------------------------------------------------------

Result<PolicyRowPointer> Core::GetPolicy(const Context& ctx, std::string_view arn) const {
  if (PolicyRowPointer row = tables_->FindPolicy(ctx.principal.account_id, arn)) return row;
  return Fail(NoSuchEntity(fmt::format("Policy {} was not found.", arn)));
}

Result<> Core::CheckAttachable(std::string_view account_id, std::string_view arn) const {
  const PolicyRowPointer row = tables_->FindPolicy(account_id, arn);
  if (!row) return Fail(NoSuchEntity(fmt::format("Policy {} does not exist or is not attachable.", arn)));
  if (!row->is_aws() && !tables_->policies.IsFree(KeyOf(account_id, row->name))) return Fail(ConcurrentChange());
  return {};
}

// --- as answers show them --------------------------------------------------------------------------------------------------

static std::optional<AttachedPermissionsBoundary> ShowBoundary(const std::string& arn) {
  if (arn.empty()) return std::nullopt;
  return AttachedPermissionsBoundary{.permissions_boundary_type = "Policy", .permissions_boundary_arn = arn};
}

Role Core::Show(std::string_view account_id, const EntityRow& row) const {
  Role role{.path = row.path, .role_name = row.name, .role_id = row.id, .arn = ArnOf(account_id, EntityKind::Role, row), .create_date = TimeOf(row.created_ms)};
  role.assume_role_policy_document = Encoded(row.trust);
  if (!row.description.empty()) role.description = row.description;
  role.max_session_duration = row.max_session_seconds;
  role.permissions_boundary = ShowBoundary(row.boundary);
  if (!row.tags.empty()) role.tags = Shown(row.tags);
  auto& used = role.role_last_used.emplace();
  if (row.last_used_ms != 0) used = {.last_used_date = TimeOf(row.last_used_ms), .region = row.last_used_region};
  return role;
}

User Core::ShowUser(std::string_view account_id, const EntityRow& row) const {
  User user{.path = row.path, .user_name = row.name, .user_id = row.id, .arn = ArnOf(account_id, EntityKind::User, row), .create_date = TimeOf(row.created_ms)};
  user.permissions_boundary = ShowBoundary(row.boundary);
  if (!row.tags.empty()) user.tags = Shown(row.tags);
  return user;
}

Group Core::ShowGroup(std::string_view account_id, const EntityRow& row) const {
  return {.path = row.path, .group_name = row.name, .group_id = row.id, .arn = ArnOf(account_id, EntityKind::Group, row), .create_date = TimeOf(row.created_ms)};
}

InstanceProfile Core::Show(std::string_view account_id, const InstanceProfileRow& row) const {
  InstanceProfile profile{.path = row.path,
                          .instance_profile_name = row.name,
                          .instance_profile_id = row.id,
                          .arn = ArnOf(account_id, "instance-profile", row.path, row.name),
                          .create_date = TimeOf(row.created_ms)};
  const EntityPointer role = row.role.empty() ? nullptr : tables_->Find(EntityKind::Role, account_id, row.role);
  if (role) profile.roles.push_back(Show(account_id, *role));
  if (!row.tags.empty()) profile.tags = Shown(row.tags);
  return profile;
}

}  // namespace mayfly::iam
