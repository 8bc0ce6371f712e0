// PassedRoles: the roles that a request hands to a service, which its caller needs iam:PassRole for.
// Source: AWS service authorization reference, "Dependent actions". One row per operation and member in passed_roles.cc. Pure function.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "wire/storage.h"

namespace mayfly::services {

// `check` is asked for each role; its first error is the result.
using CheckRole = std::function<Result<>(std::string_view role_arn, std::string_view service)>;
Result<> CheckPassedRoles(const wire::Operation& operation, const wire::Message& request, const CheckRole& check);

}  // namespace mayfly::services
