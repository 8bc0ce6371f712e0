#include "services/iam/iam_errors.h"

#include <fmt/format.h>

namespace mayfly::iam {

Error NoSuchEntity(std::string message) { return Error::Service("NoSuchEntityException", std::move(message)); }
Error AlreadyExists(std::string message) { return Error::Service("EntityAlreadyExistsException", std::move(message)); }
Error DeleteConflict(std::string_view what_first) {
  return Error::Service("DeleteConflictException", fmt::format("Cannot delete entity, must {} first.", what_first));
}
Error LimitExceeded(std::string message) { return Error::Service("LimitExceededException", std::move(message)); }
Error QuotaExceeded(std::string_view quota, size_t limit) { return LimitExceeded(fmt::format("Cannot exceed quota for {}: {}", quota, limit)); }
Error MalformedDocument(std::string message) { return Error::Service("MalformedPolicyDocumentException", std::move(message)); }
Error InvalidInput(std::string message) { return Error::Service("InvalidInputException", std::move(message)); }
Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error UnmodifiableRole(std::string_view name) {
  return Error::Service("UnmodifiableEntityException",
                        fmt::format("Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS", name));
}
Error ConcurrentChange() {
  return Error::Service("ConcurrentModificationException", "Request was rejected because of a concurrent request on the same entity. Please retry.");
}

}  // namespace mayfly::iam
