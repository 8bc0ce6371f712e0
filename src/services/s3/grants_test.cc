// If these fail, ACLs let others in than those whom their owners named, or are shown as something else.
#include "services/s3/grants.h"

#include <gtest/gtest.h>

#include "services/s3/s3_names.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kEverybody = "http://acs.amazonaws.com/groups/global/AllUsers";

identity::RequestPrincipal Caller(std::string account) {
  identity::RequestPrincipal principal;
  principal.account_id = account;
  if (!account.empty()) principal.arn = "arn:aws:iam::" + account + ":root";
  return principal;
}

std::string CodeOfAcl(const Result<std::string>& acl) { return acl ? "" : acl.error().code; }

TEST(GrantsTest, HeadersNameUsersAndGroups) {
  const std::string id = CanonicalUserOf("222222222222");
  const auto acl = AclOf(std::nullopt, {.full_control = {}, .read = "id=\"" + id + "\", uri=" + std::string(kEverybody), .read_acp = {}, .write = "id=" + id, .write_acp = {}},
                         "ObjectWriter");
  ASSERT_TRUE(acl);
  const auto grants = GrantsOf(*acl, "111111111111");
  ASSERT_EQ(grants.size(), 3u);
  EXPECT_EQ(grants[0].grantee->id, id);
  EXPECT_EQ(grants[1].grantee->uri, kEverybody);
  EXPECT_EQ(grants[2].permission, "WRITE");
  EXPECT_TRUE(IsPublicAcl(*acl));
  EXPECT_TRUE(AclAllows(*acl, "s3:GetObject", Caller("")));
  EXPECT_TRUE(AclAllows(*acl, "s3:PutObject", Caller("222222222222")));
  EXPECT_FALSE(AclAllows(*acl, "s3:PutObject", Caller("333333333333")));
  EXPECT_FALSE(AclAllows(*acl, "s3:GetObjectAcl", Caller("222222222222")));
  EXPECT_FALSE(AclAllows(*acl, "s3:DeleteObject", Caller("222222222222")));
}

TEST(GrantsTest, WhatIsRefused) {
  EXPECT_EQ(CodeOfAcl(AclOf(std::nullopt, {.full_control = {}, .read = "id=x", .read_acp = {}, .write = {}, .write_acp = {}}, "")), "InvalidArgument");
  EXPECT_EQ(CodeOfAcl(AclOf(std::nullopt, {.full_control = {}, .read = "uri=http://x/", .read_acp = {}, .write = {}, .write_acp = {}}, "")), "InvalidArgument");
  EXPECT_EQ(CodeOfAcl(AclOf(std::nullopt, {.full_control = {}, .read = "who", .read_acp = {}, .write = {}, .write_acp = {}}, "")), "InvalidArgument");
  EXPECT_EQ(CodeOfAcl(AclOf(std::nullopt, {.full_control = {}, .read = "emailAddress=a@b.c", .read_acp = {}, .write = {}, .write_acp = {}}, "")),
            "UnresolvableGrantByEmailAddress");
  EXPECT_EQ(CodeOfAcl(AclOf("public-read", {.full_control = {}, .read = "id=" + CanonicalUserOf("1"), .read_acp = {}, .write = {}, .write_acp = {}}, "")), "InvalidRequest");
  EXPECT_EQ(CodeOfAcl(AclOf("public-read", {}, "BucketOwnerEnforced")), "AccessControlListNotSupported");
  EXPECT_EQ(CodeOfAcl(AclOf("none", {}, "")), "InvalidArgument");
}

TEST(GrantsTest, CannedOnesSpellOutWhatTheySay) {
  EXPECT_EQ(*AclOf("private", {}, ""), "");
  EXPECT_EQ(GrantsOf("", "111111111111").size(), 1u);
  EXPECT_EQ(GrantsOf("public-read-write", "111111111111").size(), 3u);
  EXPECT_FALSE(IsPublicAcl(""));
  EXPECT_TRUE(AclAllows("authenticated-read", "s3:GetObject", Caller("222222222222")));
  EXPECT_FALSE(AclAllows("authenticated-read", "s3:GetObject", Caller("")));
  EXPECT_EQ(*AclOfGrants(GrantsOf("", "111111111111"), "111111111111", "BucketOwnerEnforced"), "");
  EXPECT_EQ(CodeOfAcl(AclOfGrants(GrantsOf("public-read", "111111111111"), "111111111111", "BucketOwnerEnforced")), "AccessControlListNotSupported");
}

}  // namespace
}  // namespace mayfly::s3
