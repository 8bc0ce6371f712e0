// PostPolicy: what the author of a form lets those do who send it. Pure functions, any thread.
// Source: Amazon S3 API reference, "Browser-based uploads using POST: creating a POST policy".
//
//   {"expiration": "2026-12-01T12:00:00.000Z",
//    "conditions": [{"bucket": "b"}, ["eq", "$acl", "private"], ["starts-with", "$key", "user/"], ["content-length-range", 1, 1000]]}
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::s3 {

struct PostPolicy {
  struct Condition {
    enum class Kind : unsigned char { Equal, StartsWith };
    Kind kind = Kind::Equal;
    std::string field;  // in small letters, without $
    std::string value;
    std::string text;   // as it stands in the policy, for refusals
  };
  WallTime expiration{};
  std::vector<Condition> conditions;
  int64_t bytes_min = 0;
  int64_t bytes_max = INT64_MAX;

  // `text`: JSON. Error: InvalidPolicyDocument.
  static Result<PostPolicy> Parse(std::string_view text);
  // `fields`: those of the form, and "bucket". Errors: AccessDenied, with what is not as the policy says.
  Result<> Check(const std::vector<std::pair<std::string, std::string>>& fields, WallTime now) const;
  // Errors: EntityTooSmall, EntityTooLarge.
  Result<> CheckSize(int64_t bytes) const;
};

}  // namespace mayfly::s3
