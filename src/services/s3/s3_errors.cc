#include "services/s3/s3_errors.h"

#include "base/json.h"

namespace mayfly::s3 {

Error WithElement(Error error, std::string_view name, std::string_view value) {
  error.members.emplace_back(std::string(name), json::Quote(value));
  return error;
}

Error WithHeader(Error error, std::string_view name, std::string_view value) { return WithElement(std::move(error), std::string("@").append(name), value); }

Error NoSuchBucket(std::string_view bucket) {
  return WithElement(Error::Service("NoSuchBucket", "The specified bucket does not exist"), "BucketName", bucket);
}

Error NoSuchKey(std::string_view key) { return WithElement(Error::Service("NoSuchKey", "The specified key does not exist."), "Key", key); }

Error NoSuchVersion(std::string_view key, std::string_view version_id) {
  Error error = WithElement(Error::Service("NoSuchVersion", "The specified version does not exist."), "Key", key);
  return WithElement(std::move(error), "VersionId", version_id);
}

Error NoSuchUpload(std::string_view upload_id) {
  return WithElement(Error::Service("NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                                                    "aborted or completed."), "UploadId", upload_id);
}

Error InvalidArgument(std::string message, std::string_view name, std::string_view value) {
  Error error = WithElement(Error::Service("InvalidArgument", std::move(message)), "ArgumentName", name);
  return WithElement(std::move(error), "ArgumentValue", value);
}

Error InvalidRequest(std::string message) { return Error::Service("InvalidRequest", std::move(message)); }

Error MalformedXml() {
  return Error::Service("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");
}

Error AccessDenied() { return Error::Service("AccessDenied", "Access Denied"); }

Error PreconditionFailed(std::string_view condition) {
  return WithElement(Error::Service("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"), "Condition", condition);
}

Error HeaderNotImplemented(std::string_view header) {
  Error error = WithElement(Error::Service("NotImplemented", "A header you provided implies functionality that is not implemented"), "Header", header);
  return WithElement(std::move(error), "additionalMessage", "Mayfly does not have it.");
}

}  // namespace mayfly::s3
