#include "services/s3/grants.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "services/s3/s3_errors.h"
#include "services/s3/s3_names.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kAllUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
constexpr std::string_view kAuthenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
constexpr std::string_view kLogDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";
constexpr std::array<std::string_view, 8> kCannedAcls = {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read",
                                                        "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"};
constexpr std::array<std::string_view, 5> kPermissions = {"FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"};
constexpr size_t kCanonicalIdDigits = 64;

Error NoAcls() { return Error::Service("AccessControlListNotSupported", "The bucket does not allow ACLs"); }

bool IsGroup(std::string_view uri) { return uri == kAllUsers || uri == kAuthenticatedUsers || uri == kLogDelivery; }
bool IsCanonicalId(std::string_view id) { return id.size() == kCanonicalIdDigits && std::ranges::all_of(id, [](char c) { return HexValue(c) >= 0; }); }

Grant GrantOf(std::string_view grantee, std::string_view permission) {
  Grant grant{.grantee = Grantee{}, .permission = std::string(permission)};
  grant.grantee->type = IsGroup(grantee) ? "Group" : "CanonicalUser";
  if (IsGroup(grantee)) grant.grantee->uri = grantee;
  else grant.grantee->id = grantee;
  return grant;
}

std::string_view GranteeOf(const Grant& grant) {
  if (!grant.grantee) return {};
  if (grant.grantee->uri) return *grant.grantee->uri;
  return grant.grantee->id ? std::string_view(*grant.grantee->id) : std::string_view();
}

Result<> CheckGrantee(std::string_view kind, std::string_view value) {
  if (EqualIgnoringCase(kind, "emailAddress")) {
    return Fail(WithElement(Error::Service("UnresolvableGrantByEmailAddress", "The e-mail address you provided does not match any account on record."), "EmailAddress", value));
  }
  if (EqualIgnoringCase(kind, "uri")) return IsGroup(value) ? Result<>() : Fail(InvalidArgument("Invalid group uri", "uri", value));
  if (EqualIgnoringCase(kind, "id")) return IsCanonicalId(value) ? Result<>() : Fail(InvalidArgument("Invalid id", "id", value));
  return Fail(InvalidArgument("Argument format not recognized", "x-amz-grant", kind));
}

// "id=…, uri="…"".
Result<> ReadHeader(std::string_view header, std::string_view permission, std::vector<Grant>& grants) {
  if (Trim(header).empty()) return {};
  for (const std::string_view part : Split(header, ',')) {
    const size_t equals = part.find('=');
    const std::string_view kind = Trim(part.substr(0, equals));
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : Trim(part.substr(equals + 1), " \t\"");
    MF_TRY_VOID(CheckGrantee(kind, value));
    grants.push_back(GrantOf(value, permission));
  }
  return {};
}

std::string TextOf(const std::vector<Grant>& grants) {
  json::Array list;
  for (const Grant& grant : grants) list.push_back(json::Array{json::Value(std::string(GranteeOf(grant))), json::Value(grant.permission.value_or(""))});
  return json::Write(list);
}

std::vector<Grant> ReadGrants(std::string_view acl) {
  std::vector<Grant> grants;
  const auto list = json::Parse(acl);
  for (const json::Value& one : list && list->is_array() ? list->array() : json::Array()) {
    if (one.is_array() && one.array().size() == 2) grants.push_back(GrantOf(one.array()[0].string(), one.array()[1].string()));
  }
  return grants;
}

bool HasGrants(std::string_view acl) { return acl.starts_with('['); }

// What a canned ACL grants to groups.
std::vector<Grant> GroupsOf(std::string_view canned) {
  std::vector<Grant> grants;
  if (canned.starts_with("public-read")) grants.push_back(GrantOf(kAllUsers, "READ"));
  if (canned == "public-read-write") grants.push_back(GrantOf(kAllUsers, "WRITE"));
  if (canned == "authenticated-read") grants.push_back(GrantOf(kAuthenticatedUsers, "READ"));
  if (canned == "log-delivery-write") {
    grants.push_back(GrantOf(kLogDelivery, "WRITE"));
    grants.push_back(GrantOf(kLogDelivery, "READ_ACP"));
  }
  return grants;
}

// The permission that an action needs; "": no ACL allows it.
std::string_view NeededFor(std::string_view action) {
  if (action == "s3:GetObject" || action == "s3:GetObjectVersion" || action == "s3:ListBucket" || action == "s3:ListBucketVersions" ||
      action == "s3:ListBucketMultipartUploads") {
    return "READ";
  }
  if (action == "s3:PutObject") return "WRITE";
  if (action == "s3:GetBucketAcl" || action == "s3:GetObjectAcl" || action == "s3:GetObjectVersionAcl") return "READ_ACP";
  if (action == "s3:PutBucketAcl" || action == "s3:PutObjectAcl" || action == "s3:PutObjectVersionAcl") return "WRITE_ACP";
  return {};
}

bool IsFor(const Grant& grant, const identity::RequestPrincipal& principal) {
  const std::string_view grantee = GranteeOf(grant);
  if (grantee == kAllUsers) return true;
  if (principal.is_anonymous() || principal.is_service()) return false;
  return grantee == kAuthenticatedUsers || grantee == CanonicalUserOf(principal.account_id);
}

}  // namespace

Result<std::string> AclOf(const std::optional<std::string>& canned, const GrantHeaders& headers, std::string_view ownership) {
  const std::string acl = canned.value_or("");
  const bool is_owners = acl.empty() || acl == "bucket-owner-full-control" || acl == "private";
  if (ownership == "BucketOwnerEnforced" && (!headers.empty() || !is_owners)) return Fail(NoAcls());
  if (!acl.empty() && !headers.empty()) return Fail(InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed"));
  if (headers.empty()) {
    if (!acl.empty() && std::ranges::find(kCannedAcls, acl) == kCannedAcls.end()) return Fail(InvalidArgument("Argument is invalid", "x-amz-acl", acl));
    return acl == "private" ? std::string() : acl;
  }
  std::vector<Grant> grants;
  MF_TRY_VOID(ReadHeader(headers.full_control, "FULL_CONTROL", grants));
  MF_TRY_VOID(ReadHeader(headers.read, "READ", grants));
  MF_TRY_VOID(ReadHeader(headers.read_acp, "READ_ACP", grants));
  MF_TRY_VOID(ReadHeader(headers.write, "WRITE", grants));
  MF_TRY_VOID(ReadHeader(headers.write_acp, "WRITE_ACP", grants));
  if (grants.size() > kGrantsMax) return Fail(InvalidRequest("An ACL can have at most 100 grants"));
  return TextOf(grants);
}

Result<std::string> AclOfGrants(const std::vector<Grant>& grants, std::string_view owner_account_id, std::string_view ownership) {
  const std::string owner = CanonicalUserOf(owner_account_id);
  if (grants.size() > kGrantsMax) return Fail(InvalidRequest("An ACL can have at most 100 grants"));
  std::vector<Grant> kept;
  for (const Grant& grant : grants) {
    const bool is_known = grant.grantee && grant.permission && std::ranges::find(kPermissions, *grant.permission) != kPermissions.end();
    if (!is_known) return Fail(MalformedXml());
    const Grantee& grantee = *grant.grantee;
    if (grantee.email_address) MF_TRY_VOID(CheckGrantee("emailAddress", *grantee.email_address));
    MF_TRY_VOID(CheckGrantee(grantee.uri ? "uri" : "id", grantee.uri ? *grantee.uri : grantee.id.value_or("")));
    kept.push_back(GrantOf(grantee.uri ? *grantee.uri : *grantee.id, *grant.permission));
  }
  const bool is_owners = kept.size() == 1 && GranteeOf(kept.front()) == owner && kept.front().permission == "FULL_CONTROL";
  if (is_owners) return std::string();
  if (ownership == "BucketOwnerEnforced") return Fail(NoAcls());
  return TextOf(kept);
}

std::vector<Grant> GrantsOf(std::string_view acl, const std::string& owner_account_id) {
  if (HasGrants(acl)) return ReadGrants(acl);
  std::vector<Grant> grants = {GrantOf(CanonicalUserOf(owner_account_id), "FULL_CONTROL")};
  for (Grant& grant : GroupsOf(acl)) grants.push_back(std::move(grant));
  return grants;
}

bool IsPublicAcl(std::string_view acl) {
  const std::vector<Grant> grants = HasGrants(acl) ? ReadGrants(acl) : GroupsOf(acl);
  return std::ranges::any_of(grants, [](const Grant& grant) { return GranteeOf(grant) == kAllUsers || GranteeOf(grant) == kAuthenticatedUsers; });
}

bool AclAllows(std::string_view acl, std::string_view action, const identity::RequestPrincipal& principal) {
  const std::string_view needed = NeededFor(action);
  if (acl.empty() || needed.empty()) return false;
  const std::vector<Grant> grants = HasGrants(acl) ? ReadGrants(acl) : GroupsOf(acl);
  return std::ranges::any_of(grants, [&](const Grant& grant) { return (grant.permission == needed || grant.permission == "FULL_CONTROL") && IsFor(grant, principal); });
}

}  // namespace mayfly::s3
