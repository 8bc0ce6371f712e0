#include "base/md5.h"

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/result.h"

namespace mayfly {

Md5Digest Md5(std::string_view bytes) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  Md5Digest digest;
  unsigned size = 0;
  MF_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) == 1);
  return digest;
}

std::string Md5Hex(std::string_view bytes) {
  const Md5Digest digest = Md5(bytes);
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace mayfly
