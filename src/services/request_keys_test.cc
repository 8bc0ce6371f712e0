// If these fail, policies do not see what a request is about: its tags, its own condition keys, the roles that it hands on, its resource.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/sim_loop.h"
#include "services/call_desk.h"
#include "services/call_parameters.h"
#include "services/member_texts.h"
#include "services/passed_roles.h"
#include "services/request_keys.h"
#include "services/resource_templates.h"

namespace mayfly::services {
namespace {

using wire::kFieldOps;
using wire::kListOps;
using wire::kMapOps;
using wire::Kind;

struct FakeTarget {
  std::string role_arn;
};
struct FakeTag {
  std::string key, value;
};
struct FakeRequest {
  std::optional<std::string> name;
  std::optional<std::string> resource_arn;
  std::optional<std::string> protocol;
  std::optional<std::string> secret;
  std::optional<FakeTarget> target;
  std::optional<wire::Map<std::string>> tags;
  std::optional<std::vector<std::string>> tag_keys;
};

const wire::Shape kText{.kind = Kind::String};
const wire::Shape kSecretText{.kind = Kind::String, .sensitive = true};
const wire::Member kTargetMembers[] = {{.name = "RoleArn", .shape = &kText, .field = &kFieldOps<std::string>, .offset = offsetof(FakeTarget, role_arn)}};
const wire::Structure kTarget{"Target", kTargetMembers, &wire::MakeObject<FakeTarget>, &wire::DestroyObject<FakeTarget>};
const wire::Shape kTargetShape{.kind = Kind::Structure, .structure = &kTarget};
const wire::Shape kTagsShape{.kind = Kind::Map, .element = &kText, .key = &kText, .map = &kMapOps<std::string>};
const wire::Shape kTextsShape{.kind = Kind::List, .element = &kText, .list = &kListOps<std::string>};
const wire::Member kMembers[] = {
    {.name = "Name", .shape = &kText, .field = &kFieldOps<std::optional<std::string>>, .offset = offsetof(FakeRequest, name)},
    {.name = "ResourceArn", .shape = &kText, .field = &kFieldOps<std::optional<std::string>>, .offset = offsetof(FakeRequest, resource_arn)},
    {.name = "Protocol", .shape = &kText, .field = &kFieldOps<std::optional<std::string>>, .offset = offsetof(FakeRequest, protocol)},
    {.name = "Secret", .shape = &kSecretText, .field = &kFieldOps<std::optional<std::string>>, .offset = offsetof(FakeRequest, secret)},
    {.name = "Target", .shape = &kTargetShape, .field = &kFieldOps<std::optional<FakeTarget>>, .offset = offsetof(FakeRequest, target)},
    {.name = "Tags", .shape = &kTagsShape, .field = &kFieldOps<std::optional<wire::Map<std::string>>>, .offset = offsetof(FakeRequest, tags)},
    {.name = "TagKeys", .shape = &kTextsShape, .field = &kFieldOps<std::optional<std::vector<std::string>>>, .offset = offsetof(FakeRequest, tag_keys)},
};
const wire::Structure kRequest{"FakeRequest", kMembers, &wire::MakeObject<FakeRequest>, &wire::DestroyObject<FakeRequest>};

using TextPairs = std::initializer_list<std::pair<const char*, const char*>>;
wire::Map<std::string> Tags(TextPairs pairs) {
  wire::Map<std::string> tags;
  for (const auto& [key, value] : pairs) tags.emplace_back(key, value);
  return tags;
}

class RequestKeysTest : public ::testing::Test {
 protected:
  FakeRequest& request() { return *static_cast<FakeRequest*>(message_.get()); }
  std::string KeysOf(std::string_view action) {
    identity::ConditionKeys keys;
    AddRequestKeys({.name = "X", .action = action}, message_, keys);
    std::string text;
    for (const auto& [name, values] : keys.all()) {
      text += name + "=";
      for (const std::string& value : values) text += value + ",";
      text += " ";
    }
    return text;
  }

  wire::Message message_{&kRequest};
};

TEST_F(RequestKeysTest, TagsOfAnyServiceAndItsOwnKeys) {
  request().tags = Tags({{"team", "red"}, {"cost", "7"}});
  request().protocol = "sqs";
  EXPECT_EQ(KeysOf("sns:Subscribe"), "aws:RequestTag/team=red, aws:TagKeys=team,cost, aws:RequestTag/cost=7, sns:Protocol=sqs, ");
  request() = {};
  request().tag_keys = std::vector<std::string>{"a", "b"};
  request().protocol = "sqs";
  EXPECT_EQ(KeysOf("sqs:UntagQueue"), "aws:TagKeys=a,b, ");
}

TEST_F(RequestKeysTest, RolesThatAreHandedOn) {
  request().target = FakeTarget{"arn:aws:iam::111111111111:role/r"};
  const auto passed = [&](std::string_view action) {
    std::string text;
    const auto checked = CheckPassedRoles({.name = "X", .action = action}, message_, [&](std::string_view role, std::string_view service) -> Result<> {
      text += std::string(role) + " to " + std::string(service);
      return {};
    });
    EXPECT_TRUE(checked);
    return text;
  };
  EXPECT_EQ(passed("scheduler:CreateSchedule"), "arn:aws:iam::111111111111:role/r to scheduler.amazonaws.com");
  EXPECT_EQ(passed("scheduler:GetSchedule"), "");
  EXPECT_FALSE(CheckPassedRoles({.name = "X", .action = "scheduler:UpdateSchedule"}, message_, [](std::string_view, std::string_view) -> Result<> { return Fail(Error::Service("No", "")); }));
}

TEST_F(RequestKeysTest, ResourcesByTemplate) {
  constexpr ResourceTemplate kTemplates[] = {
      {"thing", "{ResourceArn}"},
      {"thing", "arn:{partition}:x:{region}:{account}:thing/{Protocol|=default}/{Name}"},
  };
  SimLoop loop;
  Context ctx(loop);
  ctx.principal.account_id = "111111111111";
  ctx.principal.region = "eu-west-1";
  const auto resource = [&](std::string_view kind) { return ResourceOf(kTemplates, ctx, {.name = "X", .action = "x:X", .resource = kind}, message_); };
  EXPECT_EQ(resource("thing"), "arn:aws:x:eu-west-1:111111111111:thing/default/*");
  request().name = "n";
  EXPECT_EQ(resource("thing"), "arn:aws:x:eu-west-1:111111111111:thing/default/n");
  request().protocol = "p";
  EXPECT_EQ(resource("thing"), "arn:aws:x:eu-west-1:111111111111:thing/p/n");
  request().name = "arn:aws:x:eu-west-1:222222222222:thing/theirs";
  EXPECT_EQ(resource("thing"), "arn:aws:x:eu-west-1:222222222222:thing/theirs");
  request().resource_arn = "arn:given";
  EXPECT_EQ(resource("thing"), "arn:given");
  EXPECT_EQ(resource("any"), "*");
}

TEST_F(RequestKeysTest, ParametersForTheTrailHaveNoSecrets) {
  EXPECT_EQ(ParametersOf(message_), "");
  request().name = "n\"";
  request().secret = "hunter2";
  request().tags = Tags({{"a", "b"}});
  request().tag_keys = std::vector<std::string>{"k"};
  EXPECT_EQ(ParametersOf(message_), R"({"name":"n\"","secret":"HIDDEN_DUE_TO_SECURITY_REASONS","tags":{"a":"b"},"tagKeys":["k"]})");
  request().name = std::string(kParametersBytesMax, 'x');
  EXPECT_EQ(ParametersOf(message_), "");
}

TEST(CallDeskTest, WhatOnlyLooks) {
  for (const std::string_view name : {"GetFunction", "ListQueues", "DescribeVpcs", "HeadBucket", "BatchGetSecretValue", "SimulatePrincipalPolicy"}) EXPECT_TRUE(IsReadOnly(name)) << name;
  for (const std::string_view name : {"CreateFunction", "PutObject", "DeleteTopic", "SetQueueAttributes", "AssumeRole"}) EXPECT_FALSE(IsReadOnly(name)) << name;
}

}  // namespace
}  // namespace mayfly::services
