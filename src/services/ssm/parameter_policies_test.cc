// If these fail, a parameter expires when it should not, or nobody is told before it does.
#include "services/ssm/parameter_policies.h"

#include <gtest/gtest.h>

namespace mayfly::ssm {
namespace {

constexpr WallTime kMade{std::chrono::seconds(1'700'000'000)};

std::string WhyNot(std::string_view text) {
  const auto read = ReadPolicies(text, kMade);
  return read ? "" : read.error().code;
}

TEST(ParameterPolicies, AreReadWithTheirTimes) {
  const auto read = ReadPolicies(R"([{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2024-01-02T00:00:00.000Z"}},
    {"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"1","Unit":"Days"}},
    {"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"2","Unit":"Hours"}}])", kMade);
  ASSERT_TRUE(read) << read.error().ToString();
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ(FormatIso8601((*read)[0].due), "2024-01-02T00:00:00.000Z");
  EXPECT_EQ(FormatIso8601((*read)[1].due), "2024-01-01T00:00:00.000Z");
  EXPECT_EQ((*read)[2].due, kMade + std::chrono::hours(2));
  EXPECT_TRUE(ReadPolicies("", kMade)->empty());
  EXPECT_TRUE(ReadPolicies("[]", kMade)->empty());
}

TEST(ParameterPolicies, ThoseThatAreNoneAreTold) {
  EXPECT_EQ(WhyNot("{}"), "InvalidPolicyAttributeException");
  EXPECT_EQ(WhyNot(R"([{"Type":"Other","Attributes":{}}])"), "InvalidPolicyTypeException");
  EXPECT_EQ(WhyNot(R"([{"Type":"Expiration","Attributes":{"Timestamp":"tomorrow"}}])"), "InvalidPolicyAttributeException");
  EXPECT_EQ(WhyNot(R"([{"Type":"NoChangeNotification","Attributes":{"After":"0","Unit":"Days"}}])"), "InvalidPolicyAttributeException");
  EXPECT_EQ(WhyNot(R"([{"Type":"ExpirationNotification","Attributes":{"Before":"1","Unit":"Days"}}])"), "IncompatiblePolicyException");
  const std::string one = R"({"Type":"Expiration","Attributes":{"Timestamp":"2024-01-02T00:00:00Z"}})";
  EXPECT_EQ(WhyNot('[' + one + ',' + one + ']'), "IncompatiblePolicyException");
  std::string many = "[";
  for (int i = 0; i < 11; ++i) many += R"({"Type":"NoChangeNotification","Attributes":{"After":"1","Unit":"Days"}},)";
  many.back() = ']';
  EXPECT_EQ(WhyNot(many), "PoliciesLimitExceededException");
}

}  // namespace
}  // namespace mayfly::ssm
