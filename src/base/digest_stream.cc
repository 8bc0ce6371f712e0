#include "base/digest_stream.h"

#include <openssl/evp.h>

#include "base/result.h"

namespace mayfly {
namespace {

const EVP_MD* AlgorithmOf(DigestKind kind) {
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kind == DigestKind::Md5 ? md5 : kind == DigestKind::Sha1 ? sha1 : sha256;
}

EVP_MD_CTX* Handle(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

void DigestStream::Free::operator()(void* context) const { EVP_MD_CTX_free(Handle(context)); }

DigestStream::DigestStream(DigestKind kind) : context_(EVP_MD_CTX_new()) {
  MF_ASSERT(EVP_DigestInit_ex(Handle(context_.get()), AlgorithmOf(kind), nullptr) == 1);
}
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;
DigestStream::~DigestStream() = default;

void DigestStream::Update(std::string_view bytes) { MF_ASSERT(EVP_DigestUpdate(Handle(context_.get()), bytes.data(), bytes.size()) == 1); }

std::string DigestStream::Finish() {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  MF_ASSERT(EVP_DigestFinal_ex(Handle(context_.get()), reinterpret_cast<unsigned char*>(digest.data()), &size) == 1);
  digest.resize(size);
  return digest;
}

std::string DigestOf(DigestKind kind, std::string_view bytes) {
  DigestStream stream(kind);
  stream.Update(bytes);
  return stream.Finish();
}

}  // namespace mayfly
