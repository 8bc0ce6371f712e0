// ACLs of buckets and objects. One is kept as a text: the name of a canned ACL ("" is private), or "[…]": its grants as JSON.
// Pure functions, any thread. Source: Amazon S3 user guide, "Access control list (ACL) overview".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/policy_principal.h"
#include "model/s3.h"

namespace mayfly::s3 {

inline constexpr size_t kGrantsMax = 100;

// What a client's headers x-amz-grant-… say; "" where there is none.
struct GrantHeaders {
  std::string full_control;
  std::string read;
  std::string read_acp;
  std::string write;
  std::string write_acp;

  bool empty() const { return full_control.empty() && read.empty() && read_acp.empty() && write.empty() && write_acp.empty(); }
};
template <typename Request>
GrantHeaders GrantHeadersOf(const Request& request) {
  GrantHeaders headers{.full_control = request.grant_full_control.value_or(""), .read = request.grant_read.value_or(""), .read_acp = request.grant_read_acp.value_or(""),
                       .write = {}, .write_acp = request.grant_write_acp.value_or("")};
  if constexpr (requires { request.grant_write; }) headers.write = request.grant_write.value_or("");
  return headers;
}

// A canned ACL or grants of headers. `ownership`: the bucket's. Errors: AccessControlListNotSupported, InvalidArgument,
// UnresolvableGrantByEmailAddress, InvalidRequest for both.
Result<std::string> AclOf(const std::optional<std::string>& canned, const GrantHeaders& headers, std::string_view ownership);
// What a document grants. `owner_account_id`: whose the resource is. Errors: MalformedACLError, InvalidArgument, as above.
Result<std::string> AclOfGrants(const std::vector<Grant>& grants, std::string_view owner_account_id, std::string_view ownership);

// What an ACL spells out.
std::vector<Grant> GrantsOf(std::string_view acl, const std::string& owner_account_id);
// Whether it lets anybody in, or anybody with an account.
bool IsPublicAcl(std::string_view acl);
// `action`: "s3:GetObject" …, on the bucket or object whose ACL it is.
bool AclAllows(std::string_view acl, std::string_view action, const identity::RequestPrincipal& principal);

}  // namespace mayfly::s3
