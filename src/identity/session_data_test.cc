// If these fail, a session loses what limits it, or takes over what another one has; or a sealed message can be read or made by others.
#include "identity/session_data.h"

#include <gtest/gtest.h>

#include "identity/sealed_message.h"
#include "identity/session_keys.h"

namespace mayfly::identity {
namespace {

constexpr const char* kSessionArn = "arn:aws:sts::111122223333:assumed-role/deploy/me";

SessionData SomeData() {
  SessionData data{.identity_id = "AROAEXAMPLE", .policy = R"({"Statement":[]})", .policy_arns = {"arn:aws:iam::aws:policy/ReadOnlyAccess"}};
  data.tags = {{"team", "blue"}, {"cost", ""}};
  data.transitive_tag_keys = {"team"};
  data.context_keys = {{"id.example.com:sub", "me"}};
  data.source_identity = "somebody";
  data.issued_seconds = 1'700'000'000;
  return data;
}

TEST(SessionData, IsWhatWasPacked) {
  EXPECT_EQ(Unpack(Pack(SomeData())), SomeData());
  EXPECT_EQ(Unpack(Pack(SessionData())), SessionData());
  for (const char* text : {"", "x", "no packed data"}) EXPECT_FALSE(Unpack(text)) << text;
}

TEST(SessionKeys, HoldWhatTheSessionHas) {
  SeededRandom random(1);
  SessionKeys keys(std::string(32, 'k'), random);
  const WallTime expires_at{std::chrono::seconds(2'000'000'000)};
  const AccessKey given = keys.IssueWith("111122223333", kSessionArn, expires_at, SomeData());
  EXPECT_FALSE(keys.Find(given.access_key_id));  // nobody has shown the token yet
  const auto opened = SessionKeys(std::string(32, 'k'), random).Open(given.access_key_id, given.session_token);  // of another life of the daemon
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->arn, kSessionArn);
  EXPECT_EQ(opened->expires_at, expires_at);
  EXPECT_EQ(opened->secret_access_key, given.secret_access_key);
  ASSERT_TRUE(opened->session);
  EXPECT_EQ(*opened->session, SomeData());
  ASSERT_TRUE(keys.Open(given.access_key_id, given.session_token));
  ASSERT_TRUE(keys.Find(given.access_key_id));
  EXPECT_EQ(*keys.Find(given.access_key_id)->data, SomeData());
}

TEST(SessionKeys, RememberThoseWithoutDataToo) {
  SeededRandom random(1);
  SessionKeys keys(std::string(32, 'k'), random);
  const AccessKey given = keys.Issue("111122223333", kSessionArn, WallTime(std::chrono::seconds(2'000'000'000)), KeyReach::Everywhere);
  ASSERT_TRUE(keys.Open(given.access_key_id, given.session_token));
  ASSERT_TRUE(keys.Find(given.access_key_id));
  EXPECT_FALSE(keys.Find(given.access_key_id)->data);
}

TEST(SealedMessage, IsReadByTheKeyAlone) {
  SeededRandom random(1);
  const std::string key(32, 'k');
  const std::string sealed = SealMessage(key, R"({"allowed":false})", random);
  EXPECT_EQ(OpenMessage(key, sealed), R"({"allowed":false})");
  EXPECT_FALSE(OpenMessage(std::string(32, 'x'), sealed));
  std::string changed = sealed;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(OpenMessage(key, changed));
  EXPECT_FALSE(OpenMessage(key, "x"));
}

}  // namespace
}  // namespace mayfly::identity
