#include "services/s3/s3_names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr size_t kBucketCharactersMin = 3;
constexpr size_t kBucketCharactersMax = 63;
constexpr std::array<std::string_view, 3> kReservedBeginnings = {"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::array<std::string_view, 5> kReservedEnds = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
constexpr int kVersionSequenceDigits = 16;
constexpr int kVersionRandomBytes = 8;

bool IsBucketCharacter(char c) { return IsDigit(c) || IsLowerCase(c) || c == '-' || c == '.'; }
bool IsBucketEnd(char c) { return IsDigit(c) || IsLowerCase(c); }

bool IsIpv4(std::string_view name) {
  const auto parts = Split(name, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) { return IsNumber(part) && part.size() <= 3; });
}

}  // namespace

bool IsBucketName(std::string_view name) {
  if (name.size() < kBucketCharactersMin || name.size() > kBucketCharactersMax) return false;
  if (!std::ranges::all_of(name, IsBucketCharacter) || !IsBucketEnd(name.front()) || !IsBucketEnd(name.back())) return false;
  if (name.find("..") != std::string_view::npos || IsIpv4(name)) return false;
  return std::ranges::none_of(kReservedBeginnings, [&](std::string_view text) { return name.starts_with(text); }) &&
         std::ranges::none_of(kReservedEnds, [&](std::string_view text) { return name.ends_with(text); });
}

Result<> CheckKey(std::string_view key) {
  if (key.size() > kKeyBytesMax) {
    Error error = WithElement(Error::Service("KeyTooLongError", "Your key is too long"), "Size", std::to_string(key.size()));
    return Fail(WithElement(std::move(error), "MaxSizeAllowed", std::to_string(kKeyBytesMax)));
  }
  if (key.empty() || key.find('\0') != std::string_view::npos) return Fail(InvalidArgument("Object key is not valid", "key", {}));
  return {};
}

std::string BucketArn(std::string_view bucket) { return fmt::format("arn:aws:s3:::{}", bucket); }
std::string ObjectArn(std::string_view bucket, std::string_view key) { return fmt::format("arn:aws:s3:::{}/{}", bucket, key); }

std::string CanonicalUserOf(std::string_view account_id) { return Sha256Hex(std::string("canonical user of ").append(account_id)); }

std::string MakeVersionId(int64_t sequence, Random& random) {
  return fmt::format("{:0{}x}{}", static_cast<uint64_t>(sequence), kVersionSequenceDigits, random.Hex(kVersionRandomBytes));
}

std::optional<int64_t> SequenceOf(std::string_view version_id) {
  if (version_id.size() != kVersionSequenceDigits + 2 * kVersionRandomBytes || !ConsistsOf(version_id, kLowerHexDigits)) return std::nullopt;
  uint64_t sequence = 0;
  for (const char c : version_id.substr(0, kVersionSequenceDigits)) sequence = sequence << 4 | static_cast<uint64_t>(HexValue(c));
  return static_cast<int64_t>(sequence);
}

std::string Quoted(std::string_view etag) { return std::string("\"").append(etag).append("\""); }

std::string_view Unquoted(std::string_view etag) {
  etag = Trim(etag);
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.starts_with('"')) etag.remove_prefix(1);
  if (etag.ends_with('"')) etag.remove_suffix(1);
  return etag;
}

bool NamesTag(std::string_view header, std::string_view etag) {
  const auto tags = Split(header, ',');
  return std::ranges::any_of(tags, [&](std::string_view tag) { return Unquoted(tag) == "*" || Unquoted(tag) == etag; });
}

std::string FormEncoded(std::string_view key) {
  std::string out;
  for (size_t at = 0; at < key.size();) {
    const size_t blank = std::min(key.find(' ', at), key.size());
    out += PercentEncode(key.substr(at, blank - at), SlashHandling::Keep);
    if (blank < key.size()) out += '+';
    at = blank + 1;
  }
  return out;
}

}  // namespace mayfly::s3
