#include "services/secretsmanager/secret_authorizer.h"

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::secretsmanager {
namespace {

std::string_view TextIn(const wire::Message& request, std::string_view name) {
  if (!request.structure()) return {};
  for (const wire::Member& member : request.structure()->members) {
    if (member.name != name || member.shape->kind != wire::Kind::String) continue;
    const void* value = member.field->get(static_cast<const char*>(request.get()) + member.offset);
    return value ? std::string_view(*static_cast<const std::string*>(value)) : std::string_view();
  }
  return {};
}

identity::ConditionKeys KeysOf(const wire::Message& request) {
  identity::ConditionKeys keys;
  for (const std::string_view name : {"Name", "SecretId", "VersionId", "VersionStage", "Description", "KmsKeyId", "RotationLambdaARN"}) {
    if (const std::string_view value = TextIn(request, name); !value.empty()) keys.Add(fmt::format("secretsmanager:{}", name), value);
  }
  return keys;
}

// Of a secret that is not there (yet).
std::string ArnFor(const Context& ctx, std::string_view id) {
  if (id.empty()) return "*";
  if (id.starts_with("arn:")) return std::string(id);
  return fmt::format("arn:{}:secretsmanager:{}:{}:secret:{}", identity::PartitionOf(ctx.principal.region), ctx.principal.region, ctx.principal.account_id, id);
}

}  // namespace

Result<> SecretAuthorizer::Authorize(const Context& ctx, std::string_view action, const SecretRow& secret, identity::ConditionKeys keys) const {
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  identity::PolicyPointer policy;
  if (!secret.policy.empty()) {
    if (auto parsed = identity::Policy::Parse(secret.policy, identity::Policy::Kind::Resource)) policy = std::move(*parsed);
  }
  if (!policy && control_.IsOwner(principal, secret.name.account_id)) return {};
  for (const auto& [name, value] : secret.tags) keys.Add("aws:ResourceTag/" + name, value).Add("secretsmanager:ResourceTag/" + name, value);
  const std::string arn = secret.Arn();
  return control_.Authorize(principal, action, {.arn = arn, .owner_account_id = secret.name.account_id, .region = secret.name.region}, {&policy, 1}, std::move(keys));
}

Task<Result<>> SecretAuthorizer::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  std::string_view id = TextIn(request, "SecretId");
  if (!id.empty()) {
    const auto secret = secrets_->Find(ctx, id);
    if (secret) co_return Authorize(ctx, operation.action, **secret, KeysOf(request));
  }
  if (id.empty()) id = TextIn(request, "Name");
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const auto named = identity::ParseArn(id);
  const std::string owner(named ? named->account_id : std::string_view(ctx.principal.account_id));
  if (control_.IsOwner(principal, owner)) co_return Result<>();
  const std::string arn = ArnFor(ctx, id);
  co_return control_.Authorize(principal, operation.action, {.arn = arn, .owner_account_id = owner, .region = ctx.principal.region}, {}, KeysOf(request));
}

wire::Authorizer SecretAuthorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::secretsmanager
