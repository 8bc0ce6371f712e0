// Conditions of reads and writes: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since. Pure functions.
// Source: Amazon S3 user guide, "Conditional requests"; RFC 9110, section 13.
#pragma once

#include <optional>
#include <string>

#include "services/s3/object_row.h"

namespace mayfly::s3 {

struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<WallTime> if_modified_since;
  std::optional<WallTime> if_unmodified_since;
};

enum class ReadVerdict : unsigned char { Give, NotModified };
// Error: PreconditionFailed. What a tag says counts more than a date.
Result<ReadVerdict> CheckRead(const ReadConditions& conditions, const ObjectRow& row);

struct WriteConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
};
// `current`: what there is under the key; a delete marker counts as nothing. Errors: PreconditionFailed, NoSuchKey, NotImplemented for an
// If-None-Match other than "*".
Result<> CheckWrite(const WriteConditions& conditions, const std::optional<ObjectRow>& current, std::string_view key);
// Of a removal: only an If-Match counts, which nothing does not fulfil.
Result<> CheckRemoval(const std::optional<std::string>& if_match, const std::optional<ObjectRow>& current);

}  // namespace mayfly::s3
