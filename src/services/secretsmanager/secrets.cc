#include "services/secretsmanager/secrets.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/arn.h"
#include "resources/edit.h"
#include "services/secretsmanager/secret_stages.h"

namespace mayfly::secretsmanager {
namespace {

constexpr std::string_view kVia = "secretsmanager";
constexpr std::string_view kUsualKey = "alias/aws/secretsmanager";
constexpr size_t kSuffixCharacters = 6;
constexpr std::string_view kSuffixAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// KMS's errors in this service's words.
Error NotEncrypted(const Error& error) {
  if (error.kind != Error::Kind::Service) return error;
  if (error.code == "AccessDeniedException") return Error::Service("AccessDeniedException", "Access to KMS is not allowed");
  return Error::Service("EncryptionFailure", "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is "
                                             "available, enabled, and not in an invalid state.");
}

Error NotDecrypted(const Error& error) {
  if (error.kind != Error::Kind::Service) return error;
  if (error.code == "AccessDeniedException") return Error::Service("AccessDeniedException", "Access to KMS is not allowed");
  return Error::Service("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key.");
}

keyring::EncryptionContext ContextOf(const SecretRow& secret, const std::string& version_id) {
  return {{"SecretARN", secret.Arn()}, {"SecretVersionId", version_id}};
}

// What a key is called in an account; a caller of another one has no such alias.
std::string KeyNameFor(const Context& ctx, const std::string& account_id, std::string name) {
  if (name.starts_with("arn:") || account_id == ctx.principal.account_id) return name;
  const std::string& region = ctx.principal.region;
  return fmt::format("arn:{}:kms:{}:{}:{}{}", identity::PartitionOf(region), region, account_id, name.starts_with("alias/") ? "" : "key/", name);
}

bool IsOfAws(const SecretVersion& version) { return version.Has(kCurrent) || version.Has(kPrevious) || version.Has(kPending); }

}  // namespace

Result<SecretPointer> Secrets::Find(const Context& ctx, std::string_view id) const {
  SecretName name{ctx.principal.account_id, ctx.principal.region, std::string(id)};
  if (!id.starts_with("arn:")) {
    if (SecretPointer secret = tables_->secrets.Find(name.Key())) return secret;
    return Fail(NoSecret());
  }
  const auto arn = identity::ParseArn(id);
  if (!arn || arn->service != kVia || arn->region != ctx.principal.region || !arn->resource.starts_with("secret:")) return Fail(NoSecret());
  const std::string_view rest = arn->resource.substr(7);
  name.account_id = arn->account_id;
  if (rest.size() > kSuffixCharacters + 1 && rest[rest.size() - kSuffixCharacters - 1] == '-') {
    name.name = rest.substr(0, rest.size() - kSuffixCharacters - 1);
    SecretPointer secret = tables_->secrets.Find(name.Key());
    if (secret && secret->Arn() == id) return secret;
  }
  name.name = rest;
  if (SecretPointer secret = tables_->secrets.Find(name.Key())) return secret;
  return Fail(NoSecret());
}

Result<SecretPointer> Secrets::FindAlive(const Context& ctx, std::string_view id) const {
  MF_TRY(SecretPointer secret, Find(ctx, id));
  if (secret->is_deleted()) return Fail(IsDeleted());
  return secret;
}

SecretRow Secrets::MakeRow(const Context& ctx, const std::string& name) const {
  SecretRow secret;
  secret.name = {ctx.principal.account_id, ctx.principal.region, name};
  for (size_t at = 0; at < kSuffixCharacters; ++at) secret.suffix += kSuffixAlphabet[random_->Below(kSuffixAlphabet.size())];
  secret.created_millis = secret.changed_millis = NowMillis();
  return secret;
}

Task<Result<std::string>> Secrets::FindKey(Context& ctx, std::string account_id, std::string kms_key_id) {
  auto arn = co_await keys_->Find(ctx, KeyNameFor(ctx, account_id, kms_key_id.empty() ? std::string(kUsualKey) : std::move(kms_key_id)));
  if (!arn) co_return Fail(NotEncrypted(arn.error()));
  co_return arn;
}

Result<std::string> Secrets::SealFor(const Context& ctx, const SecretRow& secret, const std::string& version_id, const std::string& key_arn,
                                     std::string_view bytes) const {
  const keyring::EncryptionContext context = ContextOf(secret, version_id);
  auto blob = keys_->Seal(ctx, key_arn, bytes, {.via = kVia, .context = context});
  if (!blob) return Fail(NotEncrypted(blob.error()));
  return Base64Encode(*blob);
}

Result<SecretValue> Secrets::Read(const Context& ctx, const SecretRow& secret, const SecretVersion& version) const {
  const auto row = version.has_value ? tables_->values.Find(ValueKey(secret.name, version.id)) : nullptr;
  if (!row) return Fail(NoVersion(version.id));
  const auto blob = Base64Decode(row->blob);
  if (!blob) return Fail(Error::Fault("the value of " + secret.Arn() + " cannot be read"));
  const keyring::EncryptionContext context = ContextOf(secret, version.id);
  auto bytes = keys_->Open(ctx, *blob, {.via = kVia, .context = context});
  if (!bytes) return Fail(NotDecrypted(bytes.error()));
  return SecretValue{.bytes = std::move(*bytes), .is_binary = row->is_binary};
}

Result<> Secrets::StageVersion(const Context& ctx, resources::Change& change, SecretRow& secret, const NewVersion& version) {
  const SecretVersion* old = secret.FindVersion(version.id);
  if (old && old->has_value) {
    MF_TRY(const SecretValue value, Read(ctx, secret, *old));
    if (value == version.value) return {};
    return Fail(Error::Service("ResourceExistsException", fmt::format("You can't use ClientRequestToken {} because that value is already in use for a version of secret {}.",
                                                                      version.id, secret.Arn())));
  }
  if (!old) {
    MF_TRY(const std::vector<std::string> gone, MakeRoom(secret));
    for (const std::string& id : gone) {
      const auto value = tables_->values.Find(ValueKey(secret.name, id));
      if (value) MF_TRY_VOID(change.Delete(tables_->values, ValueKey(secret.name, id), value));
    }
    secret.versions.push_back({.id = version.id, .created_millis = NowMillis()});
  }
  MF_TRY(std::string blob, SealFor(ctx, secret, version.id, version.key_arn, version.value.bytes));
  SecretVersion& made = *secret.FindVersion(version.id);
  made.has_value = true;
  made.key_arn = version.key_arn;
  MF_TRY_VOID(GiveStages(secret, version.id, version.stages));
  secret.changed_millis = NowMillis();
  return change.Create(tables_->values, ValueKey(secret.name, version.id), ValueRow{.blob = std::move(blob), .is_binary = version.value.is_binary});
}

Result<> Secrets::StageOtherKey(const Context& ctx, resources::Change& change, SecretRow& secret, const std::string& key_arn) {
  for (SecretVersion& version : secret.versions) {
    if (!version.has_value || version.key_arn == key_arn || !IsOfAws(version)) continue;
    MF_TRY(const SecretValue value, Read(ctx, secret, version));
    MF_TRY(std::string blob, SealFor(ctx, secret, version.id, key_arn, value.bytes));
    MF_TRY_VOID(change.Put(tables_->values, ValueKey(secret.name, version.id), ValueRow{.blob = std::move(blob), .is_binary = value.is_binary}));
    version.key_arn = key_arn;
  }
  return {};
}

Task<Result<>> Secrets::Edit(Context& ctx, std::string key, Stage stage) {
  co_return co_await resources::EditWith(ctx, tables_->secrets, key, [&](resources::Change& change, const SecretPointer& row) -> Result<> {
    if (!row) return Fail(NoSecret());
    SecretRow secret = *row;
    MF_TRY_VOID(stage(change, secret));
    return change.Replace(tables_->secrets, key, row, std::move(secret));
  });
}

Task<Result<>> Secrets::Remove(Context& ctx, std::string key) { co_return co_await resources::Remove(ctx, tables_->secrets, std::move(key)); }

}  // namespace mayfly::secretsmanager
