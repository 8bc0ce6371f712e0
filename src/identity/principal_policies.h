// PrincipalPolicies: what is to be evaluated of whoever asks: the port through which IAM's users, groups, roles and policies, and what a
// session has of its own, reach those who decide. Offered by the service iam, as a port of services.
//
// On the daemon's strand. What is found is made once per caller and kept, parsed, until something of IAM changes: a warm request costs a
// look-up. Bound: kAccessesKept of them; beyond, the least used are made again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/policy.h"

namespace mayfly::identity {

inline constexpr size_t kAccessesKept = 20'000;

// Everything that does not depend on the request. Immutable, shared.
struct PrincipalAccess {
  bool is_root = false;                      // the account's root: an implicit allow
  std::vector<PolicyPointer> identity;       // inline, attached, and those of groups; Policy::Kind::Identity. None is null
  bool has_boundary = false;
  PolicyPointer boundary;                    // null with has_boundary: the policy is gone or cannot be read; allows nothing
  bool has_session = false;
  std::vector<PolicyPointer> session;        // session policies: one of them has to allow
  std::vector<std::vector<PolicyPointer>> service_control;          // by level, the root's first; each has to allow. Empty: no organization
  std::vector<std::pair<std::string, std::string>> keys;            // aws:userid, aws:PrincipalTag/team, aws:TokenIssueTime …
  uint64_t epoch = 0;                        // another number whenever anything above may differ; of all principals, from one counter
};

class PrincipalPolicies {
 public:
  virtual ~PrincipalPolicies() = default;

  // `arn`: iam::A:user/PATH/NAME, iam::A:root, sts::A:assumed-role/ROLE/SESSION, sts::A:federated-user/NAME. `access_key_id`: of who has
  // signed with temporary credentials, for what their session has of its own; "" otherwise.
  // nullptr: there is nobody like that (any more), who may do nothing.
  virtual std::shared_ptr<const PrincipalAccess> Find(std::string_view account_id, std::string_view arn, std::string_view access_key_id) const = 0;
};

}  // namespace mayfly::identity
