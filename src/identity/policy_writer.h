// PolicyWriter: the smallest policy that covers what was asked for, ready to be given to a role.
//
// Statements are grouped by their resources: what is asked of the same ones stands together, actions sorted. A resource stands exactly as long as
// one action has no more than kExactResourcesMax of its kind; beyond, what they have in common, with "*". Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "identity/decision_log.h"

namespace mayfly::identity {

inline constexpr size_t kExactResourcesMax = 5;

// What explicit denies refuse is left out: no policy of the role's would let it through.
json::Value WritePolicy(std::span<const DecisionRecord> records);

// How a role's policies differ from what it has asked for.
struct PolicyDifference {
  std::vector<std::string> missing;  // "sqs:SendMessage on arn:…": asked for, and not allowed
  std::vector<std::string> unused;   // "s3:* on arn:…": allowed, and never asked for
};
PolicyDifference Compare(std::span<const DecisionRecord> records, std::span<const PolicyPointer> policies);

}  // namespace mayfly::identity
