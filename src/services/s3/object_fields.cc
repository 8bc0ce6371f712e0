#include "services/s3/object_fields.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "base/text.h"
#include "services/s3/kept_settings.h"
#include "wire/violations.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 11> kStorageClasses = {"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
                                                             "DEEP_ARCHIVE", "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE"};
constexpr size_t kTagKeyCharactersMax = 128;
constexpr size_t kTagValueCharactersMax = 256;
constexpr Duration kOneDay = std::chrono::hours(24);

Error UnsupportedAlgorithm() {
  return InvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
}

Error BadTagging() {
  return InvalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
                         "x-amz-tagging", {});
}

Error InvalidTag(std::string_view what) { return Error::Service("InvalidTag", std::string(what)); }

std::optional<std::string> FormDecoded(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return PercentDecode(plain);
}

}  // namespace

Result<ChecksumKind> KindOf(const std::optional<std::string>& algorithm, const std::optional<std::string>& trailer) {
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  for (const std::string_view piece : Split(trailer.value_or(""), ',')) {
    const std::string_view name = Trim(piece);
    if (!StartsWithIgnoringCase(name, kPrefix)) continue;
    const auto kind = ChecksumNamed(name.substr(kPrefix.size()));
    if (!kind) return Fail(InvalidRequest("The value specified in the x-amz-trailer header is not supported"));
    return *kind;
  }
  if (algorithm.value_or("").empty()) return ChecksumKind::Crc64Nvme;
  const auto kind = ChecksumNamed(*algorithm);
  if (!kind) return Fail(UnsupportedAlgorithm());
  return *kind;
}

Result<> CheckValue(ChecksumKind kind, std::string_view value) {
  const auto digest = Base64Decode(value);
  if (digest && digest->size() == DigestBytes(kind)) return {};
  return Fail(InvalidRequest("Value for " + HeaderOf(kind) + " header is invalid."));
}

Result<StringPairs> ParseTagging(std::string_view text) {
  StringPairs tags;
  if (text.empty()) return tags;
  for (const std::string_view pair : Split(text, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto key = FormDecoded(pair.substr(0, equals)), value = FormDecoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!key || !value || key->empty() || !IsValidUtf8(*key) || !IsValidUtf8(*value)) return Fail(BadTagging());
    if (std::ranges::find(tags, *key, &StringPairs::value_type::first) != tags.end()) return Fail(BadTagging());
    tags.emplace_back(*key, *value);
  }
  MF_TRY_VOID(CheckTags(tags, kObjectTagsMax));
  return tags;
}

Result<> CheckTags(const StringPairs& tags, size_t most) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : tags) {
    if (key.empty() || wire::CountCharacters(key) > kTagKeyCharactersMax) return Fail(InvalidTag("The TagKey you have provided is invalid"));
    if (wire::CountCharacters(value) > kTagValueCharactersMax) return Fail(InvalidTag("The TagValue you have provided is invalid"));
    if (key.starts_with("aws:")) return Fail(InvalidTag("System tags cannot be added/updated by requester"));
    if (!keys.insert(key).second) return Fail(InvalidTag("Cannot provide multiple Tags with the same key"));
  }
  if (tags.size() <= most) return {};
  return Fail(Error::Service("BadRequest", most == kObjectTagsMax ? "Object tags cannot be greater than 10" : "Bucket tag count cannot be greater than 50"));
}

Result<StringPairs> TagsOf(const std::vector<Tag>& tags, size_t most) {
  StringPairs pairs;
  for (const Tag& tag : tags) pairs.emplace_back(tag.key, tag.value);
  MF_TRY_VOID(CheckTags(pairs, most));
  return pairs;
}

std::vector<Tag> TagList(const StringPairs& tags) {
  std::vector<Tag> list;
  for (const auto& [key, value] : tags) list.push_back({.key = key, .value = value});
  return list;
}

Result<> CheckMetadata(const StringPairs& metadata) {
  size_t bytes = 0;
  for (const auto& [name, value] : metadata) bytes += name.size() + value.size();
  if (bytes <= kMetadataBytesMax) return {};
  Error error = WithElement(Error::Service("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"), "Size", std::to_string(bytes));
  return Fail(WithElement(std::move(error), "MaxSizeAllowed", std::to_string(kMetadataBytesMax)));
}

Result<> CheckStorageClass(std::string_view storage_class) {
  if (storage_class.empty() || std::ranges::find(kStorageClasses, storage_class) != kStorageClasses.end()) return {};
  return Fail(WithElement(Error::Service("InvalidStorageClass", "The storage class you specified is not valid"), "StorageClassRequested", storage_class));
}

Result<> CheckEncryption(const std::string& algorithm, const std::string& kms_key_id) {
  if (!algorithm.empty() && algorithm != "AES256" && algorithm != "aws:kms" && algorithm != "aws:kms:dsse") {
    return Fail(InvalidArgument("The encryption method specified is not supported", "x-amz-server-side-encryption", algorithm));
  }
  if (kms_key_id.empty() || algorithm.starts_with("aws:kms")) return {};
  return Fail(InvalidArgument("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
                              "x-amz-server-side-encryption", algorithm));
}

Result<> CheckLockFields(const BucketRow& bucket, const ObjectRow& row) {
  const bool has_retention = !row.lock_mode.empty() || row.lock_until_millis != 0;
  if (!has_retention && !row.has_legal_hold) return {};
  if (!bucket.has_object_lock) return Fail(InvalidRequest("Bucket is missing Object Lock Configuration"));
  if (has_retention && (row.lock_mode.empty() || row.lock_until_millis == 0)) {
    return Fail(InvalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied", "x-amz-object-lock-mode", row.lock_mode));
  }
  if (!has_retention || row.lock_mode == "GOVERNANCE" || row.lock_mode == "COMPLIANCE") return {};
  return Fail(InvalidArgument("Unknown wormMode directive.", "x-amz-object-lock-mode", row.lock_mode));
}

Result<> TakeDefaultRetention(const BucketRow& bucket, WallTime now, ObjectRow& row) {
  if (!row.lock_mode.empty() || bucket.Setting("object-lock").empty()) return {};
  MF_TRY(const auto lock, SettingOf<ObjectLockConfiguration>(bucket.Setting("object-lock")));
  if (!lock.rule || !lock.rule->default_retention) return {};
  const DefaultRetention& retention = *lock.rule->default_retention;
  const int64_t days = retention.days.value_or(0) + int64_t{365} * retention.years.value_or(0);
  row.lock_mode = retention.mode.value_or("");
  row.lock_until_millis = ToEpochMillis(now + days * kOneDay);
  return {};
}

Result<> TakeDefaultEncryption(const BucketRow& bucket, ObjectRow& row) {
  if (!row.encryption.empty() || bucket.Setting("encryption").empty()) return {};
  MF_TRY(const auto setting, SettingOf<ServerSideEncryptionConfiguration>(bucket.Setting("encryption")));
  if (setting.rules.empty() || !setting.rules.front().apply_server_side_encryption_by_default) return {};
  const auto& usual = *setting.rules.front().apply_server_side_encryption_by_default;
  if (usual.sse_algorithm == "AES256") return {};
  row.encryption = usual.sse_algorithm;
  row.kms_key_id = usual.kms_master_key_id.value_or("");
  return {};
}

}  // namespace mayfly::s3
