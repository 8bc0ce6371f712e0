// Names of S3: buckets, keys, versions, entity tags, owners. Pure functions, any thread.
// Source: Amazon S3 user guide, "General purpose bucket naming rules", "Naming Amazon S3 objects".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace mayfly::s3 {

inline constexpr size_t kKeyBytesMax = 1024;
// The version of an object of a bucket that keeps none, or kept none then.
inline constexpr std::string_view kNullVersion = "null";

bool IsBucketName(std::string_view name);
// Error: KeyTooLongError; InvalidArgument for a NUL byte, which no document could show.
Result<> CheckKey(std::string_view key);

std::string BucketArn(std::string_view bucket);
std::string ObjectArn(std::string_view bucket, std::string_view key);
// The canonical user that an account is: 64 hexadecimal digits.
std::string CanonicalUserOf(std::string_view account_id);

// 32 characters that hold the version's place in time.
std::string MakeVersionId(int64_t sequence, Random& random);
// nullopt: it is none of ours.
std::optional<int64_t> SequenceOf(std::string_view version_id);

std::string Quoted(std::string_view etag);
std::string_view Unquoted(std::string_view etag);
// Whether a header's list of tags, quoted or not, has this one; "*" has any.
bool NamesTag(std::string_view header, std::string_view etag);

// As listings with encoding-type=url and events write keys: like a form, but with slashes.
std::string FormEncoded(std::string_view key);

}  // namespace mayfly::s3
