#include "identity/sealed_message.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "base/encoding.h"

namespace mayfly::identity {
namespace {

constexpr size_t kSealKeyBytes = 32;
constexpr size_t kSealNonceBytes = 12;
constexpr size_t kSealTagBytes = 16;

using SealCipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* BytesOf(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* BytesOf(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error NotSealedHere() { return Error::Service("InvalidAuthorizationMessageException", "Message is not valid"); }

}  // namespace

std::string SealMessage(std::string_view key, std::string_view text, Random& random) {
  MF_ASSERT(key.size() == kSealKeyBytes);
  text = text.substr(0, kSealedTextMax);
  std::string packed(compressBound(text.size()), '\0');
  uLongf bytes = packed.size();
  const int deflated = compress2(BytesOf(packed), &bytes, BytesOf(text), text.size(), Z_BEST_COMPRESSION);
  MF_ASSERT(deflated == Z_OK);
  packed.resize(bytes);
  const std::string nonce = *HexDecode(random.Hex(kSealNonceBytes));
  std::string sealed(packed.size(), '\0');
  std::string tag(kSealTagBytes, '\0');
  const SealCipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  const bool good = cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, BytesOf(key), BytesOf(std::string_view(nonce))) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), BytesOf(sealed), &size, BytesOf(std::string_view(packed)), static_cast<int>(packed.size())) == 1 &&
                    EVP_EncryptFinal_ex(cipher.get(), BytesOf(tag), &size) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kSealTagBytes, tag.data()) == 1;
  MF_ASSERT(good);
  std::string encoded = Base64Encode(nonce + sealed + tag);
  std::ranges::replace(encoded, '+', '-');
  std::ranges::replace(encoded, '/', '_');
  while (encoded.ends_with('=')) encoded.pop_back();
  return encoded;
}

Result<std::string> OpenMessage(std::string_view key, std::string_view sealed) {
  MF_ASSERT(key.size() == kSealKeyBytes);
  std::string plain(sealed);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  const auto bytes = Base64Decode(plain);
  if (!bytes || bytes->size() < kSealNonceBytes + kSealTagBytes) return Fail(NotSealedHere());
  const std::string_view all = *bytes;
  const std::string_view body = all.substr(kSealNonceBytes, all.size() - kSealNonceBytes - kSealTagBytes);
  std::string tag(all.substr(all.size() - kSealTagBytes));
  std::string packed(body.size(), '\0');
  std::string rest(kSealTagBytes, '\0');
  const SealCipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  const bool good = cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, BytesOf(key), BytesOf(all)) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), BytesOf(packed), &size, BytesOf(body), static_cast<int>(body.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kSealTagBytes, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(cipher.get(), BytesOf(rest), &size) == 1;
  if (!good) return Fail(NotSealedHere());
  std::string text(kSealedTextMax, '\0');
  uLongf length = text.size();
  if (uncompress(BytesOf(text), &length, BytesOf(std::string_view(packed)), packed.size()) != Z_OK) return Fail(NotSealedHere());
  text.resize(length);
  return text;
}

}  // namespace mayfly::identity
