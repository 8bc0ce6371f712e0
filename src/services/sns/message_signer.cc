#include "services/sns/message_signer.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/files.h"
#include "base/hash.h"

namespace mayfly::sns {

using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

struct MessageSigner::Key {
  PrivateKey key{nullptr, &EVP_PKEY_free};
  std::string certificate;
  std::string certificate_name;
};

namespace {

constexpr int kKeyBits = 2048;
constexpr long kValidSeconds = 30L * 365 * 24 * 3600;

Error Broken(std::string_view what) {
  return Error::Fault("the signing key of SNS: " + std::string(what), "move sns-signing.pem away: a new one is made, with another certificate");
}

std::string TextOf(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<size_t>(size)};
}

Certificate MakeCertificate(EVP_PKEY* key) {
  Certificate certificate(X509_new(), &X509_free);
  if (!certificate) return certificate;
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidSeconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("sns.mayfly.local"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) certificate.reset();
  return certificate;
}

// The file's contents: the key, then the certificate.
Result<std::string> MakeFile() {
  const PrivateKey key(EVP_RSA_gen(kKeyBits), &EVP_PKEY_free);
  if (!key) return Fail(Broken("cannot be made"));
  const Certificate certificate = MakeCertificate(key.get());
  const Memory memory(BIO_new(BIO_s_mem()), &BIO_free);
  const bool written = certificate && memory && PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                       PEM_write_bio_X509(memory.get(), certificate.get()) == 1;
  if (!written) return Fail(Broken("cannot be written"));
  return TextOf(memory.get());
}

Result<std::shared_ptr<const MessageSigner::Key>> ReadKey(const std::string& text) {
  auto read = std::make_shared<MessageSigner::Key>();
  const Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  read->key.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  const Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), &X509_free);
  const Memory pem(BIO_new(BIO_s_mem()), &BIO_free);
  if (!read->key || !certificate || PEM_write_bio_X509(pem.get(), certificate.get()) != 1) return Fail(Broken("cannot be read"));
  read->certificate = TextOf(pem.get());
  read->certificate_name = "SimpleNotificationService-" + Sha256Hex(read->certificate).substr(0, 32) + ".pem";
  return read;
}

Result<std::shared_ptr<const MessageSigner::Key>> OpenKey(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) {
    MF_TRY(const std::string made, MakeFile());
    MF_TRY_VOID(WriteFileDurably(path, made, 0600));
  }
  MF_TRY(const std::string text, ReadFile(path));
  return ReadKey(text);
}

Result<std::string> SignWith(const MessageSigner::Key& key, const std::string& text, MessageSigner::Version version) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const EVP_MD* digest = version == MessageSigner::Version::Sha1 ? EVP_sha1() : EVP_sha256();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return Fail(Broken("cannot sign"));
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) != 1) {
    return Fail(Broken("cannot sign"));
  }
  signature.resize(size);
  return Base64Encode(signature);
}

}  // namespace

MessageSigner::MessageSigner(Loop& loop, BlockingPool& pool, std::string path) : loop_(&loop), pool_(&pool), path_(std::move(path)) {}
MessageSigner::~MessageSigner() = default;

Task<Result<>> MessageSigner::Prepare() {
  if (key_) co_return Result<>();
  // Who asks meanwhile finds the file that the first has written.
  MF_CO_TRY(auto key, co_await pool_->Run(*loop_, [path = path_, opening = opening_]() -> Result<std::shared_ptr<const Key>> {
    const std::scoped_lock lock(*opening);
    return OpenKey(path);
  }));
  if (!key_) key_ = std::move(key);
  co_return Result<>();
}

Task<Result<std::string>> MessageSigner::Sign(std::string text, Version version) const {
  MF_ASSERT(key_);
  co_return co_await pool_->Run(*loop_, [key = key_, text = std::move(text), version] { return SignWith(*key, text, version); });
}

const std::string& MessageSigner::certificate() const {
  MF_ASSERT(key_);
  return key_->certificate;
}

const std::string& MessageSigner::certificate_name() const {
  MF_ASSERT(key_);
  return key_->certificate_name;
}

}  // namespace mayfly::sns
