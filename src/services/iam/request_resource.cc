#include "services/iam/request_resource.h"

#include <fmt/format.h>

namespace mayfly::iam {
namespace {

// What the model's `auth … on KIND` calls it, and the member that says which.
struct NamedKind {
  std::string_view kind;
  std::string_view member;
  std::string_view arn_kind;
};
constexpr NamedKind kNamedKinds[] = {{"role", "RoleName", "role"},
                                     {"user", "UserName", "user"},
                                     {"group", "GroupName", "group"},
                                     {"policy", "PolicyName", "policy"},
                                     {"instance_profile", "InstanceProfileName", "instance-profile"},
                                     {"saml_provider", "Name", "saml-provider"}};
constexpr std::string_view kArnMembers[] = {"PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn"};

// A text of the request; "" when it has none of that name.
std::string_view TextOf(const wire::Operation& operation, const wire::Message& request, std::string_view name) {
  for (const wire::Member& member : operation.input->members) {
    if (member.name != name || member.shape->kind != wire::Kind::String) continue;
    const void* value = wire::Structure::Get(member, request.get());
    return value ? std::string_view(*static_cast<const std::string*>(value)) : std::string_view();
  }
  return {};
}

std::string PathOf(const IamTables& tables, const Context& ctx, const NamedKind& kind, std::string_view name) {
  const std::string& account_id = ctx.principal.account_id;
  EntityPointer row;
  if (kind.kind == "role") row = tables.Find(EntityKind::Role, account_id, name);
  if (kind.kind == "user") row = tables.Find(EntityKind::User, account_id, name);
  if (kind.kind == "group") row = tables.Find(EntityKind::Group, account_id, name);
  if (row) return row->path;
  const auto profile = kind.kind == "instance_profile" ? tables.instance_profiles.Find(KeyOf(account_id, name)) : nullptr;
  return profile ? profile->path : std::string();
}

}  // namespace

std::string ResourceOfRequest(const IamTables& tables, const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  if (!operation.input) return "*";
  for (const NamedKind& kind : kNamedKinds) {
    if (kind.kind != operation.resource) continue;
    if (const std::string_view name = TextOf(operation, request, kind.member); !name.empty()) {
      std::string path = PathOf(tables, ctx, kind, name);
      if (path.empty()) path = TextOf(operation, request, "Path");
      return ArnOf(ctx.principal.account_id, kind.arn_kind, path, name);
    }
  }
  for (const std::string_view member : kArnMembers) {
    const bool is_about_it = operation.resource == "policy" || operation.resource.ends_with("_provider");
    if (const std::string_view arn = TextOf(operation, request, member); is_about_it && !arn.empty()) return std::string(arn);
  }
  // What is done without a name is done to oneself.
  if (operation.resource == "user" && ctx.principal.arn.find(":user/") != std::string::npos) return ctx.principal.arn;
  return "*";
}

}  // namespace mayfly::iam
