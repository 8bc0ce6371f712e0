// If these fail, the policies of several sides are put together otherwise than AWS does: somebody is let in, or kept out, wrongly.
#include "identity/decision.h"

#include <gtest/gtest.h>

#include <random>

#include <fmt/format.h>

namespace mayfly::identity {
namespace {

constexpr std::string_view kHome = "111111111111";
constexpr std::string_view kAbroad = "222222222222";
constexpr std::string_view kQueue = "arn:aws:sqs:us-east-1:111111111111:q";

const RequestPrincipal kAnn{.account_id = kHome, .arn = "arn:aws:iam::111111111111:user/ann"};
const RequestPrincipal kRun{.account_id = kHome, .arn = "arn:aws:sts::111111111111:assumed-role/run/f"};
const RequestPrincipal kHomeRoot{.account_id = kHome, .arn = "arn:aws:iam::111111111111:root"};
const RequestPrincipal kEve{.account_id = kAbroad, .arn = "arn:aws:iam::222222222222:user/eve"};

PolicyPointer Read(std::string_view document, Policy::Kind kind = Policy::Kind::Identity) {
  auto policy = Policy::Parse(document, kind);
  EXPECT_TRUE(policy) << document << "\n" << (policy ? "" : policy.error().message);
  return policy ? *policy : nullptr;
}

std::string One(std::string_view members) { return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{{}}}]}})", members); }

// "+sqs:SendMessage" allows, "-sqs:*" denies, each on everything; parted by blanks. "" is a policy about something else.
PolicyPointer Sketch(std::string_view text) {
  std::string statements = R"({"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"})";
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    statements += fmt::format(R"(,{{"Effect":"{}","Action":"{}","Resource":"*"}})", word[0] == '+' ? "Allow" : "Deny", word.substr(1));
  }
  return Read(fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statements));
}

// The resource's policy: "+ARN" lets somebody in, "-ARN" keeps somebody out.
Decision SketchResource(std::string_view text, const PolicyRequest& request) {
  if (text.empty()) return {};
  const std::string principal = text.substr(1) == "*" ? "\"*\"" : fmt::format(R"({{"AWS":"{}"}})", text.substr(1));
  return Read(One(fmt::format(R"("Effect":"{}","Principal":{},"Action":"*","Resource":"*")", text[0] == '+' ? "Allow" : "Deny", principal)), Policy::Kind::Resource)
      ->Evaluate(request);
}

struct Row {
  const RequestPrincipal& principal;
  std::string_view identity, resource, boundary, session, scp;  // "none": there is none
  std::string_view why;                                         // the end of the text; "" allowed
};

constexpr std::string_view kNone = "none";
constexpr std::string_view kByIdentity = "because no identity-based policy allows the sqs:SendMessage action";
constexpr std::string_view kByResource = "because no resource-based policy allows the sqs:SendMessage action";
constexpr std::string_view kByBoundary = "because no permissions boundary allows the sqs:SendMessage action";
constexpr std::string_view kBySession = "because no session policy allows the sqs:SendMessage action";
constexpr std::string_view kByScp = "because no service control policy allows the sqs:SendMessage action";

Verdict JudgeRow(const Row& row, const PolicyRequest& request) {
  PrincipalAccess access{.is_root = row.principal.is_root()};
  if (row.identity != kNone) access.identity.push_back(Sketch(row.identity));
  access.has_boundary = row.boundary != kNone;
  if (access.has_boundary) access.boundary = Sketch(row.boundary);
  access.has_session = row.session != kNone;
  if (access.has_session) access.session.push_back(Sketch(row.session));
  if (row.scp != kNone) access.service_control = {{Sketch("+*")}, {Sketch(row.scp)}};
  return Judge(request, access, {.owner_account_id = kHome, .decision = SketchResource(row.resource, request)});
}

TEST(DecisionTest, EveryLayerHasItsSay) {
  constexpr std::string_view kAnnArn = "+arn:aws:iam::111111111111:user/ann";
  constexpr std::string_view kRunRole = "+arn:aws:iam::111111111111:role/run";
  constexpr std::string_view kRunSession = "+arn:aws:sts::111111111111:assumed-role/run/f";
  const Row rows[] = {
      // One layer.
      {kAnn, kNone, "", kNone, kNone, kNone, kByIdentity},
      {kAnn, "", "", kNone, kNone, kNone, kByIdentity},
      {kAnn, "+*", "", kNone, kNone, kNone, ""},
      {kAnn, "+sqs:*", "", kNone, kNone, kNone, ""},
      {kAnn, "+SQS:sendmessage", "", kNone, kNone, kNone, ""},
      {kAnn, "+sqs:Send*", "", kNone, kNone, kNone, ""},
      {kAnn, "+sqs:SendMessag?", "", kNone, kNone, kNone, ""},
      {kAnn, "+sqs:SendMessage?", "", kNone, kNone, kNone, kByIdentity},
      {kAnn, "+sqs:* -sqs:Send*", "", kNone, kNone, kNone, "with an explicit deny in an identity-based policy"},
      {kAnn, "+sqs:* -sqs:Receive*", "", kNone, kNone, kNone, ""},
      // The resource's policy in the same account.
      {kAnn, "", kAnnArn, kNone, kNone, kNone, ""},
      {kAnn, kNone, kAnnArn, kNone, kNone, kNone, ""},
      {kAnn, "-sqs:*", kAnnArn, kNone, kNone, kNone, "with an explicit deny in an identity-based policy"},
      {kAnn, "+*", "-arn:aws:iam::111111111111:user/ann", kNone, kNone, kNone, "with an explicit deny in a resource-based policy"},
      {kAnn, "", "+arn:aws:iam::111111111111:root", kNone, kNone, kNone, kByIdentity},
      {kAnn, "+*", "+arn:aws:iam::111111111111:root", kNone, kNone, kNone, ""},
      {kAnn, "", "+*", kNone, kNone, kNone, ""},
      {kAnn, "+*", "-*", kNone, kNone, kNone, "with an explicit deny in a resource-based policy"},
      // Boundaries: they take away what identity policies give, and not what a resource gives a user, or a session by its ARN.
      {kAnn, "+*", "", "", kNone, kNone, kByBoundary},
      {kAnn, "+*", "", "+sqs:*", kNone, kNone, ""},
      {kAnn, "", "", "+*", kNone, kNone, kByIdentity},
      {kAnn, "+*", "", "+* -sqs:SendMessage", kNone, kNone, "with an explicit deny in a permissions boundary"},
      {kAnn, "", kAnnArn, "", kNone, kNone, ""},
      {kAnn, "", kAnnArn, "-sqs:*", kNone, kNone, "with an explicit deny in a permissions boundary"},
      {kRun, "", kRunRole, kNone, kNone, kNone, ""},
      {kRun, "", kRunRole, "", kNone, kNone, kByBoundary},
      {kRun, "", kRunRole, "+*", kNone, kNone, ""},
      {kRun, "", kRunSession, "", kNone, kNone, ""},
      // Session policies likewise.
      {kRun, "+*", "", kNone, "", kNone, kBySession},
      {kRun, "+*", "", kNone, "+sqs:SendMessage", kNone, ""},
      {kRun, "", "", kNone, "+*", kNone, kByIdentity},
      {kRun, "+*", "", kNone, "+* -sqs:*", kNone, "with an explicit deny in a session policy"},
      {kRun, "", kRunRole, kNone, "", kNone, kBySession},
      {kRun, "", kRunSession, kNone, "", kNone, ""},
      {kRun, "+*", "", "+*", "", kNone, kBySession},
      {kRun, "+*", "", "", "+*", kNone, kByBoundary},
      // Organizations.
      {kAnn, "+*", "", kNone, kNone, "", kByScp},
      {kAnn, "+*", "", kNone, kNone, "+sqs:*", ""},
      {kAnn, "+*", "", kNone, kNone, "+* -sqs:*", "with an explicit deny in a service control policy"},
      {kAnn, "", kAnnArn, kNone, kNone, "", kByScp},
      {kAnn, "", "", kNone, kNone, "+*", kByIdentity},
      // The root needs no policy of its own; what denies, and its organization, hold for it too.
      {kHomeRoot, kNone, "", kNone, kNone, kNone, ""},
      {kHomeRoot, kNone, "-*", kNone, kNone, kNone, "with an explicit deny in a resource-based policy"},
      {kHomeRoot, kNone, "", kNone, kNone, "", kByScp},
      {kHomeRoot, kNone, "", kNone, kNone, "+* -sqs:SendMessage", "with an explicit deny in a service control policy"},
      // Across accounts both sides are needed.
      {kEve, "+*", "", kNone, kNone, kNone, kByResource},
      {kEve, "", "+arn:aws:iam::222222222222:user/eve", kNone, kNone, kNone, kByIdentity},
      {kEve, "+*", "+arn:aws:iam::222222222222:user/eve", kNone, kNone, kNone, ""},
      {kEve, "+*", "+arn:aws:iam::222222222222:root", kNone, kNone, kNone, ""},
      {kEve, "+*", "+*", kNone, kNone, kNone, ""},
      {kEve, "+*", "+*", "", kNone, kNone, kByBoundary},
      {kEve, "+*", "-arn:aws:iam::222222222222:user/eve", kNone, kNone, kNone, "with an explicit deny in a resource-based policy"},
      {kEve, "+*", "+arn:aws:iam::333333333333:root", kNone, kNone, kNone, kByResource},
  };
  const ConditionKeys none;
  int number = 0;
  for (const Row& row : rows) {
    const PolicyRequest request{row.principal, "sqs:SendMessage", kQueue, none};
    const Verdict verdict = JudgeRow(row, request);
    ++number;
    EXPECT_EQ(verdict.allows(), row.why.empty()) << "row " << number << ": " << DeniedText(request, verdict);
    if (!verdict.allows()) EXPECT_TRUE(DeniedText(request, verdict).ends_with(row.why)) << "row " << number << ": " << DeniedText(request, verdict);
  }
}

TEST(DecisionTest, ResourcesWithoutWhosePolicyNobodyGetsIn) {
  const ConditionKeys none;
  const PolicyRequest request{kAnn, "kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/k", none};
  const PrincipalAccess all{.identity = {Sketch("+*")}};
  const PrincipalAccess nothing;
  const auto judge = [&](const PrincipalAccess& access, std::string_view policy) {
    return Judge(request, access, {.owner_account_id = kHome, .decision = SketchResource(policy, request), .must_allow = true}).allows();
  };
  EXPECT_FALSE(judge(all, ""));
  EXPECT_TRUE(judge(all, "+arn:aws:iam::111111111111:root"));
  EXPECT_FALSE(judge(nothing, "+arn:aws:iam::111111111111:root"));
  EXPECT_TRUE(judge(nothing, "+arn:aws:iam::111111111111:user/ann"));
  EXPECT_FALSE(judge(all, "+arn:aws:iam::111111111111:user/bob"));
}

TEST(DecisionTest, ControlPoliciesOfTheResourcesSide) {
  const ConditionKeys none;
  const PolicyRequest request{kAnn, "sqs:SendMessage", kQueue, none};
  const PrincipalAccess all{.identity = {Sketch("+*")}};
  for (const auto& [text, why] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"+*", ""}, {"", "because no resource control policy allows the sqs:SendMessage action"}, {"+* -sqs:*", "with an explicit deny in a resource control policy"}}) {
    const PolicyPointer control = Sketch(text);
    const Verdict verdict = Judge(request, all, {.owner_account_id = kHome, .decision = {}, .controls = {&control, 1}});
    EXPECT_EQ(verdict.allows(), why.empty());
    if (!why.empty()) EXPECT_TRUE(DeniedText(request, verdict).ends_with(why)) << DeniedText(request, verdict);
  }
}

TEST(DecisionTest, AWholeSentence) {
  const ConditionKeys none;
  const PolicyRequest request{kRun, "sqs:SendMessage", kQueue, none};
  EXPECT_EQ(DeniedText(request, Judge(request, {}, {.owner_account_id = kHome, .decision = {}})),
            "User: arn:aws:sts::111111111111:assumed-role/run/f is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:111111111111:q "
            "because no identity-based policy allows the sqs:SendMessage action");
  EXPECT_EQ(DeniedText({kRun, "s3:ListAllMyBuckets", "*", none}, {}),
            "User: arn:aws:sts::111111111111:assumed-role/run/f is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the "
            "s3:ListAllMyBuckets action");
}

TEST(DecisionTest, WhatDependsOnTheRequestIsKnown) {
  EXPECT_FALSE(Read(One(R"("Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::a/*")"))->depends_on_request());
  EXPECT_TRUE(Read(One(R"("Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::a/${aws:username}")"))->depends_on_request());
  const PolicyPointer asks = Read(One(
      R"("Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::a/${aws:username}","Condition":{"StringEquals":{"aws:ResourceTag/t":"${aws:PrincipalTag/t}"},"Bool":{"aws:SecureTransport":true}})"));
  EXPECT_TRUE(asks->depends_on_request());
  std::set<std::string> names;
  asks->AddContextKeys(names);
  EXPECT_EQ(names, (std::set<std::string>{"aws:PrincipalTag/t", "aws:ResourceTag/t", "aws:SecureTransport", "aws:username"}));
}

// --- against an evaluator that is obviously right ----------------------------------------------------------------------------

// '*' and '?' by trying everything.
bool Glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') return Glob(pattern.substr(1), text) || (!text.empty() && Glob(pattern, text.substr(1)));
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) && Glob(pattern.substr(1), text.substr(1));
}

struct PlainStatement {
  bool allows = false, not_action = false, not_resource = false;
  std::string action, resource;
  std::string wanted_team;  // "" no condition

  bool Applies(std::string_view asked_action, std::string_view asked_resource, std::string_view team) const {
    return Glob(action, asked_action) != not_action && Glob(resource, asked_resource) != not_resource && (wanted_team.empty() || wanted_team == team);
  }
  std::string Text() const {
    const std::string condition = wanted_team.empty() ? "" : fmt::format(R"(,"Condition":{{"StringEquals":{{"aws:PrincipalTag/team":"{}"}}}})", wanted_team);
    return fmt::format(R"({{"Effect":"{}","{}":"{}","{}":"{}"{}}})", allows ? "Allow" : "Deny", not_action ? "NotAction" : "Action", action,
                       not_resource ? "NotResource" : "Resource", resource, condition);
  }
};

struct PlainPolicy {
  std::vector<PlainStatement> statements;

  // -1 denies, 1 allows, 0 says nothing.
  int Says(std::string_view action, std::string_view resource, std::string_view team) const {
    int says = 0;
    for (const PlainStatement& statement : statements) {
      if (!statement.Applies(action, resource, team)) continue;
      if (!statement.allows) return -1;
      says = 1;
    }
    return says;
  }
  PolicyPointer Parsed() const {
    std::string all;
    for (const PlainStatement& statement : statements) all += (all.empty() ? "" : ",") + statement.Text();
    return Read(fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", all));
  }
};

TEST(DecisionTest, AsAPlainEvaluatorSays) {
  std::mt19937 random(20261130);
  const auto pick = [&](auto& choices) { return choices[random() % std::size(choices)]; };
  const std::string_view kActions[] = {"*", "s3:*", "s3:Get*", "s3:GetObject", "s3:?etObject", "sqs:*", "s3:Put*", "*:GetObject*"};
  const std::string_view kResources[] = {"*", "arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::?/x", "arn:aws:s3:::*", "arn:aws:s3:::a/x/*", "arn:aws:s3:::b/*"};
  const std::string_view kAskedActions[] = {"s3:GetObject", "s3:PutObject", "sqs:SendMessage", "s3:GetObjectTagging"};
  const std::string_view kAskedResources[] = {"arn:aws:s3:::a", "arn:aws:s3:::a/x", "arn:aws:s3:::a/x/y", "arn:aws:s3:::b/x"};
  const std::string_view kTeams[] = {"", "", "red", "blue"};
  const auto make = [&] {
    PlainPolicy policy;
    for (size_t count = 1 + random() % 3; count > 0; --count) {
      policy.statements.push_back({.allows = random() % 4 != 0, .not_action = random() % 6 == 0, .not_resource = random() % 6 == 0,
                                   .action = std::string(pick(kActions)), .resource = std::string(pick(kResources)), .wanted_team = std::string(pick(kTeams))});
    }
    return policy;
  };
  int allowed = 0;
  for (int round = 0; round < 3000; ++round) {
    const PlainPolicy identity = make(), boundary = make(), session = make();
    PrincipalAccess access{.identity = {identity.Parsed()}, .has_boundary = random() % 2 == 0, .boundary = boundary.Parsed(), .has_session = random() % 2 == 0,
                           .session = {session.Parsed()}};
    const std::string_view action = pick(kAskedActions), resource = pick(kAskedResources), team = pick(kTeams);
    ConditionKeys keys;
    if (!team.empty()) keys.Add("aws:PrincipalTag/team", team);
    int plain = identity.Says(action, resource, team);
    if (access.has_boundary) plain = std::min(plain, boundary.Says(action, resource, team));
    if (access.has_session) plain = std::min(plain, session.Says(action, resource, team));
    const Verdict verdict = Judge({kAnn, action, resource, keys}, access, {.owner_account_id = kHome, .decision = {}});
    const int says = verdict.type == DecisionType::ExplicitDeny ? -1 : verdict.allows() ? 1 : 0;
    ASSERT_EQ(says, plain) << "round " << round << ": " << action << " on " << resource << " by team '" << team << "'";
    allowed += says == 1;
  }
  EXPECT_GT(allowed, 200);
}

}  // namespace
}  // namespace mayfly::identity
