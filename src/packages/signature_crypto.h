// The OpenSSL part of package signatures: keys, certificates, CMS. Private to this room.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::packages {

struct OpenSslDelete {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, OpenSslDelete>;
using Certificate = std::unique_ptr<X509, OpenSslDelete>;

// Errors: Fault, with OpenSSL's reason.
Result<Key> ReadPrivateKey(std::string_view pem);
Result<Certificate> ReadFirstCertificate(std::string_view pem);
Result<Key> MakeKey();
// Self-signed, for signing code; `uri` is its subject alternative name.
Result<Certificate> MakeCertificate(EVP_PKEY* key, const std::string& common_name, const std::string& uri, WallTime not_before, WallTime not_after);
Result<std::string> WritePrivateKey(EVP_PKEY* key);
Result<std::string> WriteCertificate(X509* certificate);

std::string FingerprintOf(X509* certificate);  // SHA-256 of the DER, hex
std::string UriOf(X509* certificate);          // "" without one
Result<WallTime> TimeOf(const ASN1_TIME* time);

// Detached, DER, with SHA-384, the certificate included.
Result<std::string> SignDetached(std::string_view content, EVP_PKEY* key, X509* certificate);
// The certificate that comes with the signature, once its key has proved to have signed exactly `content`. Errors (Fault):
// anything else, weak digests and keys, embedded content, more than one signer, bytes after the end.
Result<Certificate> VerifyDetached(std::string_view content, std::string_view signature);

}  // namespace mayfly::packages
