#include "services/kms/ciphertext.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/result.h"
#include "base/text.h"
#include "keyring/sealing.h"

namespace mayfly::kms {
namespace {

// version, flags, account (6), id (16), material (4)
constexpr char kCiphertextVersion = 1;
constexpr char kMultiRegionFlag = 1;
constexpr size_t kAccountAt = 2;
constexpr size_t kIdAt = 8;
constexpr size_t kMaterialAt = 24;
constexpr size_t kHeadBytes = 28;
constexpr uint64_t kAccountMax = 999'999'999'999;
constexpr std::string_view kMultiRegion = "mrk-";

void AppendNumber(std::string& out, uint64_t number, size_t bytes) {
  for (size_t left = bytes; left > 0; --left) out += static_cast<char>(number >> (8 * (left - 1)));
}

uint64_t NumberAt(std::string_view bytes, size_t at, size_t count) {
  uint64_t number = 0;
  for (const char c : bytes.substr(at, count)) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::string WithDashes(std::string_view hex) {
  std::string id;
  for (const size_t part : {8, 4, 4, 4, 12}) {
    if (!id.empty()) id += '-';
    id += hex.substr(0, part);
    hex.remove_prefix(part);
  }
  return id;
}

std::string HeadText(const CiphertextHead& head) {
  const bool is_multi_region = head.key_id.starts_with(kMultiRegion);
  std::string hex = is_multi_region ? head.key_id.substr(kMultiRegion.size()) : head.key_id;
  std::erase(hex, '-');
  const auto id = HexDecode(hex);
  const auto account = ParseNumber<uint64_t>(head.account_id);
  MF_ASSERT(id && id->size() == 16 && account && *account <= kAccountMax);
  std::string text{kCiphertextVersion, is_multi_region ? kMultiRegionFlag : '\0'};
  AppendNumber(text, *account, 6);
  text += *id;
  AppendNumber(text, head.material, 4);
  MF_ASSERT(text.size() == kHeadBytes);
  return text;
}

// Lengths before texts: no two contexts read the same.
std::string Bound(std::string_view head, const keyring::EncryptionContext& context) {
  std::string text(head);
  AppendNumber(text, context.size(), 4);
  for (const auto& [name, value] : context) {
    AppendNumber(text, name.size(), 4);
    text += name;
    AppendNumber(text, value.size(), 4);
    text += value;
  }
  return text;
}

}  // namespace

std::string Encrypt(const CiphertextHead& head, std::string_view secret, std::string_view value, const keyring::EncryptionContext& context) {
  std::string text = HeadText(head);
  const std::string bound = Bound(text, context);
  text += keyring::Seal(secret, value, bound);
  return text;
}

std::optional<CiphertextHead> ReadHead(std::string_view ciphertext) {
  if (ciphertext.size() < kHeadBytes + keyring::kSealBytes || ciphertext[0] != kCiphertextVersion) return std::nullopt;
  if (ciphertext[1] != 0 && ciphertext[1] != kMultiRegionFlag) return std::nullopt;
  const uint64_t account = NumberAt(ciphertext, kAccountAt, 6);
  if (account > kAccountMax) return std::nullopt;
  const std::string digits = std::to_string(account);
  const std::string hex = HexEncode(ciphertext.substr(kIdAt, 16));
  return CiphertextHead{.account_id = std::string(12 - digits.size(), '0') + digits,
                        .key_id = ciphertext[1] == kMultiRegionFlag ? std::string(kMultiRegion) + hex : WithDashes(hex),
                        .material = static_cast<uint32_t>(NumberAt(ciphertext, kMaterialAt, 4))};
}

std::optional<std::string> Decrypt(std::string_view ciphertext, std::string_view secret, const keyring::EncryptionContext& context) {
  if (!ReadHead(ciphertext)) return std::nullopt;
  return keyring::OpenSealed(secret, ciphertext.substr(kHeadBytes), Bound(ciphertext.substr(0, kHeadBytes), context));
}

}  // namespace mayfly::kms
