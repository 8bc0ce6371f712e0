// Ranges of bytes: of GetObject, HeadObject and UploadPartCopy. Pure functions.
// Source: Amazon S3 API reference, "GetObject", "UploadPartCopy"; RFC 9110, section 14.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace mayfly::s3 {

struct ByteRange {
  int64_t offset = 0;
  int64_t size = 0;
};

// What "bytes=a-b", "bytes=a-" or "bytes=-n" means of `size` bytes. nullopt: it is no range that S3 knows (another unit, several ranges,
// nonsense), and all is given. Error: InvalidRange, it begins behind the end.
Result<std::optional<ByteRange>> ParseRange(std::string_view text, int64_t size);
// Of a part that is copied: both ends have to be there. Error: InvalidArgument, InvalidRange.
Result<ByteRange> ParseCopyRange(std::string_view text, int64_t size);

}  // namespace mayfly::s3
