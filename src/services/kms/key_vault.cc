#include "services/kms/key_vault.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/arn.h"
#include "resources/edit.h"

namespace mayfly::kms {
namespace {

constexpr std::string_view kAlias = "alias/";
constexpr std::string_view kAwsAlias = "alias/aws/";
constexpr int64_t kAwsRotationDays = 365;
constexpr int64_t kDayMillis = 86'400'000;
// For which AWS makes keys, as far as anything here may ask for one.
constexpr std::string_view kAwsServices[] = {"acm", "backup", "codecommit", "dynamodb", "ebs", "elasticfilesystem", "es", "events", "glue", "kinesis", "kinesisvideo", "lambda",
                                             "logs", "rds", "redshift", "s3", "secretsmanager", "ses", "sns", "sqs", "ssm", "xray"};

bool IsKeyId(std::string_view text) {
  if (text.starts_with("mrk-")) return text.size() == 36 && HexDecode(text.substr(4)).has_value();
  if (text.size() != 36) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;
    if (is_dash != (text[at] == '-')) return false;
    if (!is_dash && !std::isxdigit(static_cast<unsigned char>(text[at]))) return false;
  }
  return true;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string ContextOfMaterial(const KeyName& key, std::string_view material_id) { return fmt::format("kms {} {}", key.Arn(), material_id); }

Error NoKey(const KeyName& name) { return NotFound(fmt::format("Key '{}' does not exist", name.Arn())); }
Error NoCiphertext() { return Error::Service("InvalidCiphertextException", ""); }

}  // namespace

std::string_view AwsServiceOf(std::string_view alias) {
  if (!alias.starts_with(kAwsAlias)) return {};
  const std::string_view service = alias.substr(kAwsAlias.size());
  return std::ranges::find(kAwsServices, service) == std::end(kAwsServices) ? std::string_view() : service;
}

Result<KeyName> KeyVault::ParseName(const Context& ctx, std::string_view text) const {
  KeyName name{ctx.principal.account_id, ctx.principal.region, std::string(text)};
  if (text.starts_with("arn:")) {
    const auto arn = identity::ParseArn(text);
    const bool is_key = arn && arn->service == "kms" && identity::IsAccountId(arn->account_id) && (arn->resource.starts_with("key/") || arn->resource.starts_with(kAlias));
    if (!is_key) return Fail(Error::Service("InvalidArnException", fmt::format("Invalid arn {}", text)));
    if (arn->region != ctx.principal.region) return Fail(NotFound(fmt::format("Invalid arn {}", arn->region)));
    name.account_id = arn->account_id;
    name.id = arn->resource.starts_with("key/") ? arn->resource.substr(4) : arn->resource;
  }
  if (name.id.starts_with(kAlias)) return name;
  if (!IsKeyId(name.id)) return Fail(NotFound(fmt::format("Invalid keyId '{}'", text)));
  name.id = LowerCase(name.id);
  return name;
}

Result<KeyPointer> KeyVault::FindNow(const Context& ctx, std::string_view text, KeyForms forms) const {
  MF_TRY(KeyName name, ParseName(ctx, text));
  if (name.id.starts_with(kAlias)) {
    if (forms == KeyForms::Keys) return Fail(NotFound(fmt::format("Invalid keyId '{}'", text)));
    const auto alias = tables_->aliases.Find(name.Key());
    if (!alias) return Fail(NoAlias(name));
    name.id = alias->target_id;
  }
  if (const KeyPointer key = FindByName(name)) return key;
  return Fail(NoKey(name));
}

Task<Result<KeyPointer>> KeyVault::Find(Context& ctx, std::string text, KeyForms forms) {
  MF_CO_TRY(const KeyName name, ParseName(ctx, text));
  const bool is_new = !AwsServiceOf(name.id).empty() && name.account_id == ctx.principal.account_id && !tables_->aliases.Find(name.Key());
  if (is_new && forms == KeyForms::KeysAndAliases) MF_CO_TRY_VOID(co_await MakeOfAws(ctx, name));
  co_return FindNow(ctx, text, forms);
}

// Key and alias at once; whoever asks second finds them.
Task<Result<>> KeyVault::MakeOfAws(Context& ctx, KeyName alias) {
  KeyName name = alias;
  name.id = random_->Uuid();
  KeyRow key = MakeRow(name, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", MakeMaterial(*FindSpec("SYMMETRIC_DEFAULT")));
  key.aws_service = AwsServiceOf(alias.id);
  key.description = fmt::format("Default key that protects my {} data when no other key is defined", key.aws_service);
  key.rotation_days = kAwsRotationDays;
  key.next_rotation_millis = key.created_millis + kAwsRotationDays * kDayMillis;
  co_return co_await resources::EditWith(ctx, tables_->aliases, alias.Key(), [&](resources::Change& change, const auto& row) -> Result<> {
    if (row) return {};
    MF_TRY_VOID(change.Create(tables_->keys, name.Key(), key));
    return change.Create(tables_->aliases, alias.Key(), AliasRow{.name = alias, .target_id = name.id, .created_millis = key.created_millis, .updated_millis = key.created_millis});
  });
}

Result<> KeyVault::CheckNotPending(const KeyRow& key) {
  if (key.state != "PendingDeletion") return {};
  return Fail(Error::Service("KMSInvalidStateException", fmt::format("{} is pending deletion.", key.name.Arn())));
}

Result<> KeyVault::CheckUsable(const KeyRow& key, std::string_view usage, std::string_view operation) {
  MF_TRY_VOID(CheckNotPending(key));
  if (key.state == "Disabled") return Fail(Error::Service("DisabledException", fmt::format("{} is disabled.", key.name.Arn())));
  if (key.usage == usage) return {};
  return Fail(Error::Service("InvalidKeyUsageException", fmt::format("{} key usage is {} which is not valid for {}.", key.name.Arn(), key.usage, operation)));
}

KeyName KeyVault::NewName(const Context& ctx, bool multi_region) const {
  return {ctx.principal.account_id, ctx.principal.region, multi_region ? "mrk-" + random_->Hex(16) : random_->Uuid()};
}

Material KeyVault::Keep(const KeyName& name, NewMaterial made, RotationKind rotation) const {
  Material material{.id = random_->Hex(32), .sealed = {}, .public_key = Base64Encode(made.public_key), .since_millis = NowMillis(), .rotation = static_cast<int64_t>(rotation)};
  material.sealed = keyring_->Seal(made.secret.view(), ContextOfMaterial(name, material.id));
  return material;
}

KeyRow KeyVault::MakeRow(KeyName name, std::string_view spec, std::string_view usage, NewMaterial made) const {
  KeyRow key;
  key.materials.push_back(Keep(name, std::move(made), RotationKind::None));
  key.name = std::move(name);
  key.spec = spec;
  key.usage = usage;
  key.created_millis = NowMillis();
  return key;
}

Result<keyring::SecretBytes> KeyVault::Reveal(const KeyRow& key, const Material& material) const {
  auto opened = keyring_->Open(material.sealed, ContextOfMaterial(key.name, material.id));
  if (!opened) return Fail(std::move(opened).error().Wrap(key.name.Arn()));
  return keyring::SecretBytes(std::move(*opened));
}

Result<std::string> KeyVault::EncryptWith(const KeyRow& key, std::string_view value, const keyring::EncryptionContext& context) const {
  MF_TRY(const keyring::SecretBytes secret, RevealNewest(key));
  const CiphertextHead head{.account_id = key.name.account_id, .key_id = key.name.id, .material = static_cast<uint32_t>(key.materials.size() - 1)};
  return Encrypt(head, secret.view(), value, context);
}

Result<KeyVault::Decrypted> KeyVault::DecryptNow(const Context& ctx, std::string_view ciphertext, const keyring::EncryptionContext& context,
                                                 std::string_view operation) const {
  const auto head = ReadHead(ciphertext);
  if (!head) return Fail(NoCiphertext());
  KeyPointer key = FindByName({head->account_id, ctx.principal.region, head->key_id});
  if (!key || !key->is_symmetric()) {
    return Fail(Error::Service("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
                                                        "are not allowed to access."));
  }
  MF_TRY_VOID(CheckUsable(*key, "ENCRYPT_DECRYPT", operation));
  if (head->material >= key->materials.size()) return Fail(NoCiphertext());
  const Material& material = key->materials[head->material];
  MF_TRY(const keyring::SecretBytes secret, Reveal(*key, material));
  auto value = Decrypt(ciphertext, secret.view(), context);
  if (!value) return Fail(NoCiphertext());
  return Decrypted{.key = std::move(key), .value = std::move(*value), .material_id = material.id};
}

}  // namespace mayfly::kms
