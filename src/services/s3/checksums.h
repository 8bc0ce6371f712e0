// The checksums by which S3's clients make sure of what they send and get.
// Source: Amazon S3 user guide, "Checking object integrity"; CRC-64/NVME of the NVMe specification.
//
// A digest is its bytes, the highest first; clients see it in base64. Of an object in parts there are two kinds:
//   FULL_OBJECT  that of all its bytes; of CRCs it follows from those of the parts (CombineDigests)
//   COMPOSITE    that of the parts' digests one after the other, with "-" and the number of parts behind it
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/digest_stream.h"

namespace mayfly::s3 {

enum class ChecksumKind : unsigned char { Crc32, Crc32c, Crc64Nvme, Sha1, Sha256 };
inline constexpr std::array kChecksumKinds = {ChecksumKind::Crc32, ChecksumKind::Crc32c, ChecksumKind::Crc64Nvme, ChecksumKind::Sha1, ChecksumKind::Sha256};

inline constexpr std::string_view kFullObject = "FULL_OBJECT";
inline constexpr std::string_view kComposite = "COMPOSITE";

// "CRC64NVME".
std::string_view NameOf(ChecksumKind kind);
// Without case, as clients write it; nullopt for one that is not known here.
std::optional<ChecksumKind> ChecksumNamed(std::string_view name);
// "x-amz-checksum-crc64nvme".
std::string HeaderOf(ChecksumKind kind);
size_t DigestBytes(ChecksumKind kind);
bool IsCrc(ChecksumKind kind);
// Whether an upload in parts may be checked so (`type`: kFullObject or kComposite).
bool MayBe(ChecksumKind kind, std::string_view type);

// A checksum of bytes that come in pieces. One thread at a time.
class ChecksumStream {
 public:
  explicit ChecksumStream(ChecksumKind kind);
  void Update(std::string_view bytes);
  // Once.
  std::string Finish();

 private:
  ChecksumKind kind_;
  uint64_t crc_ = 0;
  std::optional<DigestStream> digest_;
};

std::string ChecksumOf(ChecksumKind kind, std::string_view bytes);
// Of a CRC: the digest of two runs of bytes one after the other. `second_bytes`: how long the second is.
std::string CombineDigests(ChecksumKind kind, std::string_view first, std::string_view second, uint64_t second_bytes);

}  // namespace mayfly::s3
