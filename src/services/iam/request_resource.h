// What a request of IAM is about, as policies name it: the ARN with the path of what is there, or is to be made. For the authorizer.
#pragma once

#include <string>

#include "services/iam/iam_tables.h"
#include "wire/endpoint.h"

namespace mayfly::iam {

// "*" where an operation is about nothing.
std::string ResourceOfRequest(const IamTables& tables, const Context& ctx, const wire::Operation& operation, const wire::Message& request);

}  // namespace mayfly::iam
