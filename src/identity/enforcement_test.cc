// If these fail, a mode of --iam refuses what it should let pass, or the other way round, or what was noted of it is wrong.
#include "identity/enforcement.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/files.h"
#include "base/sim_loop.h"
#include "identity/access_control.h"
#include "identity/policy_writer.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kOwner = "111111111111";
const Principal kWorker{.account_id = "111111111111", .region = "us-east-1", .access_key_id = "ASIA1", .arn = "arn:aws:sts::111111111111:assumed-role/work/f"};
const Principal kOwnRoot{.account_id = "111111111111", .region = "us-east-1", .access_key_id = "AKIA1", .arn = "arn:aws:iam::111111111111:root"};

PolicyPointer IdentityPolicy(std::string_view statements) {
  return Policy::Parse(fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statements), Policy::Kind::Identity).value();
}

class FakePolicies final : public PrincipalPolicies {
 public:
  std::shared_ptr<const PrincipalAccess> Find(std::string_view, std::string_view arn, std::string_view) const override {
    ++asked;
    const auto found = all.find(arn);
    return found == all.end() ? nullptr : found->second;
  }
  void Give(const Principal& principal, std::string_view statements) {
    all[principal.arn] = std::make_shared<PrincipalAccess>(PrincipalAccess{.identity = {IdentityPolicy(statements)}, .keys = {{"aws:PrincipalTag/team", "red"}}});
  }

  std::map<std::string, std::shared_ptr<const PrincipalAccess>, std::less<>> all{
      {kOwnRoot.arn, std::make_shared<PrincipalAccess>(PrincipalAccess{.is_root = true})}};
  mutable int asked = 0;
};

class EnforcementTest : public ::testing::Test {
 protected:
  Enforcement& In(IamMode mode) {
    enforcement_.emplace(mode, calls_, log_, loop_);
    enforcement_->Bind(&policies_, nullptr);
    control_.emplace(*enforcement_, loop_);
    return *enforcement_;
  }
  std::string Ask(const Principal& principal, std::string_view action, std::string_view resource = "arn:aws:sqs:us-east-1:111111111111:q", std::string_view owner = kOwner) {
    const auto asked = control_->Authorize(RequestPrincipal::Of(principal), action, {.arn = resource, .owner_account_id = owner, .region = "us-east-1"}, {});
    return asked ? std::string() : asked.error().message;
  }

  SimLoop loop_;
  Calls calls_;
  DecisionLog log_;
  FakePolicies policies_;
  std::optional<Enforcement> enforcement_;
  std::optional<AccessControl> control_;
};

TEST_F(EnforcementTest, OpenAsksNobody) {
  EXPECT_TRUE(In(IamMode::Open).IsAdministrator(RequestPrincipal::Of(kWorker)));
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"), "");
  EXPECT_EQ(log_.size(), 0U);
  EXPECT_EQ(policies_.asked, 0);
}

TEST_F(EnforcementTest, NothingIsEnforcedUntilSomebodySaysWhoHasWhichPolicies) {
  In(IamMode::Strict).Bind(nullptr, nullptr);
  EXPECT_EQ(enforcement_->mode(), IamMode::Open);
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"), "");
}

TEST_F(EnforcementTest, SoftLetsPassWhatOpenLetsPassAndNotesTheRest) {
  In(IamMode::Soft);
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"sqs:Receive*","Resource":"*"})");
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"), "");
  EXPECT_EQ(Ask(kWorker, "sqs:ReceiveMessage"), "");
  EXPECT_NE(Ask(kWorker, "sqs:SendMessage", "arn:aws:sqs:us-east-1:222222222222:q", "222222222222"), "");
  const auto noted = log_.Of(kOwner, "");
  ASSERT_EQ(noted.size(), 2U);
  EXPECT_EQ(noted[0].action, "sqs:ReceiveMessage");
  EXPECT_EQ(noted[0].type, DecisionType::Allow);
  EXPECT_EQ(noted[1].action, "sqs:SendMessage");
  EXPECT_EQ(noted[1].type, DecisionType::ImplicitDeny);
}

TEST_F(EnforcementTest, StrictRefusesWhatNoPolicyAllows) {
  EXPECT_FALSE(In(IamMode::Strict).IsAdministrator(RequestPrincipal::Of(kWorker)));
  EXPECT_TRUE(enforcement_->IsAdministrator(RequestPrincipal::Of(kOwnRoot)));
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"),
            "User: arn:aws:sts::111111111111:assumed-role/work/f is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:111111111111:q "
            "because no identity-based policy allows the sqs:SendMessage action");
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"sqs:*","Resource":"*"})");
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"), "");
  EXPECT_EQ(Ask(kWorker, "sts:GetCallerIdentity", "*"), "");
  policies_.Give(kWorker, R"({"Effect":"Deny","Action":"*","Resource":"*"})");
  EXPECT_EQ(Ask(kWorker, "sts:GetCallerIdentity", "*"), "");
  EXPECT_NE(Ask(kWorker, "sqs:SendMessage"), "") << "an older policy still counts";
}

TEST_F(EnforcementTest, WhatWasAllowedIsNotEvaluatedAgain) {
  In(IamMode::Strict);
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"sqs:*","Resource":"*"})");
  const auto principal = RequestPrincipal::Of(kWorker);
  const auto is_known = [&](std::string_view action) { return enforcement_->IsAllowedAnyway(principal, action, "arn:aws:sqs:us-east-1:111111111111:q", {}); };
  EXPECT_FALSE(is_known("sqs:SendMessage"));
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"), "");
  EXPECT_TRUE(is_known("sqs:SendMessage"));
  EXPECT_FALSE(is_known("sqs:ReceiveMessage"));
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}})");
  EXPECT_FALSE(is_known("sqs:SendMessage"));
  Call secure;
  secure.source_address = "203.0.113.7";
  secure.is_secure = true;
  const Calls::Place place = calls_.Begin(kWorker, secure);
  EXPECT_EQ(Ask(kWorker, "sqs:SendMessage"), "");
  EXPECT_FALSE(is_known("sqs:SendMessage")) << "a condition has a part in it";
}

TEST_F(EnforcementTest, ConditionsSeeTheCallAndThePrincipal) {
  In(IamMode::Strict);
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"sqs:CreateQueue","Resource":"*","Condition":{"StringEquals":
      {"aws:RequestTag/team":"${aws:PrincipalTag/team}"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}})");
  EXPECT_NE(Ask(kWorker, "sqs:CreateQueue"), "");
  Call call;
  call.source_address = "203.0.113.7";
  call.keys.Add("aws:RequestTag/team", "red");
  {
    const Calls::Place place = calls_.Begin(kWorker, call);
    EXPECT_EQ(Ask(kWorker, "sqs:CreateQueue"), "");
  }
  EXPECT_NE(Ask(kWorker, "sqs:CreateQueue"), "") << "the call is over";
}

TEST_F(EnforcementTest, PassingRoles) {
  In(IamMode::Strict);
  const auto principal = RequestPrincipal::Of(kWorker);
  const auto pass = [&](std::string_view role, std::string_view service) {
    const auto checked = enforcement_->CheckPassRole(principal, role, service);
    return checked ? std::string() : checked.error().message;
  };
  constexpr std::string_view kRole = "arn:aws:iam::111111111111:role/r";
  EXPECT_TRUE(pass(kRole, "lambda.amazonaws.com").ends_with("iam:PassRole on resource: arn:aws:iam::111111111111:role/r because no identity-based policy allows the iam:PassRole action"));
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}})");
  EXPECT_EQ(pass(kRole, "lambda.amazonaws.com"), "");
  EXPECT_NE(pass(kRole, "events.amazonaws.com"), "");
  EXPECT_EQ(pass("arn:aws:iam::222222222222:role/r", "lambda.amazonaws.com"), "Cross-account pass role is not allowed.");
  EXPECT_EQ(pass("no role", "lambda.amazonaws.com"), "");
}

TEST_F(EnforcementTest, TenThousandPoliciesOfOthersCostNothing) {
  In(IamMode::Strict);
  policies_.Give(kWorker, R"({"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"})");
  const auto measure = [&] {
    const std::clock_t begin = std::clock();
    for (int round = 0; round < 20'000; ++round) EXPECT_EQ(Ask(kWorker, "lambda:InvokeFunction"), "");
    return static_cast<double>(std::clock() - begin) * 1e6 / CLOCKS_PER_SEC / 20'000;
  };
  const double few = measure();
  for (int other = 0; other < 10'000; ++other) {
    Principal principal = kWorker;
    principal.arn = fmt::format("arn:aws:iam::111111111111:user/u{}", other);
    policies_.Give(principal, R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  }
  const double many = measure();
  RecordProperty("microseconds_few", fmt::format("{:.2f}", few));
  RecordProperty("microseconds_many", fmt::format("{:.2f}", many));
  fmt::print("a decision that is known: {:.2f} us, with 10,000 other policies {:.2f} us\n", few, many);
}

// --- what is noted -----------------------------------------------------------------------------------------------------------

class DecisionLogTest : public ::testing::Test {
 protected:
  DecisionLogTest() {
    char name[] = "/tmp/mayfly_decisions_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~DecisionLogTest() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/decisions.jsonl"; }
  static void Note(DecisionLog& log, std::string_view action, std::string_view resource, DecisionType type = DecisionType::Allow) {
    log.Note({.principal = kWorker.arn, .function_name = "f", .action = action, .resource = resource, .verdict = {.type = type}}, WallTime(std::chrono::seconds(1000)));
  }

  std::string folder_;
};

TEST_F(DecisionLogTest, SurvivesTheDaemonsBeingKilled) {
  {
    DecisionLog log;
    ASSERT_TRUE(log.Open(path()));
    Note(log, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:q");
    Note(log, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:q");
    Note(log, "s3:GetObject", "arn:aws:s3:::b/a/b/c", DecisionType::ImplicitDeny);
    EXPECT_EQ(log.Of(kOwner, "f").size(), 2U);
    EXPECT_EQ(log.Of("222222222222", "").size(), 0U);
    EXPECT_EQ(log.Of(kOwner, "g").size(), 0U);
  }
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  DecisionLog later;
  ASSERT_TRUE(later.Open(path()));
  const auto records = later.Of(kOwner, "");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].resource, "arn:aws:s3:::b/a/*");
  EXPECT_EQ(records[0].type, DecisionType::ImplicitDeny);
  EXPECT_EQ(ToEpochMillis(records[1].first_at), 1'000'000);
  ASSERT_TRUE(later.Clear());
  Note(later, "sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:111111111111:q");
  DecisionLog last;
  ASSERT_TRUE(last.Open(path()));
  EXPECT_EQ(last.size(), 1U);
}

TEST_F(DecisionLogTest, IsBounded) {
  DecisionLog log;
  for (int number = 0; number < 3000; ++number) Note(log, "sqs:SendMessage", fmt::format("arn:aws:sqs:us-east-1:111111111111:q{}", number));
  EXPECT_EQ(log.size(), DecisionLog::kResourcesOfActionMax + 1);
  for (int number = 0; number < 3000; ++number) Note(log, fmt::format("sqs:A{}", number), "*");
  EXPECT_EQ(log.size(), DecisionLog::kOfOneMax);
  EXPECT_GT(log.dropped(), 0U);
}

TEST_F(DecisionLogTest, PassesOverWhatCannotBeRead) {
  ASSERT_TRUE(WriteFileDurably(path(), "{\"principal\":\"a\"}\nno json\n{\"principal\":\"arn:aws:iam::111111111111:user/u\",\"action\":\"a:b\",\"resource\":\"*\",\"decision\":\"allowed\",\"by\":0}\n{\"cut"));
  DecisionLog log;
  ASSERT_TRUE(log.Open(path()));
  EXPECT_EQ(log.size(), 1U);
}

// --- the smallest policy -----------------------------------------------------------------------------------------------------

std::vector<DecisionRecord> Records(std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  std::vector<DecisionRecord> records;
  for (const auto& [action, resource] : all) records.push_back({.principal = kWorker.arn, .action = std::string(action), .resource = std::string(resource)});
  return records;
}

TEST(PolicyWriterTest, ActionsOnTheSameResourcesStandTogether) {
  const auto records = Records({{"sqs:SendMessage", "arn:q"}, {"sqs:ReceiveMessage", "arn:q"}, {"s3:GetObject", "arn:aws:s3:::b/x"}, {"s3:GetObject", "arn:aws:s3:::b/y"}, {"sqs:ListQueues", "*"}});
  EXPECT_EQ(json::Write(WritePolicy(records)),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/x","arn:aws:s3:::b/y"]},)"
            R"({"Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"},{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:SendMessage"],"Resource":"arn:q"}]})");
}

TEST(PolicyWriterTest, ManyResourcesBecomeWhatTheyHaveInCommon) {
  std::vector<DecisionRecord> records;
  for (int number = 0; number < 7; ++number) records.push_back({.principal = kWorker.arn, .action = "s3:GetObject", .resource = fmt::format("arn:aws:s3:::photos/{}.jpg", number)});
  EXPECT_EQ(json::Write(WritePolicy(records)), R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*"}]})");
  ASSERT_TRUE(Policy::Parse(json::Write(WritePolicy(records)), Policy::Kind::Identity));
}

TEST(PolicyWriterTest, HowARolesPoliciesDiffer) {
  const auto records = Records({{"sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:q"}, {"s3:GetObject", "arn:aws:s3:::b/x"}});
  const PolicyPointer policy = IdentityPolicy(R"({"Effect":"Allow","Action":["sqs:*","dynamodb:GetItem"],"Resource":"*"})");
  const PolicyDifference difference = Compare(records, {&policy, 1});
  EXPECT_EQ(difference.missing, std::vector<std::string>{"s3:GetObject on arn:aws:s3:::b/x"});
  EXPECT_EQ(difference.unused, std::vector<std::string>{"dynamodb:GetItem on *"});
}

}  // namespace
}  // namespace mayfly::identity
