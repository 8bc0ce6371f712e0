// If these fail, a secret has two current versions, or none, or forgets one that is in use.
#include "services/secretsmanager/secret_stages.h"

#include <gtest/gtest.h>

namespace mayfly::secretsmanager {
namespace {

SecretRow Of(std::initializer_list<const char*> ids) {
  SecretRow secret;
  for (const char* id : ids) secret.versions.push_back({.id = id});
  return secret;
}

// "1:AWSPREVIOUS 2:AWSCURRENT "
std::string Show(const SecretRow& secret) {
  std::string text;
  for (const SecretVersion& version : secret.versions) {
    for (const std::string& stage : version.stages) text += version.id + ':' + stage + ' ';
  }
  return text;
}

TEST(SecretStages, WhereCurrentLeavesPreviousComes) {
  SecretRow secret = Of({"1", "2", "3"});
  ASSERT_TRUE(GiveStages(secret, "1", {"AWSCURRENT", "mine"}));
  ASSERT_TRUE(GiveStages(secret, "2", {"AWSCURRENT"}));
  EXPECT_EQ(Show(secret), "1:mine 1:AWSPREVIOUS 2:AWSCURRENT ");
  ASSERT_TRUE(GiveStages(secret, "3", {"AWSCURRENT", "mine"}));
  EXPECT_EQ(Show(secret), "2:AWSPREVIOUS 3:AWSCURRENT 3:mine ");
  ASSERT_TRUE(GiveStages(secret, "3", {"AWSCURRENT"})) << "which it is already";
  EXPECT_EQ(Show(secret), "2:AWSPREVIOUS 3:mine 3:AWSCURRENT ");
}

TEST(SecretStages, AMoveSaysFromWhere) {
  SecretRow secret = Of({"1", "2"});
  ASSERT_TRUE(GiveStages(secret, "1", {"AWSCURRENT", "mine"}));
  EXPECT_EQ(MoveStage(secret, {.stage = "mine", .from = {}, .to = "2"}).error().code, "InvalidParameterException");
  EXPECT_EQ(MoveStage(secret, {.stage = "mine", .from = "2", .to = "1"}).error().code, "InvalidParameterException");
  EXPECT_EQ(MoveStage(secret, {.stage = "mine", .from = "1", .to = "9"}).error().code, "ResourceNotFoundException");
  EXPECT_EQ(MoveStage(secret, {.stage = "AWSCURRENT", .from = "1", .to = {}}).error().code, "InvalidParameterException");
  ASSERT_TRUE(MoveStage(secret, {.stage = "mine", .from = "1", .to = {}}));
  ASSERT_TRUE(MoveStage(secret, {.stage = "AWSCURRENT", .from = "1", .to = "2"}));
  EXPECT_EQ(Show(secret), "1:AWSPREVIOUS 2:AWSCURRENT ");
}

TEST(SecretStages, TheOldestWithoutAStageMakesRoom) {
  SecretRow secret;
  for (size_t i = 0; i < kVersionsMax; ++i) secret.versions.push_back({.id = std::to_string(i), .stages = {}});
  secret.versions[0].stages = {"kept"};
  EXPECT_EQ(*MakeRoom(secret), std::vector<std::string>{"1"});
  EXPECT_EQ(secret.versions.size(), kVersionsMax - 1);
  EXPECT_TRUE(MakeRoom(secret)->empty());
  for (SecretVersion& version : secret.versions) version.stages = {"all"};
  secret.versions.push_back({.id = "more", .stages = {"all"}});
  EXPECT_EQ(MakeRoom(secret).error().code, "LimitExceededException");
}

}  // namespace
}  // namespace mayfly::secretsmanager
