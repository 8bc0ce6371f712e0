#include "keyring/keyring.h"

#include "base/encoding.h"
#include "base/log.h"
#include "keyring/master_key.h"
#include "keyring/sealing.h"

namespace mayfly::keyring {
namespace {

constexpr std::string_view kPrefix = "mk1.";
constexpr std::string_view kTable = "keyring";
constexpr std::string_view kCheck = "check";
constexpr std::string_view kCheckText = "this store's values are sealed with this key";

Task<Result<>> KeepCheck(Context& ctx, const Keyring& keyring, store::Store& store) {
  store::Batch batch;
  batch.Put(kTable, kCheck, keyring.Seal(kCheckText, kCheck));
  MF_CO_TRY_VOID(co_await store.Commit(ctx, std::move(batch)));
  co_return Result<>();
}

Error KeyIsGone(const std::string& path) {
  return Error::Fault("the master key of this data directory is gone: " + path,
                      "put it back: without it keys, secrets, SecureStrings and environment variables cannot be read; or begin with an empty data directory");
}

}  // namespace

Task<Result<std::unique_ptr<Keyring>>> Keyring::Open(Context& ctx, std::string path, SecretBytes passphrase, store::Store& store) {
  MF_CO_TRY(const std::optional<store::Row> check, co_await store.Get(ctx, kTable, kCheck));
  MF_CO_TRY(std::optional<SecretBytes> key, ReadMasterKey(path, passphrase.view()));
  if (!key && check) co_return Fail(KeyIsGone(path));
  if (!key) {
    MF_CO_TRY(SecretBytes made, MakeMasterKey(path, passphrase.view()));
    log::Info("everything secret is sealed with {}: keep a copy of it elsewhere", path);
    key.emplace(std::move(made));
  }
  auto keyring = std::make_unique<Keyring>(std::move(*key));
  if (check && !keyring->Open(check->value, kCheck)) {
    co_return Fail(Error::Fault(path + " is not the master key of this data directory", "put back the one that was made with it"));
  }
  if (!check) MF_CO_TRY_VOID(co_await KeepCheck(ctx, *keyring, store));
  co_return keyring;
}

std::string Keyring::SealBytes(std::string_view value, std::string_view context) const { return keyring::Seal(master_.view(), value, context); }

Result<std::string> Keyring::OpenBytes(std::string_view sealed, std::string_view context) const {
  auto value = OpenSealed(master_.view(), sealed, context);
  if (value) return std::move(*value);
  return Fail(Error::Fault("a sealed value cannot be opened with this daemon's master key", "put back the master-key that belongs to this data directory"));
}

std::string Keyring::Seal(std::string_view value, std::string_view context) const { return std::string(kPrefix) + Base64Encode(SealBytes(value, context)); }

Result<std::string> Keyring::Open(std::string_view sealed, std::string_view context) const {
  const auto bytes = IsSealed(sealed) ? Base64Decode(sealed.substr(kPrefix.size())) : std::nullopt;
  return OpenBytes(bytes ? std::string_view(*bytes) : std::string_view(), context);
}

}  // namespace mayfly::keyring
