#include "keyring/sealing.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <climits>
#include <memory>

#include "base/hash.h"
#include "base/result.h"
#include "keyring/secret_bytes.h"

namespace mayfly::keyring {
namespace {

constexpr char kVersion = 1;
constexpr size_t kSaltBytes = 16;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
static_assert(kSealBytes == 1 + kSaltBytes + kNonceBytes + kTagBytes);

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int Size(std::string_view text) {
  MF_ASSERT(text.size() <= INT_MAX);
  return static_cast<int>(text.size());
}

SecretBytes KeyFor(std::string_view key, std::string_view salt) {
  MF_ASSERT(key.size() == kKeyBytes);
  std::string label = "mayfly sealed value ";
  label += salt;
  Sha256Digest digest = HmacSha256(key, label);
  SecretBytes made{std::string(AsView(digest))};
  OPENSSL_cleanse(digest.data(), digest.size());
  return made;
}

}  // namespace

void Cleanse(std::string& text) {
  if (!text.empty()) OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

SecretBytes RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  const bool good = RAND_bytes(Bytes(bytes), Size(bytes)) == 1;
  MF_ASSERT(good);  // the kernel has always some
  return SecretBytes(std::move(bytes));
}

std::string Seal(std::string_view key, std::string_view value, std::string_view context) {
  const SecretBytes drawn = RandomBytes(kSaltBytes + kNonceBytes);
  const SecretBytes own = KeyFor(key, drawn.view().substr(0, kSaltBytes));
  std::string sealed(1, kVersion);
  sealed += drawn.view();
  const size_t head = sealed.size();
  sealed.resize(head + value.size() + kTagBytes);
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  const bool good = cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(own.view()), Bytes(drawn.view().substr(kSaltBytes))) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(context), Size(context)) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), Bytes(sealed) + head, &size, Bytes(value), Size(value)) == 1 &&
                    EVP_EncryptFinal_ex(cipher.get(), Bytes(sealed) + head + value.size(), &size) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, sealed.data() + head + value.size()) == 1;
  MF_ASSERT(good);  // of a key and a nonce of the right sizes nothing fails
  return sealed;
}

std::optional<std::string> OpenSealed(std::string_view key, std::string_view sealed, std::string_view context) {
  if (sealed.size() < kSealBytes || sealed.front() != kVersion) return std::nullopt;
  const SecretBytes own = KeyFor(key, sealed.substr(1, kSaltBytes));
  const std::string_view nonce = sealed.substr(1 + kSaltBytes, kNonceBytes);
  const std::string_view body = sealed.substr(1 + kSaltBytes + kNonceBytes, sealed.size() - kSealBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string value(body.size(), '\0');
  unsigned char rest[kTagBytes];
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  const bool good = cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(own.view()), Bytes(nonce)) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(context), Size(context)) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), Bytes(value), &size, Bytes(body), Size(body)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(cipher.get(), rest, &size) == 1;
  if (good) return value;
  Cleanse(value);
  return std::nullopt;
}

}  // namespace mayfly::keyring
