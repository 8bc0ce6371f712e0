// If these fail, a condition holds where AWS's does not, or the other way round.
#include "identity/policy_condition.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "identity/policy.h"

namespace mayfly::identity {
namespace {

struct ConditionCase {
  std::string_view condition;
  std::vector<std::pair<std::string_view, std::string_view>> keys;
  bool holds;
};

void Check(std::initializer_list<ConditionCase> cases) {
  for (const ConditionCase& c : cases) {
    const std::string document = fmt::format(
        R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{}}}]}})", c.condition);
    ConditionKeys keys;
    for (const auto& [name, value] : c.keys) keys.Add(name, value);
    const auto policy = Policy::Parse(document, Policy::Kind::Resource);
    ASSERT_TRUE(policy) << document << "\n" << policy.error().message;
    std::string shown;
    for (const auto& [name, value] : c.keys) shown += fmt::format(" {}={}", name, value);
    EXPECT_EQ((*policy)->Evaluate({RequestPrincipal::Anonymous(), "a:B", "*", keys}).type == DecisionType::Allow, c.holds) << c.condition << shown;
  }
}

TEST(PolicyConditionTest, Strings) {
  Check({
      {R"({"StringEquals":{"aws:x":"a"}})", {{"aws:x", "a"}}, true},
      {R"({"StringEquals":{"AWS:X":"a"}})", {{"aws:x", "a"}}, true},
      {R"({"StringEquals":{"aws:x":"a"}})", {{"aws:x", "A"}}, false},
      {R"({"StringEquals":{"aws:x":["a","b"]}})", {{"aws:x", "b"}}, true},
      {R"({"StringEquals":{"aws:x":"a*"}})", {{"aws:x", "ab"}}, false},
      {R"({"StringEquals":{"aws:x":"a*"}})", {{"aws:x", "a*"}}, true},
      {R"({"StringEquals":{"aws:x":"a"}})", {}, false},
      {R"({"StringEquals":{"aws:x":[]}})", {{"aws:x", "a"}}, false},
      {R"({"StringNotEquals":{"aws:x":"a"}})", {{"aws:x", "b"}}, true},
      {R"({"StringNotEquals":{"aws:x":"a"}})", {{"aws:x", "a"}}, false},
      {R"({"StringNotEquals":{"aws:x":["a","b"]}})", {{"aws:x", "b"}}, false},
      {R"({"StringNotEquals":{"aws:x":"a"}})", {}, true},
      {R"({"StringEqualsIgnoreCase":{"aws:x":"aB"}})", {{"aws:x", "Ab"}}, true},
      {R"({"StringNotEqualsIgnoreCase":{"aws:x":"aB"}})", {{"aws:x", "Ab"}}, false},
      {R"({"StringLike":{"aws:x":"a*?"}})", {{"aws:x", "abc"}}, true},
      {R"({"StringLike":{"aws:x":"a*?"}})", {{"aws:x", "a"}}, false},
      {R"({"StringNotLike":{"aws:x":"a*"}})", {{"aws:x", "b"}}, true},
      {R"({"StringNotLike":{"aws:x":"a*"}})", {}, true},
      {R"({"StringEquals":{"aws:x":5}})", {{"aws:x", "5"}}, true},
      {R"({"StringEquals":{"aws:x":"a","aws:y":"b"}})", {{"aws:x", "a"}}, false},
      {R"({"StringEquals":{"aws:x":"a","aws:y":"b"}})", {{"aws:x", "a"}, {"aws:y", "b"}}, true},
      {R"({"StringEquals":{"aws:x":"a"},"StringLike":{"aws:y":"b*"}})", {{"aws:x", "a"}, {"aws:y", "c"}}, false},
  });
}

TEST(PolicyConditionTest, Numbers) {
  Check({
      {R"({"NumericEquals":{"s3:max-keys":"10"}})", {{"s3:max-keys", "10.0"}}, true},
      {R"({"NumericEquals":{"s3:max-keys":10}})", {{"s3:max-keys", "11"}}, false},
      {R"({"NumericNotEquals":{"s3:max-keys":"10"}})", {{"s3:max-keys", "11"}}, true},
      {R"({"NumericNotEquals":{"s3:max-keys":"10"}})", {}, true},
      {R"({"NumericLessThan":{"s3:max-keys":"10"}})", {{"s3:max-keys", "9.5"}}, true},
      {R"({"NumericLessThan":{"s3:max-keys":"10"}})", {{"s3:max-keys", "10"}}, false},
      {R"({"NumericLessThanEquals":{"s3:max-keys":"10"}})", {{"s3:max-keys", "10"}}, true},
      {R"({"NumericGreaterThan":{"s3:max-keys":"-1"}})", {{"s3:max-keys", "0"}}, true},
      {R"({"NumericGreaterThanEquals":{"s3:max-keys":"1e2"}})", {{"s3:max-keys", "99"}}, false},
      {R"({"NumericLessThan":{"s3:max-keys":"10"}})", {{"s3:max-keys", "many"}}, false},
      {R"({"NumericLessThan":{"s3:max-keys":"10"}})", {{"s3:max-keys", "-inf"}}, false},
      {R"({"NumericLessThan":{"s3:max-keys":"10"}})", {}, false},
      {R"({"NumericLessThanIfExists":{"s3:max-keys":"10"}})", {}, true},
  });
}

TEST(PolicyConditionTest, Dates) {
  Check({
      {R"({"DateGreaterThan":{"aws:CurrentTime":"2026-01-31T12:00:00Z"}})", {{"aws:CurrentTime", "2026-01-31T12:00:00.001Z"}}, true},
      {R"({"DateGreaterThan":{"aws:CurrentTime":"2026-01-31T12:00:00Z"}})", {{"aws:CurrentTime", "2026-01-31T12:00:00Z"}}, false},
      {R"({"DateGreaterThanEquals":{"aws:CurrentTime":"2026-01-31T12:00:00Z"}})", {{"aws:CurrentTime", "2026-01-31T12:00:00Z"}}, true},
      {R"({"DateLessThan":{"aws:CurrentTime":"2026-02-01"}})", {{"aws:CurrentTime", "2026-01-31T23:59:59Z"}}, true},
      {R"({"DateLessThanEquals":{"aws:CurrentTime":"2026-01-31T14:00+02:00"}})", {{"aws:CurrentTime", "2026-01-31T12:00:00Z"}}, true},
      {R"({"DateEquals":{"aws:EpochTime":"1769860800"}})", {{"aws:EpochTime", "2026-01-31T12:00:00Z"}}, true},
      {R"({"DateEquals":{"aws:EpochTime":1769860800}})", {{"aws:EpochTime", "1769860800"}}, true},
      {R"({"DateNotEquals":{"aws:CurrentTime":"2026"}})", {{"aws:CurrentTime", "2026-01-01T00:00:00Z"}}, false},
      {R"({"DateNotEquals":{"aws:CurrentTime":"2026"}})", {}, true},
      {R"({"DateLessThan":{"aws:CurrentTime":"2026"}})", {{"aws:CurrentTime", "yesterday"}}, false},
  });
  for (const std::string_view wrong : {"", "2026-13", "2026-02-30", "2026-01-31T", "2026-01-31T25:00Z", "2026-01-31T12:00:00+", "2026-1-1", "2026-01-31Z", "2026-01-31T12Z"}) {
    EXPECT_FALSE(ParsePolicyDate(wrong)) << wrong;
  }
}

TEST(PolicyConditionTest, BooleansAndBytes) {
  Check({
      {R"({"Bool":{"aws:SecureTransport":"true"}})", {{"aws:SecureTransport", "true"}}, true},
      {R"({"Bool":{"aws:SecureTransport":true}})", {{"aws:SecureTransport", "TRUE"}}, true},
      {R"({"Bool":{"aws:SecureTransport":"true"}})", {{"aws:SecureTransport", "false"}}, false},
      {R"({"Bool":{"aws:SecureTransport":"false"}})", {}, false},
      {R"({"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}})", {}, true},
      {R"({"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}})", {{"aws:MultiFactorAuthPresent", "false"}}, false},
      {R"({"BinaryEquals":{"kms:x":"QmluYXJ5"}})", {{"kms:x", "QmluYXJ5"}}, true},
      {R"({"BinaryEquals":{"kms:x":"QmluYXJ5"}})", {{"kms:x", "QmluYXJ6"}}, false},
      {R"({"BinaryEquals":{"kms:x":"QmluYXJ5"}})", {{"kms:x", "?"}}, false},
  });
}

TEST(PolicyConditionTest, Addresses) {
  Check({
      {R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}})", {{"aws:SourceIp", "203.0.113.255"}}, true},
      {R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}})", {{"aws:SourceIp", "203.0.114.0"}}, false},
      {R"({"IpAddress":{"aws:SourceIp":"203.0.113.0/25"}})", {{"aws:SourceIp", "203.0.113.128"}}, false},
      {R"({"IpAddress":{"aws:SourceIp":"203.0.113.7"}})", {{"aws:SourceIp", "203.0.113.7"}}, true},
      {R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}})", {{"aws:SourceIp", "10.1.2.3"}}, true},
      {R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}})", {{"aws:SourceIp", "2001:db8::1"}}, false},
      {R"({"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8:1234::/48"]}})", {{"aws:SourceIp", "2001:db8:1234:5::1"}}, true},
      {R"({"IpAddress":{"aws:SourceIp":"2001:db8:1234::/48"}})", {{"aws:SourceIp", "2001:db8:1235::1"}}, false},
      {R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {{"aws:SourceIp", "::ffff:10.1.1.1"}}, true},
      {R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {}, false},
      {R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {{"aws:SourceIp", std::string("10.1.1.1\0x", 10)}}, false},
      {R"({"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {{"aws:SourceIp", "10.1.1.1"}}, false},
      {R"({"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {{"aws:SourceIp", "11.1.1.1"}}, true},
      {R"({"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}})", {}, true},
  });
}

TEST(PolicyConditionTest, Arns) {
  Check({
      {R"({"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}})", {{"aws:SourceArn", "arn:aws:s3:::bucket"}}, true},
      {R"({"ArnEquals":{"AWS:SourceArn":"arn:aws:s3:::b*"}})", {{"aws:SourceArn", "arn:aws:s3:::bucket"}}, true},
      {R"({"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:1:abc/*/GET/x"}})",
       {{"aws:SourceArn", "arn:aws:execute-api:us-east-1:1:abc/prod/v1/GET/x"}}, true},
      {R"({"ArnLike":{"AWS:SourceArn":"arn:aws:sns:*:1:t"}})", {{"aws:SourceArn", "arn:aws:sns:us-east-1:1:t"}}, true},
      {R"({"ArnLike":{"AWS:SourceArn":"arn:aws:sns:*:t"}})", {{"aws:SourceArn", "arn:aws:sns:us-east-1:1:t"}}, false},
      {R"({"ArnLike":{"AWS:SourceArn":"*"}})", {{"aws:SourceArn", "arn:aws:sns:us-east-1:1:t"}}, false},
      {R"({"ArnLike":{"AWS:SourceArn":"arn:aws:sns:us-east-1:1:t"}})", {{"aws:SourceArn", "t"}}, false},
      {R"({"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}})", {}, false},
      {R"({"ArnNotLike":{"AWS:SourceArn":"arn:aws:s3:::b*"}})", {{"aws:SourceArn", "arn:aws:s3:::bucket"}}, false},
      {R"({"ArnNotEquals":{"AWS:SourceArn":"arn:aws:s3:::other"}})", {{"aws:SourceArn", "arn:aws:s3:::bucket"}}, true},
      {R"({"ArnNotLike":{"AWS:SourceArn":"arn:aws:s3:::b*"}})", {}, true},
  });
}

TEST(PolicyConditionTest, NullAndIfExists) {
  Check({
      {R"({"Null":{"aws:TokenIssueTime":"true"}})", {}, true},
      {R"({"Null":{"aws:TokenIssueTime":"true"}})", {{"aws:TokenIssueTime", "x"}}, false},
      {R"({"Null":{"aws:TokenIssueTime":"false"}})", {}, false},
      {R"({"Null":{"aws:TokenIssueTime":false}})", {{"aws:TokenIssueTime", ""}}, true},
      {R"({"StringEqualsIfExists":{"aws:x":"a"}})", {}, true},
      {R"({"StringEqualsIfExists":{"aws:x":"a"}})", {{"aws:x", "b"}}, false},
      {R"({"StringNotLikeIfExists":{"aws:x":"a*"}})", {{"aws:x", "ab"}}, false},
      {R"({"ArnLikeIfExists":{"aws:SourceArn":"arn:aws:s3:::b"}})", {}, true},
  });
}

TEST(PolicyConditionTest, SetsOfValues) {
  Check({
      {R"({"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}})", {{"aws:TagKeys", "a"}, {"aws:TagKeys", "b"}}, true},
      {R"({"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}})", {{"aws:TagKeys", "a"}, {"aws:TagKeys", "c"}}, false},
      {R"({"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}})", {}, true},
      {R"({"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}})", {{"aws:TagKeys", "c"}, {"aws:TagKeys", "b"}}, true},
      {R"({"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}})", {{"aws:TagKeys", "c"}}, false},
      {R"({"ForAnyValue:StringEquals":{"aws:TagKeys":["a"]}})", {}, false},
      {R"({"ForAllValues:StringNotEquals":{"aws:TagKeys":["a"]}})", {{"aws:TagKeys", "b"}, {"aws:TagKeys", "a"}}, false},
      {R"({"ForAllValues:StringNotEquals":{"aws:TagKeys":["a"]}})", {}, true},
      {R"({"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}})", {{"aws:TagKeys", "b"}, {"aws:TagKeys", "a"}}, true},
      {R"({"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}})", {}, false},
      {R"({"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/*"}})", {{"aws:PrincipalOrgPaths", "o-1/r-2/"}}, true},
      {R"({"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":["a"]}})", {}, true},
      // Without a set operator.
      {R"({"StringEquals":{"aws:TagKeys":"a"}})", {{"aws:TagKeys", "b"}, {"aws:TagKeys", "a"}}, true},
      {R"({"StringNotEquals":{"aws:TagKeys":"a"}})", {{"aws:TagKeys", "b"}, {"aws:TagKeys", "a"}}, false},
  });
}

}  // namespace
}  // namespace mayfly::identity
