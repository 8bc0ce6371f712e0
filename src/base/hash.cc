#include "base/hash.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/result.h"

namespace mayfly {
namespace {

const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

}  // namespace

Sha256Digest Sha256(std::string_view bytes) {
  Sha256Digest digest;
  unsigned size = 0;
  MF_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, Sha256Algorithm(), nullptr) == 1);
  return digest;
}

std::string Sha256Hex(std::string_view bytes) { return HexEncode(AsView(Sha256(bytes))); }

// RFC 2104 on one digest context per thread: OpenSSL 3's HMAC() looks its algorithm up at every call, which costs more than
// the hashing of a signature's short strings.
Sha256Digest HmacSha256(std::string_view key, std::string_view bytes) {
  constexpr size_t kBlockBytes = 64;
  static thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  unsigned char block[kBlockBytes] = {};
  if (key.size() > kBlockBytes) {
    const Sha256Digest hashed = Sha256(key);
    std::copy(hashed.begin(), hashed.end(), block);
  } else {
    std::copy(key.begin(), key.end(), block);
  }
  auto hash = [&](unsigned char pad, std::string_view text) {
    unsigned char padded[kBlockBytes];
    for (size_t i = 0; i < kBlockBytes; ++i) padded[i] = block[i] ^ pad;
    Sha256Digest digest;
    unsigned size = 0;
    const bool done = EVP_DigestInit_ex(context.get(), Sha256Algorithm(), nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), padded, sizeof padded) == 1 &&
                      EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1;
    MF_ASSERT(done);
    OPENSSL_cleanse(padded, sizeof padded);
    return digest;
  };
  const Sha256Digest inner = hash(0x36, bytes);
  const Sha256Digest outer = hash(0x5c, AsView(inner));
  OPENSSL_cleanse(block, sizeof block);
  return outer;
}

bool EqualConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  MF_ASSERT(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), Sha256Algorithm(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Sha256Stream::Update(std::string_view bytes) {
  MF_ASSERT(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1);
}
Sha256Digest Sha256Stream::Finish() {
  Sha256Digest digest;
  unsigned size = 0;
  MF_ASSERT(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), &size) == 1);
  return digest;
}

}  // namespace mayfly
