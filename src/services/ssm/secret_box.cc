#include "services/ssm/secret_box.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/files.h"

namespace mayfly::ssm {
namespace {

// version, nonce, ciphertext, tag
constexpr char kVersion = 1;
constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error NotOurs() {
  return Error::Fault("a SecureString was not sealed with this daemon's key", "put back the ssm-key that belongs to this data directory");
}

}  // namespace

Result<std::unique_ptr<SecretBox>> SecretBox::Read(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) {
    if (errno != ENOENT) return Fail(Error::FromErrno("look for " + path, errno));
    return std::unique_ptr<SecretBox>();
  }
  MF_TRY(std::string text, ReadFile(path));
  while (text.ends_with('\n')) text.pop_back();
  auto key = HexDecode(text);
  if (!key || key->size() != kKeyBytes) return Fail(Error::Fault(path + " is no key", "put back the one that SecureStrings were sealed with"));
  return std::make_unique<SecretBox>(std::move(*key));
}

Result<std::string> SecretBox::Open(std::string_view sealed, std::string_view context) const {
  const auto bytes = Base64Decode(sealed);
  if (!bytes || bytes->size() < 1 + kNonceBytes + kTagBytes || bytes->front() != kVersion) return Fail(NotOurs());
  const std::string_view all = *bytes;
  const std::string_view nonce = all.substr(1, kNonceBytes);
  const std::string_view body = all.substr(1 + kNonceBytes, all.size() - 1 - kNonceBytes - kTagBytes);
  std::string tag(all.substr(all.size() - kTagBytes));
  std::string value(body.size(), '\0');
  std::string rest(kTagBytes, '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  const bool good = cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(std::string_view(key_)), Bytes(nonce)) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(context), static_cast<int>(context.size())) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), Bytes(value), &size, Bytes(body), static_cast<int>(body.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(cipher.get(), Bytes(rest), &size) == 1;
  if (!good) return Fail(NotOurs());
  return value;
}

}  // namespace mayfly::ssm
