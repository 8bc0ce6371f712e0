#include "packages/code_source.h"

#include <fmt/format.h>

namespace mayfly::packages {
namespace {

Error InvalidSource(std::string message) { return Error::Service("InvalidParameterValueException", std::move(message)); }

}  // namespace

Error GetObjectFailed(std::string_view s3_code, std::string_view s3_message) {
  return InvalidSource(fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}", s3_code, s3_message));
}

Error NoSuchBucket() { return GetObjectFailed("NoSuchBucket", "The specified bucket does not exist"); }
Error NoSuchKey() { return GetObjectFailed("NoSuchKey", "The specified key does not exist."); }
Error NoSuchVersion() { return GetObjectFailed("NoSuchVersion", "The specified version does not exist."); }
Error AccessDenied() { return GetObjectFailed("AccessDenied", "Access Denied"); }
Error SourceTooLarge() { return InvalidSource(fmt::format("Unzipped size must be smaller than {} bytes", kSourceBytesMax)); }

}  // namespace mayfly::packages
