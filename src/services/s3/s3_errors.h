// Errors that S3 tells, in AWS's words. Pure functions, any thread.
// Source: Amazon S3 API reference, "Error responses".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::s3 {

// `name` is an element of the answer beside Code and Message.
Error WithElement(Error error, std::string_view name, std::string_view value);
// A header of the answer.
Error WithHeader(Error error, std::string_view name, std::string_view value);

Error NoSuchBucket(std::string_view bucket);
Error NoSuchKey(std::string_view key);
Error NoSuchVersion(std::string_view key, std::string_view version_id);
Error NoSuchUpload(std::string_view upload_id);
Error InvalidArgument(std::string message, std::string_view name, std::string_view value);
Error InvalidRequest(std::string message);
Error MalformedXml();
Error AccessDenied();
Error PreconditionFailed(std::string_view condition);
// "A header you provided implies functionality that is not implemented."
Error HeaderNotImplemented(std::string_view header);

}  // namespace mayfly::s3
