#include "services/kms/key_specs.h"

#include <algorithm>

namespace mayfly::kms {
namespace {

using Names = std::vector<std::string_view>;

const Names kNone;
const Names kOaep{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"};
const Names kRsaSigning{"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
                        "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"};
const Names kOfRsa{"ENCRYPT_DECRYPT", "SIGN_VERIFY"};
const Names kOfCurves{"SIGN_VERIFY", "KEY_AGREEMENT"};
const Names kOfHmac{"GENERATE_VERIFY_MAC"};
const Names kAgreement{"ECDH"};

const std::vector<SpecFacts>& Specs() {
  static const std::vector<SpecFacts> kSpecs{
      {"SYMMETRIC_DEFAULT", KeyKind::Symmetric, 256, nullptr, {"ENCRYPT_DECRYPT"}, {"SYMMETRIC_DEFAULT"}, {}, {}},
      {"RSA_2048", KeyKind::Rsa, 2048, nullptr, kOfRsa, kOaep, kRsaSigning, {}},
      {"RSA_3072", KeyKind::Rsa, 3072, nullptr, kOfRsa, kOaep, kRsaSigning, {}},
      {"RSA_4096", KeyKind::Rsa, 4096, nullptr, kOfRsa, kOaep, kRsaSigning, {}},
      {"ECC_NIST_P256", KeyKind::Ec, 256, "P-256", kOfCurves, {}, {"ECDSA_SHA_256"}, {}},
      {"ECC_NIST_P384", KeyKind::Ec, 384, "P-384", kOfCurves, {}, {"ECDSA_SHA_384"}, {}},
      {"ECC_NIST_P521", KeyKind::Ec, 521, "P-521", kOfCurves, {}, {"ECDSA_SHA_512"}, {}},
      {"ECC_SECG_P256K1", KeyKind::Ec, 256, "secp256k1", {"SIGN_VERIFY"}, {}, {"ECDSA_SHA_256"}, {}},
      {"HMAC_224", KeyKind::Hmac, 224, nullptr, kOfHmac, {}, {}, {"HMAC_SHA_224"}},
      {"HMAC_256", KeyKind::Hmac, 256, nullptr, kOfHmac, {}, {}, {"HMAC_SHA_256"}},
      {"HMAC_384", KeyKind::Hmac, 384, nullptr, kOfHmac, {}, {}, {"HMAC_SHA_384"}},
      {"HMAC_512", KeyKind::Hmac, 512, nullptr, kOfHmac, {}, {}, {"HMAC_SHA_512"}},
  };
  return kSpecs;
}

}  // namespace

const SpecFacts* FindSpec(std::string_view name) {
  const auto found = std::ranges::find(Specs(), name, &SpecFacts::name);
  return found == Specs().end() ? nullptr : &*found;
}

const std::vector<std::string_view>& AlgorithmsOf(const SpecFacts& spec, std::string_view usage) {
  if (usage == "ENCRYPT_DECRYPT") return spec.encryption;
  if (usage == "SIGN_VERIFY") return spec.signing;
  if (usage == "GENERATE_VERIFY_MAC") return spec.mac;
  return usage == "KEY_AGREEMENT" ? kAgreement : kNone;
}

bool Has(const std::vector<std::string_view>& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::vector<std::string> TextsOf(const std::vector<std::string_view>& names) { return {names.begin(), names.end()}; }

const char* DigestOf(std::string_view algorithm) {
  if (algorithm.ends_with("_SHA_1")) return "SHA1";
  if (algorithm.ends_with("_224")) return "SHA224";
  if (algorithm.ends_with("_384")) return "SHA384";
  return algorithm.ends_with("_512") ? "SHA512" : "SHA256";
}

}  // namespace mayfly::kms
