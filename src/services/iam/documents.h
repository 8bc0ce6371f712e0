// Policy documents as IAM takes and gives them. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "identity/policy.h"

namespace mayfly::iam {

// Of a user, group, role, or a managed policy. Error: MalformedPolicyDocument.
Result<identity::PolicyPointer> ParsePermissions(std::string_view document);
// Whom a role trusts: its statements have principals, actions of STS, and no resources (each is about the role).
Result<identity::PolicyPointer> ParseTrust(std::string_view document);
// As quotas count: without white space.
size_t SizeOf(std::string_view document);
// As answers hold it: percent-encoded.
std::string Encoded(std::string_view document);

}  // namespace mayfly::iam
