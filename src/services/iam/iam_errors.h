// Errors of this service, in AWS's words. Source: the API reference, and what clients have recorded of the service.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::iam {

Error NoSuchEntity(std::string message);
Error AlreadyExists(std::string message);
Error DeleteConflict(std::string_view what_first);  // "Cannot delete entity, must WHAT first."
Error LimitExceeded(std::string message);
Error QuotaExceeded(std::string_view quota, size_t limit);  // "Cannot exceed quota for QUOTA: LIMIT"
Error MalformedDocument(std::string message);
Error InvalidInput(std::string message);
Error Invalid(std::string message);  // ValidationError
Error UnmodifiableRole(std::string_view name);
Error ConcurrentChange();

}  // namespace mayfly::iam
