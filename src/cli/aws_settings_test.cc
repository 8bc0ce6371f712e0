// If these fail, the command calls as somebody else than AWS's clients would, or not at all.
#include "cli/aws_settings.h"

#include <gtest/gtest.h>

#include <map>

namespace mayfly::cli {
namespace {

constexpr std::string_view kCredentials = R"(# mine
[default]
aws_access_key_id = DEFAULTKEY
aws_secret_access_key=default/secret=
[work]
aws_access_key_id=WORKKEY
aws_secret_access_key=work
aws_session_token = token
)";
constexpr std::string_view kConfig = "[default]\nregion = eu-west-1\n[profile work]\nregion=us-west-2\n[profile half]\naws_access_key_id=ONLY\n";

AwsSettings Read(std::map<std::string, std::string> variables) {
  variables.try_emplace("HOME", "/home/me");
  return ReadAwsSettings(
      [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
      },
      [](const std::string& path) -> Result<std::string> {
        if (path == "/home/me/.aws/credentials") return std::string(kCredentials);
        if (path == "/home/me/.aws/config") return std::string(kConfig);
        return Fail(Error::Fault("no such file"));
      });
}

TEST(AwsSettings, VariablesComeFirst) {
  const AwsSettings settings = Read({{"AWS_ACCESS_KEY_ID", "KEY"}, {"AWS_SECRET_ACCESS_KEY", "secret"}, {"AWS_DEFAULT_REGION", "ap-south-1"}});
  ASSERT_TRUE(settings.identity);
  EXPECT_EQ(settings.identity->access_key_id, "KEY");
  EXPECT_EQ(settings.identity->session_token, "");
  EXPECT_EQ(settings.region, "ap-south-1");
}

TEST(AwsSettings, ThenTheProfile) {
  const AwsSettings usual = Read({});
  ASSERT_TRUE(usual.identity);
  EXPECT_EQ(usual.identity->access_key_id, "DEFAULTKEY");
  EXPECT_EQ(usual.identity->secret_access_key, "default/secret=");
  EXPECT_EQ(usual.region, "eu-west-1");
  const AwsSettings work = Read({{"AWS_PROFILE", "work"}});
  EXPECT_EQ(work.identity->session_token, "token");
  EXPECT_EQ(work.region, "us-west-2");
}

TEST(AwsSettings, HalfAnIdentityIsNone) {
  EXPECT_FALSE(Read({{"AWS_PROFILE", "half"}}).identity);
  EXPECT_FALSE(Read({{"AWS_PROFILE", "absent"}}).identity);
  EXPECT_FALSE(Read({{"HOME", "/elsewhere"}, {"AWS_ACCESS_KEY_ID", "KEY"}}).identity);
}

}  // namespace
}  // namespace mayfly::cli
