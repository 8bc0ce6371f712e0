#include "services/iam/iam_rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::iam {

static void VisitMembers(resources::Is<EntityRow> auto& row, auto&& visit) {
  visit("name", row.name);
  visit("path", row.path);
  visit("id", row.id);
  visit("created", row.created_ms);
  visit("inline", row.inline_policies);
  visit("attached", row.attached);
  visit("boundary", row.boundary);
  visit("tags", row.tags);
  visit("description", row.description);
  visit("trust", row.trust);
  visit("maxSession", row.max_session_seconds);
  visit("service", row.service);
  visit("lastUsed", row.last_used_ms);
  visit("lastUsedRegion", row.last_used_region);
  visit("groups", row.groups);
  visit("password", row.password_ms);
  visit("passwordReset", row.password_reset);
}

static void VisitMembers(resources::Is<VersionRow> auto& row, auto&& visit) {
  visit("id", row.id);
  visit("document", row.document);
  visit("created", row.created_ms);
}

static void VisitMembers(resources::Is<PolicyRow> auto& row, auto&& visit) {
  visit("arn", row.arn);
  visit("name", row.name);
  visit("path", row.path);
  visit("id", row.id);
  visit("description", row.description);
  visit("created", row.created_ms);
  visit("updated", row.updated_ms);
  visit("default", row.default_version);
  visit("last", row.last_version);
  visit("versions", row.versions);
  visit("tags", row.tags);
}

static void VisitMembers(resources::Is<AccessKeyRow> auto& row, auto&& visit) {
  visit("id", row.id);
  visit("secret", row.secret);
  visit("user", row.user);
  visit("active", row.is_active);
  visit("created", row.created_ms);
}

static void VisitMembers(resources::Is<InstanceProfileRow> auto& row, auto&& visit) {
  visit("name", row.name);
  visit("path", row.path);
  visit("id", row.id);
  visit("created", row.created_ms);
  visit("role", row.role);
  visit("tags", row.tags);
}

static void VisitMembers(resources::Is<ProviderRow> auto& row, auto&& visit) {
  visit("name", row.name);
  visit("clients", row.client_ids);
  visit("thumbprints", row.thumbprints);
  visit("plainHttp", row.is_plain_http);
  visit("document", row.document);
  visit("id", row.id);
  visit("created", row.created_ms);
  visit("tags", row.tags);
}

static void VisitMembers(resources::Is<AccountRow> auto& row, auto&& visit) {
  visit("alias", row.alias);
  visit("passwordPolicy", row.password_policy);
  visit("report", row.report_ms);
}

const VersionRow* PolicyRow::Version(std::string_view version_id) const {
  const auto found = std::ranges::find(versions, version_id, &VersionRow::id);
  return found == versions.end() ? nullptr : &*found;
}

const VersionRow& PolicyRow::in_force() const {
  const VersionRow* version = Version(default_version);
  MF_ASSERT(version != nullptr);
  return *version;
}

std::string KeyOf(std::string_view account_id, std::string_view name) { return fmt::format("{}/{}", account_id, LowerCase(name)); }

std::string ArnOf(std::string_view account_id, std::string_view kind, std::string_view path, std::string_view name) {
  return fmt::format("arn:aws:iam::{}:{}{}{}", account_id, kind, path.empty() ? "/" : path, name);
}

std::string ArnOf(std::string_view account_id, EntityKind kind, const EntityRow& row) { return ArnOf(account_id, WordOf(kind), row.path, row.name); }

std::string_view WordOf(EntityKind kind) {
  switch (kind) {
    case EntityKind::User: return "user";
    case EntityKind::Group: return "group";
    case EntityKind::Role: return "role";
  }
  return {};
}

json::Value ToJson(const EntityRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const PolicyRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const AccessKeyRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const InstanceProfileRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const ProviderRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const AccountRow& row) { return resources::WriteMembers(row); }

Result<> FromJson(std::string_view, const json::Value& value, EntityRow& row) { return resources::ReadMembers(value, row), Result<>(); }
Result<> FromJson(std::string_view, const json::Value& value, PolicyRow& row) {
  resources::ReadMembers(value, row);
  if (!row.Version(row.default_version)) return Fail(Error::Fault("a policy without the version that is in force"));
  return {};
}
Result<> FromJson(std::string_view, const json::Value& value, AccessKeyRow& row) { return resources::ReadMembers(value, row), Result<>(); }
Result<> FromJson(std::string_view, const json::Value& value, InstanceProfileRow& row) { return resources::ReadMembers(value, row), Result<>(); }
Result<> FromJson(std::string_view, const json::Value& value, ProviderRow& row) { return resources::ReadMembers(value, row), Result<>(); }
Result<> FromJson(std::string_view, const json::Value& value, AccountRow& row) { return resources::ReadMembers(value, row), Result<>(); }

}  // namespace mayfly::iam
