// If these fail, a simulation shows other statements than those that decide, or in another place.
#include "services/iam/policy_statements.h"

#include <gtest/gtest.h>

#include "services/iam/aws_policies.h"
#include "services/iam/documents.h"

namespace mayfly::iam {
namespace {

constexpr std::string_view kDocument = R"({
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "a]}", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"},
    {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringLike": {"aws:Referer": "${aws:PrincipalTag/x, 'y'}"}}}
  ]
})";

TEST(Statements, EachStandsByItselfAndWhereItStood) {
  const auto statements = StatementsOf(kDocument);
  ASSERT_EQ(statements.size(), 2u);
  for (const StatementText& statement : statements) {
    EXPECT_TRUE(ParsePermissions(statement.document)) << statement.document;
    EXPECT_EQ(kDocument[statement.begin], '{');
    EXPECT_EQ(kDocument[statement.end - 1], '}');
  }
  const TextPosition second = PositionOf(kDocument, statements[1].begin);
  EXPECT_EQ(second.line, 5);
  EXPECT_EQ(second.column, 4);
}

TEST(Statements, OneThatIsNoListIsOne) {
  EXPECT_EQ(StatementsOf(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"Version":"2012-10-17"})").size(), 1u);
  for (const char* text : {"", "[]", "{", "{}", R"({"Statement":[]})"}) EXPECT_TRUE(StatementsOf(text).empty()) << text;
}

TEST(ContextKeys, AreThoseOfConditionsAndVariables) {
  std::set<std::string> names;
  AddContextKeys(kDocument, names);
  EXPECT_EQ(names, (std::set<std::string>{"aws:PrincipalTag/x", "aws:Referer", "aws:SecureTransport", "aws:username"}));
}

TEST(Trust, HasPrincipalsAndActionsOfSts) {
  EXPECT_TRUE(ParseTrust(R"({"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}})"));
  for (const char* text : {"{}", R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"}]})",
                           R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]})",
                           R"({"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]})"}) {
    const auto policy = ParseTrust(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_TRUE(policy.error().IsService("MalformedPolicyDocumentException"));
  }
}

TEST(Sizes, AreWithoutWhiteSpace) {
  EXPECT_EQ(SizeOf("{ \"a\" :\n\t1 }\r"), 7u);
  EXPECT_EQ(Encoded("{\"a\": 1}"), "%7B%22a%22%3A%201%7D");
}

TEST(AwsPolicies, CanBeRead) {
  const AwsPolicies policies(UnknownPolicies::Missing);
  EXPECT_GT(policies.all().size(), 50u);
  for (const auto& [arn, row] : policies.all()) {
    EXPECT_TRUE(ParsePermissions(row->in_force().document)) << arn << row->in_force().document;
    EXPECT_EQ(arn, "arn:aws:iam::aws:policy" + row->path + row->name);
    EXPECT_EQ(row->id.size(), 21u);
  }
  EXPECT_FALSE(policies.Find("arn:aws:iam::aws:policy/Unknown"));
  EXPECT_TRUE(AwsPolicies(UnknownPolicies::Empty).Find("arn:aws:iam::aws:policy/Unknown"));
  EXPECT_FALSE(AwsPolicies(UnknownPolicies::Empty).Find("arn:aws:iam::111122223333:policy/Unknown"));
}

}  // namespace
}  // namespace mayfly::iam
