// Key specs and algorithms: what a kind of key is, and what can be done with it. Facts of the KMS developer guide, "Key spec reference".
// Pure functions over tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::kms {

enum class KeyKind : unsigned char { Symmetric, Rsa, Ec, Hmac };

struct SpecFacts {
  std::string_view name;
  KeyKind kind;
  int bits;                 // of RSA keys; bytes of the others' secrets come from it
  const char* curve;        // OpenSSL's name, of EC keys
  std::vector<std::string_view> usages;
  std::vector<std::string_view> encryption;  // algorithms by usage
  std::vector<std::string_view> signing;
  std::vector<std::string_view> mac;
};

// nullptr: none that can be made here.
const SpecFacts* FindSpec(std::string_view name);
// The algorithms of a key of this spec and usage.
const std::vector<std::string_view>& AlgorithmsOf(const SpecFacts& spec, std::string_view usage);
bool Has(const std::vector<std::string_view>& names, std::string_view name);
std::vector<std::string> TextsOf(const std::vector<std::string_view>& names);

// The digest of "RSASSA_PSS_SHA_256", "HMAC_SHA_384", "RSAES_OAEP_SHA_1" …, as OpenSSL calls it: "SHA256".
const char* DigestOf(std::string_view algorithm);

}  // namespace mayfly::kms
