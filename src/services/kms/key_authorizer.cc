#include "services/kms/key_authorizer.h"

#include <algorithm>

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::kms {
namespace {

template <typename T>
const T* MemberOf(const wire::Message& request, std::string_view name) {
  if (!request.structure()) return nullptr;
  for (const wire::Member& member : request.structure()->members) {
    if (member.name == name) return static_cast<const T*>(member.field->get(static_cast<const char*>(request.get()) + member.offset));
  }
  return nullptr;
}

std::string_view TextOf(const wire::Message& request, std::string_view name) {
  const auto* text = MemberOf<std::string>(request, name);
  return text ? std::string_view(*text) : std::string_view();
}

keyring::EncryptionContext ContextIn(const wire::Message& request, std::string_view name) {
  const auto* map = MemberOf<wire::Map<std::string>>(request, name);
  return map ? keyring::EncryptionContext(map->begin(), map->end()) : keyring::EncryptionContext();
}

// The key that a ciphertext says it needs, as a name; "" for bytes that are none of ours.
std::string NameIn(const Context& ctx, std::string_view ciphertext) {
  const auto head = ReadHead(ciphertext);
  return head ? KeyName{head->account_id, ctx.principal.region, head->key_id}.Arn() : std::string();
}

// A grant for one source only holds for nobody here: services use keys for principals, and name no source.
bool Holds(const GrantRow& grant, const keyring::EncryptionContext& context) {
  if (!grant.source_arn.empty()) return false;
  const auto is_there = [&](const auto& pair) {
    const auto found = context.find(pair.first);
    return found != context.end() && found->second == pair.second;
  };
  if (!grant.equals.empty() && (grant.equals.size() != context.size() || !std::ranges::all_of(grant.equals, is_there))) return false;
  return std::ranges::all_of(grant.subset, is_there);
}

identity::ConditionKeys KeysOf(const Context& ctx, const KeyRow& key, const KeyAuthorizer::Use& use) {
  identity::ConditionKeys keys;
  keys.Add("kms:CallerAccount", ctx.principal.account_id);
  keys.Add("kms:KeySpec", key.spec).Add("kms:KeyUsage", key.usage).Add("kms:KeyOrigin", "AWS_KMS");
  if (!use.via.empty()) keys.Add("kms:ViaService", fmt::format("{}.{}.amazonaws.com", use.via, ctx.principal.region));
  for (const auto& [name, value] : key.tags) keys.Add("aws:ResourceTag/" + name, value);
  if (!use.context) return keys;
  for (const auto& [name, value] : *use.context) keys.Add("kms:EncryptionContext:" + name, value).Add("kms:EncryptionContextKeys", name);
  return keys;
}

}  // namespace

bool KeyAuthorizer::IsGranted(const Context& ctx, const KeyRow& key, const Use& use) const {
  const keyring::EncryptionContext none;
  const auto lets = [&](const auto& row) {
    const GrantRow& grant = *row.value;
    return identity::IsArnOrSessionOf(ctx.principal.arn, grant.grantee) && std::ranges::find(grant.operations, use.operation) != grant.operations.end() &&
           Holds(grant, use.context ? *use.context : none);
  };
  return !tables_->grants.ListIf(key.name.Key() + '/', "", 1, lets).empty();
}

Result<> KeyAuthorizer::AuthorizeUse(const Context& ctx, const KeyRow& key, const Use& use) const {
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  identity::PolicyPointer policy;
  if (!key.policy.empty() || !control_.IsOwner(principal, key.name.account_id)) {
    if (auto parsed = identity::Policy::Parse(key.PolicyText(), identity::Policy::Kind::Resource)) policy = std::move(*parsed);
  }
  if (!policy && control_.IsOwner(principal, key.name.account_id)) return {};
  const std::string arn = key.name.Arn();
  const std::string action = fmt::format("kms:{}", use.operation);
  auto allowed = control_.Authorize(principal, action, {.arn = arn, .owner_account_id = key.name.account_id, .region = key.name.region, .needs_policy = true}, {&policy, 1},
                                    KeysOf(ctx, key, use));
  if (!allowed && IsGranted(ctx, key, use)) return {};
  return allowed;
}

Result<> KeyAuthorizer::AuthorizeNamed(const Context& ctx, std::string_view name, const Use& use) const {
  const auto key = vault_->FindNow(ctx, name, KeyForms::KeysAndAliases);
  if (key) return AuthorizeUse(ctx, **key, use);
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const auto parsed = vault_->ParseName(ctx, name);
  const std::string arn = parsed ? parsed->Arn() : "*";
  const std::string owner = parsed ? parsed->account_id : ctx.principal.account_id;
  if (control_.IsOwner(principal, owner)) return {};  // the operation says that it is not there
  return control_.Authorize(principal, fmt::format("kms:{}", use.operation), {.arn = arn, .owner_account_id = owner, .region = ctx.principal.region}, {});
}

Task<Result<>> KeyAuthorizer::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  const std::string_view blob = TextOf(request, "CiphertextBlob");
  if (operation.name == "ReEncrypt") {
    const auto from = ContextIn(request, "SourceEncryptionContext"), to = ContextIn(request, "DestinationEncryptionContext");
    const std::string source = TextOf(request, "SourceKeyId").empty() ? NameIn(ctx, blob) : std::string(TextOf(request, "SourceKeyId"));
    if (!source.empty()) MF_CO_TRY_VOID(AuthorizeNamed(ctx, source, {.operation = "ReEncryptFrom", .context = &from, .via = {}}));
    co_return AuthorizeNamed(ctx, TextOf(request, "DestinationKeyId"), {.operation = "ReEncryptTo", .context = &to, .via = {}});
  }
  const auto context = ContextIn(request, "EncryptionContext");
  std::string name(TextOf(request, "KeyId"));
  if (name.empty()) name = TextOf(request, "TargetKeyId");
  if (name.empty() && !blob.empty()) name = NameIn(ctx, blob);
  if (name.empty()) name = TextOf(request, "AliasName");
  if (operation.name == "RetireGrant") co_return Result<>();  // who it was given to may, which the operation looks at
  if (!name.empty()) co_return AuthorizeNamed(ctx, name, {.operation = operation.name, .context = &context, .via = {}});
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  if (control_.IsOwner(principal, ctx.principal.account_id)) co_return Result<>();
  co_return control_.Authorize(principal, operation.action, {.arn = "*", .owner_account_id = ctx.principal.account_id, .region = ctx.principal.region}, {});
}

wire::Authorizer KeyAuthorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::kms
