#include "packages/signature_crypto.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"

namespace mayfly::packages {
namespace {

constexpr int kSecurityBitsMin = 112;
constexpr unsigned kSignFlags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP;

struct Delete {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(CMS_ContentInfo* cms) const { CMS_ContentInfo_free(cms); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using Bio = std::unique_ptr<BIO, Delete>;
using Cms = std::unique_ptr<CMS_ContentInfo, Delete>;

// Takes OpenSSL's newest reason, and forgets the others.
Error Failed(std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return Error::Fault(reason ? fmt::format("{}: {}", what, reason) : std::string(what));
}

Bio Reading(std::string_view bytes) { return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

std::string Written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

// No passphrase is asked for on a terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

int64_t SecondsOf(WallTime time) { return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count(); }

bool AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Delete> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool AddUri(X509* certificate, const std::string& uri) {
  const std::unique_ptr<GENERAL_NAMES, Delete> names(GENERAL_NAMES_new());
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, uri.data(), static_cast<int>(uri.size()));
  GENERAL_NAME_set0_value(name, GEN_URI, text);
  sk_GENERAL_NAME_push(names.get(), name);
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_REPLACE) == 1;
}

bool SetNameAndSerial(X509* certificate, const std::string& common_name) {
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  const bool numbered = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_NAME* name = X509_get_subject_name(certificate);
  return numbered && X509_set_version(certificate, 2) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

bool IsStrongDigest(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  const int nid = OBJ_obj2nid(object);
  return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

// One signer, with a digest worth believing.
Result<> CheckSigner(CMS_ContentInfo* cms) {
  STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms);
  if (!signers || sk_CMS_SignerInfo_num(signers) != 1) return Fail(Error::Fault("not exactly one signer"));
  X509_ALGOR* digest = nullptr;
  CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, 0), nullptr, nullptr, &digest, nullptr);
  if (!digest || !IsStrongDigest(digest)) return Fail(Error::Fault("the digest is not SHA-256 or better"));
  return {};
}

}  // namespace

Result<Key> ReadPrivateKey(std::string_view pem) {
  Key key(PEM_read_bio_PrivateKey(Reading(pem).get(), nullptr, NoPassphrase, nullptr));
  if (!key) return Fail(Failed("read the private key"));
  return key;
}

Result<Certificate> ReadFirstCertificate(std::string_view pem) {
  Certificate certificate(PEM_read_bio_X509(Reading(pem).get(), nullptr, NoPassphrase, nullptr));
  if (!certificate) return Fail(Failed("read the certificate"));
  return certificate;
}

Result<Key> MakeKey() {
  Key key(EVP_EC_gen("P-384"));
  if (!key) return Fail(Failed("make a key"));
  return key;
}

Result<Certificate> MakeCertificate(EVP_PKEY* key, const std::string& common_name, const std::string& uri, WallTime not_before, WallTime not_after) {
  Certificate made(X509_new());
  const bool done = made && SetNameAndSerial(made.get(), common_name) && X509_set_pubkey(made.get(), key) == 1 &&
                    ASN1_TIME_set(X509_getm_notBefore(made.get()), SecondsOf(not_before)) && ASN1_TIME_set(X509_getm_notAfter(made.get()), SecondsOf(not_after)) &&
                    AddExtension(made.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    AddExtension(made.get(), NID_key_usage, "critical,digitalSignature") && AddExtension(made.get(), NID_ext_key_usage, "codeSigning") &&
                    AddExtension(made.get(), NID_subject_key_identifier, "hash") && AddUri(made.get(), uri) && X509_sign(made.get(), key, EVP_sha384()) > 0;
  if (!done) return Fail(Failed("make a certificate"));
  return made;
}

Result<std::string> WritePrivateKey(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return Fail(Failed("write the private key"));
  return Written(out.get());
}

Result<std::string> WriteCertificate(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(out.get(), certificate) != 1) return Fail(Failed("write the certificate"));
  return Written(out.get());
}

std::string FingerprintOf(X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return {};
  return HexEncode({reinterpret_cast<const char*>(digest), size});
}

std::string UriOf(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, Delete> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* text = static_cast<const ASN1_IA5STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type == GEN_URI) return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
  }
  return {};
}

Result<WallTime> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return Fail(Failed("read a certificate's time"));
  const int64_t seconds = ::timegm(&parts);
  // Within what nanoseconds can tell: 1970 to 2200.
  return WallTime(std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 7'258'118'400)));
}

Result<std::string> SignDetached(std::string_view content, EVP_PKEY* key, X509* certificate) {
  if (X509_check_private_key(certificate, key) != 1) return Fail(Failed("the certificate is of another key"));
  const Bio in = Reading(content), out(BIO_new(BIO_s_mem()));
  const Cms cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, kSignFlags | CMS_PARTIAL));
  const bool done = cms && CMS_add1_signer(cms.get(), certificate, key, EVP_sha384(), kSignFlags) &&
                    CMS_final(cms.get(), in.get(), nullptr, kSignFlags) == 1 && i2d_CMS_bio(out.get(), cms.get()) == 1;
  if (!done) return Fail(Failed("sign"));
  return Written(out.get());
}

Result<Certificate> VerifyDetached(std::string_view content, std::string_view signature) {
  const auto* at = reinterpret_cast<const unsigned char*>(signature.data());
  const auto* end = at + signature.size();
  const Cms cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signature.size())));
  if (!cms || at != end || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) return Fail(Failed("no CMS signature"));
  if (CMS_is_detached(cms.get()) != 1) return Fail(Failed("the signature brings content of its own"));
  MF_TRY_VOID(CheckSigner(cms.get()));
  const Bio in = Reading(content);
  // Whether the certificate is trusted is decided by comparing it with the profile's, not by a chain.
  if (CMS_verify(cms.get(), nullptr, nullptr, in.get(), nullptr, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) return Fail(Failed("the signature does not hold"));
  STACK_OF(X509)* signers = CMS_get0_signers(cms.get());
  Certificate certificate;
  if (signers && sk_X509_num(signers) == 1) certificate.reset(X509_dup(sk_X509_value(signers, 0)));
  sk_X509_free(signers);
  EVP_PKEY* key = certificate ? X509_get0_pubkey(certificate.get()) : nullptr;
  if (!key || EVP_PKEY_get_security_bits(key) < kSecurityBitsMin) return Fail(Failed("the signer's key is too weak"));
  return certificate;
}

}  // namespace mayfly::packages
