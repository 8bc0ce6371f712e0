#include "keyring/master_key.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"
#include "keyring/sealing.h"

namespace mayfly::keyring {
namespace {

// 32 MiB and a tenth of a second.
constexpr int64_t kScryptN = 1 << 15;
constexpr int64_t kScryptR = 8;
constexpr int64_t kScryptP = 1;
constexpr uint64_t kScryptMemoryMax = 1ull << 28;
constexpr size_t kScryptSaltBytes = 16;
constexpr size_t kPassphraseBytesMin = 12;
constexpr std::string_view kContext = "mayfly master key";

Error NoKey(const std::string& path) { return Error::Fault(path + " is no master key", "put back the one that belongs to this data directory"); }

std::optional<SecretBytes> Stretch(std::string_view passphrase, const json::Value& parameters) {
  const auto salt = HexDecode(parameters.StringOr("salt", ""));
  const int64_t n = parameters.IntOr("n", 0), r = parameters.IntOr("r", 0), p = parameters.IntOr("p", 0);
  if (!salt || n <= 1 || r <= 0 || p <= 0) return std::nullopt;
  std::string key(kKeyBytes, '\0');
  const int good = EVP_PBE_scrypt(passphrase.data(), passphrase.size(), reinterpret_cast<const unsigned char*>(salt->data()), salt->size(),
                                  static_cast<uint64_t>(n), static_cast<uint64_t>(r), static_cast<uint64_t>(p), kScryptMemoryMax,
                                  reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (good != 1) return std::nullopt;
  return SecretBytes(std::move(key));
}

Result<> Write(const std::string& path, const SecretBytes& key, std::string_view passphrase) {
  json::Value file{json::Object()};
  file.Set("version", 1);
  if (passphrase.empty()) {
    file.Set("key", HexEncode(key.view()));
  } else {
    json::Value scrypt{json::Object()};
    scrypt.Set("n", kScryptN);
    scrypt.Set("r", kScryptR);
    scrypt.Set("p", kScryptP);
    scrypt.Set("salt", HexEncode(RandomBytes(kScryptSaltBytes).view()));
    const auto own = Stretch(passphrase, scrypt);
    if (!own) return Fail(Error::Fault("scrypt did not work", "is there memory enough?"));
    file.Set("scrypt", std::move(scrypt));
    file.Set("key", HexEncode(Seal(own->view(), key.view(), kContext)));
  }
  SecretBytes text(json::Write(file) + "\n");
  return WriteFileDurably(path, text.view(), 0600);
}

Result<SecretBytes> Unwrap(const std::string& path, const json::Value& file, std::string_view passphrase) {
  auto kept = HexDecode(file.StringOr("key", ""));
  if (!kept) return Fail(NoKey(path));
  const json::Value* scrypt = file.Find("scrypt");
  if (!scrypt) return SecretBytes(std::move(*kept));
  if (passphrase.empty()) {
    return Fail(Error::Fault(path + " is sealed with a passphrase", "name the file that has it with --master-key-file"));
  }
  const auto own = Stretch(passphrase, *scrypt);
  auto key = own ? OpenSealed(own->view(), *kept, kContext) : std::nullopt;
  if (!key) return Fail(Error::Fault("the passphrase of --master-key-file does not open " + path, "use the one that it was sealed with"));
  return SecretBytes(std::move(*key));
}

}  // namespace

Result<std::optional<SecretBytes>> ReadMasterKey(const std::string& path, std::string_view passphrase) {
  if (::access(path.c_str(), F_OK) != 0) {
    if (errno == ENOENT) return std::optional<SecretBytes>();
    return Fail(Error::FromErrno("look for " + path, errno));
  }
  MF_TRY(std::string text, ReadFile(path));
  const auto file = json::Parse(text);
  Cleanse(text);
  if (!file || !file->is_object() || file->IntOr("version", 0) != 1) return Fail(NoKey(path));
  MF_TRY(SecretBytes key, Unwrap(path, *file, passphrase));
  if (key.size() != kKeyBytes) return Fail(NoKey(path));
  if (!passphrase.empty() && !file->Find("scrypt")) MF_TRY_VOID(Write(path, key, passphrase));
  return std::optional<SecretBytes>(std::move(key));
}

Result<SecretBytes> MakeMasterKey(const std::string& path, std::string_view passphrase) {
  SecretBytes key = RandomBytes(kKeyBytes);
  MF_TRY_VOID(Write(path, key, passphrase));
  return key;
}

Result<SecretBytes> ReadPassphrase(const std::string& path) {
  MF_TRY(std::string text, ReadFile(path));
  std::string line = text.substr(0, text.find('\n'));
  Cleanse(text);
  SecretBytes passphrase(std::move(line));
  if (passphrase.size() >= kPassphraseBytesMin) return passphrase;
  return Fail(Error::Fault(fmt::format("the passphrase in {} is shorter than {} bytes", path, kPassphraseBytesMin), "make one: openssl rand -base64 32"));
}

}  // namespace mayfly::keyring
