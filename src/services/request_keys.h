// Condition keys that a request itself says: tags (aws:RequestTag/KEY, aws:TagKeys) of whatever service, and the service's own, one row each
// (request_keys.cc): sns:Protocol from the member Protocol.
// Source: AWS service authorization reference, "Condition keys" of each service.
// Pure functions.
#pragma once

#include "identity/condition_keys.h"
#include "wire/storage.h"

namespace mayfly::services {

void AddRequestKeys(const wire::Operation& operation, const wire::Message& request, identity::ConditionKeys& keys);

}  // namespace mayfly::services
