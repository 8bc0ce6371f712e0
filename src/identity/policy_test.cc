// If these fail, a policy lets somebody in that AWS would keep out, or keeps out whom AWS would let in.
#include "identity/policy.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "identity/authorization.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kFunction = "arn:aws:lambda:us-east-1:111111111111:function:f";

const RequestPrincipal kRoot{.account_id = "222222222222", .arn = "arn:aws:iam::222222222222:root"};
const RequestPrincipal kBob{.account_id = "222222222222", .arn = "arn:aws:iam::222222222222:user/team/bob"};
const RequestPrincipal kSession{.account_id = "222222222222", .arn = "arn:aws:sts::222222222222:assumed-role/deployer/ci"};
const RequestPrincipal kS3 = RequestPrincipal::Service("s3.amazonaws.com");
const RequestPrincipal kNobody = RequestPrincipal::Anonymous();

using Keys = std::initializer_list<std::pair<std::string_view, std::string_view>>;

ConditionKeys MakeKeys(Keys keys) {
  ConditionKeys made;
  for (const auto& [name, value] : keys) made.Add(name, value);
  return made;
}

PolicyPointer ParsePolicy(std::string_view document, Policy::Kind kind = Policy::Kind::Resource) {
  auto policy = Policy::Parse(document, kind);
  EXPECT_TRUE(policy) << document << "\n" << (policy ? "" : policy.error().message);
  return policy ? *policy : nullptr;
}

DecisionType Evaluate(std::string_view document, const RequestPrincipal& principal, std::string_view action = "lambda:InvokeFunction",
                 std::string_view resource = kFunction, Keys keys = {}) {
  const ConditionKeys made = MakeKeys(keys);
  const PolicyPointer policy = ParsePolicy(document);
  return policy ? policy->Evaluate({principal, action, resource, made}).type : DecisionType::ImplicitDeny;
}

std::string Statement(std::string_view members) { return fmt::format(R"({{"Version":"2012-10-17","Statement":{{{}}}}})", members); }

// Does the condition hold, for a statement that allows everybody everything?
bool Holds(std::string_view condition, Keys keys) {
  const std::string document = Statement(fmt::format(R"("Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{})", condition));
  return Evaluate(document, kNobody, "lambda:InvokeFunction", kFunction, keys) == DecisionType::Allow;
}

// --- principals -----------------------------------------------------------------------------------------------------------

TEST(PolicyPrincipalTest, WhoIsMeant) {
  struct Case {
    std::string_view principal;
    bool root, bob, session, s3, nobody;
  };
  const Case cases[] = {
      {R"("Principal":"*")", true, true, true, true, true},
      {R"("Principal":{"AWS":"*"})", true, true, true, true, true},
      {R"("Principal":{"AWS":"222222222222"})", true, true, true, false, false},
      {R"("Principal":{"AWS":"arn:aws:iam::222222222222:root"})", true, true, true, false, false},
      {R"("Principal":{"AWS":"333333333333"})", false, false, false, false, false},
      {R"("Principal":{"AWS":"arn:aws:iam::222222222222:user/team/bob"})", false, true, false, false, false},
      {R"("Principal":{"AWS":"arn:aws:iam::222222222222:user/bob"})", false, false, false, false, false},
      {R"("Principal":{"AWS":"arn:aws:iam::222222222222:role/ops/deployer"})", false, false, true, false, false},
      {R"("Principal":{"AWS":"arn:aws:iam::333333333333:role/deployer"})", false, false, false, false, false},
      {R"("Principal":{"AWS":"arn:aws:sts::222222222222:assumed-role/deployer/ci"})", false, false, true, false, false},
      {R"("Principal":{"AWS":"arn:aws:sts::222222222222:assumed-role/deployer/other"})", false, false, false, false, false},
      {R"("Principal":{"AWS":["333333333333","arn:aws:iam::222222222222:user/team/bob"]})", false, true, false, false, false},
      {R"("Principal":{"Service":"s3.amazonaws.com"})", false, false, false, true, false},
      {R"("Principal":{"Service":["sns.amazonaws.com","s3.amazonaws.com"],"AWS":"222222222222"})", true, true, true, true, false},
      {R"("Principal":{"Federated":"cognito-identity.amazonaws.com","CanonicalUser":"79a59df900b949e5"})", false, false, false, false, false},
      {R"("Principal":{"AWS":"AIDAJQABLZS4A3QDU576Q"})", false, false, false, false, false},
      // Who is listed is not meant; an account that is listed is its root only.
      {R"("NotPrincipal":{"AWS":"arn:aws:iam::222222222222:user/team/bob"})", true, false, true, true, true},
      {R"("NotPrincipal":{"AWS":["arn:aws:iam::222222222222:role/deployer","222222222222"]})", false, true, false, true, true},
      {R"("NotPrincipal":{"Service":"s3.amazonaws.com"})", true, true, true, false, true},
  };
  for (const Case& c : cases) {
    const std::string document = Statement(fmt::format(R"("Effect":"Allow",{},"Action":"*","Resource":"*")", c.principal));
    const auto allowed = [&](const RequestPrincipal& principal) { return Evaluate(document, principal) == DecisionType::Allow; };
    EXPECT_EQ(allowed(kRoot), c.root) << c.principal;
    EXPECT_EQ(allowed(kBob), c.bob) << c.principal;
    EXPECT_EQ(allowed(kSession), c.session) << c.principal;
    EXPECT_EQ(allowed(kS3), c.s3) << c.principal;
    EXPECT_EQ(allowed(kNobody), c.nobody) << c.principal;
  }
}

// --- actions and resources ------------------------------------------------------------------------------------------------

TEST(PolicyTest, ActionsCompareWithoutCaseAndWithWildcards) {
  struct Case {
    std::string_view actions, action;
    bool allowed;
  };
  const Case cases[] = {
      {R"("Action":"lambda:InvokeFunction")", "lambda:InvokeFunction", true},
      {R"("Action":"LAMBDA:invokefunction")", "lambda:InvokeFunction", true},
      {R"("Action":"lambda:InvokeFunction")", "lambda:InvokeFunctionUrl", false},
      {R"("Action":"lambda:Invoke*")", "lambda:InvokeFunctionUrl", true},
      {R"("Action":"lambda:Get?unction")", "lambda:GetFunction", true},
      {R"("Action":"lambda:Get?unction")", "lambda:GetFunctions", false},
      {R"("Action":"lambda:*")", "lambda:DeleteFunction", true},
      {R"("Action":"*")", "s3:GetObject", true},
      {R"("Action":["s3:*","lambda:Get*"])", "lambda:GetPolicy", true},
      {R"("Action":["s3:*","lambda:Get*"])", "lambda:AddPermission", false},
      {R"("NotAction":["lambda:Delete*"])", "lambda:DeleteFunction", false},
      {R"("NotAction":["lambda:Delete*"])", "lambda:InvokeFunction", true},
  };
  for (const Case& c : cases) {
    const std::string document = Statement(fmt::format(R"("Effect":"Allow","Principal":"*",{},"Resource":"*")", c.actions));
    EXPECT_EQ(Evaluate(document, kBob, c.action) == DecisionType::Allow, c.allowed) << c.actions << " " << c.action;
  }
}

TEST(PolicyTest, ResourcesMatchPartByPart) {
  struct Case {
    std::string_view resources, resource;
    bool allowed;
  };
  const Case cases[] = {
      {R"("Resource":"arn:aws:lambda:us-east-1:111111111111:function:f")", kFunction, true},
      {R"("Resource":"arn:aws:lambda:us-east-1:111111111111:function:F")", kFunction, false},
      {R"("Resource":"arn:aws:lambda:us-east-1:111111111111:function:f")", "arn:aws:lambda:us-east-1:111111111111:function:f:live", false},
      {R"("Resource":"arn:aws:lambda:us-east-1:111111111111:function:f:*")", "arn:aws:lambda:us-east-1:111111111111:function:f:live", true},
      {R"("Resource":"arn:aws:lambda:us-east-1:111111111111:function:f:*")", kFunction, false},
      {R"("Resource":"arn:aws:lambda:us-east-1:111111111111:function:*")", "arn:aws:lambda:us-east-1:111111111111:function:f:live", true},
      {R"("Resource":"arn:aws:lambda:*:111111111111:function:f")", kFunction, true},
      {R"("Resource":"arn:aws:lambda:*:function:f")", kFunction, false},  // a wildcard ends at the colon
      {R"("Resource":"arn:aws:lambda:*")", kFunction, true},              // too few parts: one text
      {R"("Resource":"arn:*:lambda:us-*-1:*:function:?")", kFunction, true},
      {R"("Resource":"arn:aws:lambda:*:111111111111:function:g")", "arn:aws:lambda:us-east-1:9:x:111111111111:function:g", false},
      {R"("Resource":"*")", kFunction, true},
      {R"("Resource":["arn:aws:s3:::b","*"])", kFunction, true},
      {R"("NotResource":"arn:aws:lambda:us-east-1:111111111111:function:f")", kFunction, false},
      {R"("NotResource":"arn:aws:lambda:us-east-1:111111111111:function:g")", kFunction, true},
  };
  for (const Case& c : cases) {
    const std::string document = Statement(fmt::format(R"("Effect":"Allow","Principal":"*","Action":"*",{})", c.resources));
    EXPECT_EQ(Evaluate(document, kBob, "lambda:InvokeFunction", c.resource) == DecisionType::Allow, c.allowed) << c.resources << " " << c.resource;
  }
}

TEST(PolicyTest, WildcardsTakeCharacters) {
  const auto like = [](std::string_view pattern, std::string_view text) {
    return PolicyPattern::Parse(pattern, Variables::Resolved)->IsLike(text, {}, LetterCase::Matters);
  };
  EXPECT_TRUE(like("", ""));
  EXPECT_TRUE(like("*", ""));
  EXPECT_FALSE(like("?", ""));
  EXPECT_TRUE(like("?", "ü"));
  EXPECT_FALSE(like("?", "üü"));
  EXPECT_TRUE(like("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(like("a*b*c", "a-b-b-"));
  EXPECT_TRUE(like("**?", "x"));
  EXPECT_TRUE(like("100${*}", "100*"));
  EXPECT_FALSE(like("100${*}", "1000"));
  EXPECT_TRUE(like("${?}${$}", "?$"));
  EXPECT_FALSE(like(std::string(2000, '*') + "b", std::string(20'000, 'a')));
}

// --- variables ------------------------------------------------------------------------------------------------------------

TEST(PolicyTest, Variables) {
  const auto allows = [](std::string_view resource, std::string_view asked, Keys keys, std::string_view version = "2012-10-17") {
    const std::string document = fmt::format(
        R"({{"Version":"{}","Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"{}"}}]}})", version, resource);
    return Evaluate(document, kBob, "s3:GetObject", asked, keys) == DecisionType::Allow;
  };
  EXPECT_TRUE(allows("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/bob/x", {{"aws:username", "bob"}}));
  EXPECT_TRUE(allows("arn:aws:s3:::b/${AWS:UserName}/*", "arn:aws:s3:::b/bob/x", {{"aws:username", "bob"}}));
  EXPECT_FALSE(allows("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/eve/x", {{"aws:username", "bob"}}));
  EXPECT_FALSE(allows("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b//x", {}));
  EXPECT_TRUE(allows("arn:aws:s3:::b/${aws:PrincipalTag/team, 'all'}/*", "arn:aws:s3:::b/all/x", {}));
  EXPECT_TRUE(allows("arn:aws:s3:::b/${aws:PrincipalTag/team, 'all'}/*", "arn:aws:s3:::b/blue/x", {{"aws:PrincipalTag/team", "blue"}}));
  // A value brings no wildcards.
  EXPECT_FALSE(allows("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/bob", {{"aws:username", "*"}}));
  EXPECT_TRUE(allows("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/*", {{"aws:username", "*"}}));
  // The old version knows none.
  EXPECT_FALSE(allows("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/bob", {{"aws:username", "bob"}}, "2008-10-17"));
  // A key with several values stands for nothing.
  EXPECT_FALSE(allows("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/a", {{"aws:username", "a"}, {"aws:username", "b"}}));
  EXPECT_TRUE(Holds(R"({"StringEquals":{"aws:a":"${aws:b}"}})", {{"aws:a", "x"}, {"aws:b", "x"}}));
  EXPECT_FALSE(Holds(R"({"StringEquals":{"aws:a":"${aws:b}"}})", {{"aws:a", ""}}));
  EXPECT_TRUE(Holds(R"({"StringNotEquals":{"aws:a":"${aws:b}"}})", {{"aws:a", "x"}}));
}

// --- evaluation -----------------------------------------------------------------------------------------------------------

TEST(PolicyTest, ADenyWins) {
  constexpr std::string_view kDocument = R"({"Version":"2012-10-17","Id":"x","Statement":[
    {"Sid":"all","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"lambda:*","Resource":"*"},
    {"Sid":"bob","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:user/team/bob"},"Action":"lambda:*","Resource":"*"},
    {"Sid":"not-delete","Effect":"Deny","Principal":"*","Action":"lambda:DeleteFunction","Resource":"*"}]})";
  const PolicyPointer policy = ParsePolicy(kDocument);
  const ConditionKeys none;
  const auto decide = [&](const RequestPrincipal& principal, std::string_view action) { return policy->Evaluate({principal, action, kFunction, none}); };
  EXPECT_EQ(decide(kBob, "lambda:DeleteFunction").type, DecisionType::ExplicitDeny);
  EXPECT_EQ(decide(kBob, "lambda:DeleteFunction").sid, "not-delete");
  EXPECT_EQ(decide(kSession, "lambda:GetFunction").type, DecisionType::Allow);
  EXPECT_EQ(decide(kSession, "lambda:GetFunction").sid, "all");
  EXPECT_TRUE(decide(kSession, "lambda:GetFunction").is_delegated);
  EXPECT_EQ(decide(kBob, "lambda:GetFunction").sid, "bob");
  EXPECT_FALSE(decide(kBob, "lambda:GetFunction").is_delegated);
  EXPECT_FALSE(decide(kRoot, "lambda:GetFunction").is_delegated);
  EXPECT_EQ(decide(kS3, "lambda:GetFunction").type, DecisionType::ImplicitDeny);
  EXPECT_EQ(decide(kS3, "lambda:GetFunction").sid, "");
}

TEST(PolicyTest, PoliciesOfIdentitiesNameNoPrincipal) {
  const PolicyPointer policy = ParsePolicy(Statement(R"("Effect":"Allow","Action":"lambda:*","Resource":"*")"), Policy::Kind::Identity);
  const ConditionKeys none;
  EXPECT_EQ(policy->Evaluate({kBob, "lambda:GetFunction", kFunction, none}).type, DecisionType::Allow);
}

// --- what is no policy ----------------------------------------------------------------------------------------------------

TEST(PolicyTest, Malformed) {
  struct Case {
    std::string document;
    std::string_view message;
  };
  const auto with = [](std::string_view members) { return Statement(members); };
  constexpr std::string_view kRest = R"("Effect":"Allow","Principal":"*","Action":"*","Resource":"*")";
  const Case cases[] = {
      {"", "This policy contains invalid Json"},
      {"[]", "This policy contains invalid Json"},
      {"{} x", "This policy contains invalid Json"},
      {"{}", "Missing required field Statement"},
      {R"({"Version":"2020-01-01","Statement":[]})", "The policy must contain a valid version string"},
      {R"({"Version":2012,"Statement":[]})", "The policy must contain a valid version string"},
      {R"({"Statement":[]})", "Syntax errors in policy. Statement must hold 1 to 1000 statements."},
      {R"({"Statement":[1]})", "Syntax errors in policy. A statement must be an object."},
      {R"({"Id":1,"Statement":[]})", "Syntax errors in policy. Id must be a text."},
      {R"({"Statements":[]})", "Syntax errors in policy. There is no element \"Statements\"."},
      {R"({"Statement":[],"Statement":[]})", "Syntax errors in policy. The element \"Statement\" stands there twice."},
      {with(R"("Principal":"*","Action":"*","Resource":"*")"), "Missing required field Effect"},
      {with(R"("Effect":"allow","Principal":"*","Action":"*","Resource":"*")"), "Syntax errors in policy. Effect must be Allow or Deny."},
      {with(R"("Effect":"Allow","Action":"*","Resource":"*")"), "Missing required field Principal"},
      {with(R"("Effect":"Allow","Principal":{},"Action":"*","Resource":"*")"), "Missing required field Principal"},
      {with(R"("Effect":"Allow","Principal":"bob","Action":"*","Resource":"*")"), "Invalid principal in policy: \"STRING\":\"bob\""},
      {with(R"("Effect":"Allow","Principal":{"AWS":"bob"},"Action":"*","Resource":"*")"), "Invalid principal in policy: \"AWS\":\"bob\""},
      {with(R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:user/*"},"Action":"*","Resource":"*")"),
       "Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:user/*\""},
      {with(R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::2:role/r"},"Action":"*","Resource":"*")"),
       "Invalid principal in policy: \"AWS\":\"arn:aws:iam::2:role/r\""},
      {with(R"("Effect":"Allow","Principal":{"Service":"s3"},"Action":"*","Resource":"*")"), "Invalid principal in policy: \"Service\":\"s3\""},
      {with(R"("Effect":"Allow","Principal":{"Person":"s3"},"Action":"*","Resource":"*")"), "Syntax errors in policy. There is no element \"Person\"."},
      {with(R"("Effect":"Allow","Principal":"*","NotPrincipal":"*","Action":"*","Resource":"*")"),
       "Syntax errors in policy. A statement has either Principal or NotPrincipal."},
      {with(R"("Effect":"Allow","Principal":"*","Resource":"*")"), "Policy statement must contain actions."},
      {with(R"("Effect":"Allow","Principal":"*","Action":[],"Resource":"*")"), "Policy statement must contain actions."},
      {with(R"("Effect":"Allow","Principal":"*","Action":"*")"), "Policy statement must contain resources."},
      {with(R"("Effect":"Allow","Principal":"*","Action":"*","NotAction":"*","Resource":"*")"), "Syntax errors in policy. A statement has either Action or NotAction."},
      {with(R"("Effect":"Allow","Principal":"*","Action":[["*"]],"Resource":"*")"), "Syntax errors in policy. Action must be a text or a list of texts."},
      {with(R"("Effect":"Allow","Principal":"*","Action":"Invoke","Resource":"*")"),
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (action \"Invoke\")"},
      {with(R"("Effect":"Allow","Principal":"*","Action":"a:b:c","Resource":"*")"), "Actions/Condition can contain only one colon. (action \"a:b:c\")"},
      {with(R"("Effect":"Allow","Principal":"*","Action":"a:b c","Resource":"*")"), "Syntax errors in policy. \"a:b c\" is no action."},
      {with(R"("Effect":"Allow","Principal":"*","Action":"*","Resource":"f")"), "Resource f must be in ARN format or \"*\"."},
      {with(R"("Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::${aws:x")"),
       "Syntax errors in policy. The variable in \"arn:aws:s3:::${aws:x\" does not end."},
      {with(R"("Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::${aws:x, y}")"),
       "Syntax errors in policy. The default value in \"arn:aws:s3:::${aws:x, y}\" must stand in single quotes."},
      {with(fmt::format(R"("Sid":1,{})", kRest)), "Syntax errors in policy. Sid must be a text."},
      {with(fmt::format(R"({},"Condition":[])", kRest)), "Syntax errors in policy. Condition must be an object of operators."},
      {with(fmt::format(R"({},"Condition":{{"Equals":{{"aws:x":"a"}}}})", kRest)), "Syntax errors in policy. There is no condition operator \"Equals\"."},
      {with(fmt::format(R"({},"Condition":{{"NullIfExists":{{"aws:x":"true"}}}})", kRest)),
       "Syntax errors in policy. There is no condition operator \"NullIfExists\"."},
      {with(fmt::format(R"({},"Condition":{{"StringEquals":"a"}})", kRest)),
       "Syntax errors in policy. The condition operator \"StringEquals\" must hold condition keys with their values."},
      {with(fmt::format(R"({},"Condition":{{"StringEquals":{{"x":"a"}}}})", kRest)),
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (condition key \"x\")"},
      {with(fmt::format(R"({},"Condition":{{"StringEquals":{{"aws:x":{{}}}}}})", kRest)),
       "Syntax errors in policy. The values of condition key \"aws:x\" must be texts, numbers or booleans."},
      {with(fmt::format(R"({},"Condition":{{"NumericEquals":{{"aws:x":"ten"}}}})", kRest)), "Syntax errors in policy. \"ten\" of condition key \"aws:x\" is not a number."},
      {with(fmt::format(R"({},"Condition":{{"IpAddress":{{"aws:x":"10.0.0.0/33"}}}})", kRest)),
       "Syntax errors in policy. \"10.0.0.0/33\" of condition key \"aws:x\" is not an address or a CIDR block."},
      {with(fmt::format(R"({},"Condition":{{"Bool":{{"aws:x":"yes"}}}})", kRest)), "Syntax errors in policy. \"yes\" of condition key \"aws:x\" is not true or false."},
      {fmt::format(R"({{"Statement":[{{{0}}},{{"Effect":"Deny"}}]}})", kRest), "Missing required field Principal (statement 2)"},
      {fmt::format(R"({{"Statement":[{{"Sid":"a",{0}}},{{"Sid":"a",{0}}}]}})", kRest), "Statement IDs (SID) in a single policy must be unique. (statement 2)"},
      {std::string(kPolicyBytesMax + 1, ' '), "The final policy size (20481) is bigger than the limit (20480)."},
  };
  for (const Case& c : cases) {
    const auto policy = Policy::Parse(c.document, Policy::Kind::Resource);
    ASSERT_FALSE(policy) << c.document;
    EXPECT_TRUE(policy.error().IsService("MalformedPolicyDocument"));
    EXPECT_EQ(policy.error().message, c.message) << c.document;
  }
  const auto policy = Policy::Parse(Statement(kRest), Policy::Kind::Identity);
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().message, "Policy document should not specify a principal.");
}

// --- several policies -----------------------------------------------------------------------------------------------------

TEST(AuthorizationTest, WhoMustAllow) {
  constexpr std::string_view kOwn = "222222222222";
  constexpr std::string_view kOther = "111111111111";
  const Decision kSilent;
  const Decision kAllow{.type = DecisionType::Allow};
  const Decision kDelegates{.type = DecisionType::Allow, .sid = {}, .is_delegated = true};
  const Decision kDeny{.type = DecisionType::ExplicitDeny};
  struct Case {
    const RequestPrincipal& principal;
    std::string_view owner;
    DecisionType identity;
    Decision resource;
    std::string_view why;  // "" allowed
  };
  constexpr std::string_view kNoResource = "because no resource-based policy allows the lambda:InvokeFunction action";
  constexpr std::string_view kNoIdentity = "because no identity-based policy allows the lambda:InvokeFunction action";
  constexpr std::string_view kResourceDenies = "with an explicit deny in a resource-based policy";
  constexpr std::string_view kIdentityDenies = "with an explicit deny in an identity-based policy";
  using enum DecisionType;
  const Case cases[] = {
      {kBob, kOwn, Allow, kSilent, ""},
      {kBob, kOwn, ImplicitDeny, kAllow, ""},
      {kBob, kOwn, ImplicitDeny, kDelegates, kNoIdentity},
      {kBob, kOwn, ImplicitDeny, kSilent, kNoIdentity},
      {kBob, kOwn, Allow, kDeny, kResourceDenies},
      {kBob, kOwn, ExplicitDeny, kAllow, kIdentityDenies},
      {kRoot, kOwn, ImplicitDeny, kSilent, ""},
      {kRoot, kOwn, ImplicitDeny, kDeny, kResourceDenies},
      {kBob, kOther, Allow, kSilent, kNoResource},
      {kBob, kOther, ImplicitDeny, kAllow, kNoIdentity},
      {kBob, kOther, Allow, kAllow, ""},
      {kBob, kOther, Allow, kDelegates, ""},
      {kBob, kOther, Allow, kDeny, kResourceDenies},
      {kRoot, kOther, ImplicitDeny, kSilent, kNoResource},
      {kRoot, kOther, ImplicitDeny, kAllow, ""},
      {kS3, kOwn, Allow, kSilent, kNoResource},
      {kS3, kOwn, ImplicitDeny, kAllow, ""},
      {kS3, kOwn, Allow, kDeny, kResourceDenies},
      {kNobody, kOwn, Allow, kSilent, kNoResource},
      {kNobody, kOwn, ImplicitDeny, kAllow, ""},
  };
  const ConditionKeys none;
  int number = 0;
  for (const Case& c : cases) {
    PrincipalAccess access{.is_root = c.principal.is_root()};
    if (c.identity == Allow) access.identity.push_back(ParsePolicy(Statement(R"("Effect":"Allow","Action":"*","Resource":"*")"), Policy::Kind::Identity));
    if (c.identity == ExplicitDeny) access.identity.push_back(ParsePolicy(Statement(R"("Effect":"Deny","Action":"*","Resource":"*")"), Policy::Kind::Identity));
    const PolicyRequest request{c.principal, "lambda:InvokeFunction", kFunction, none};
    const Verdict verdict = Judge(request, access, {.owner_account_id = c.owner, .decision = c.resource});
    ++number;
    ASSERT_EQ(verdict.allows(), c.why.empty()) << "case " << number;
    if (verdict.allows()) continue;
    EXPECT_TRUE(DeniedText(request, verdict).ends_with(c.why)) << "case " << number << ": " << DeniedText(request, verdict);
  }
  const auto refused = AdministratorsOnly().Authorize({kBob, "lambda:InvokeFunction", kFunction, none}, {.owner_account_id = kOther, .decision = kSilent}, {});
  EXPECT_TRUE(refused.error().IsService("AccessDeniedException"));
  EXPECT_EQ(refused.error().message,
            "User: arn:aws:iam::222222222222:user/team/bob is not authorized to perform: lambda:InvokeFunction on resource: "
            "arn:aws:lambda:us-east-1:111111111111:function:f because no resource-based policy allows the lambda:InvokeFunction action");
}

TEST(AuthorizationTest, TwoPoliciesOfOneResource) {
  const Decision silent;
  const Decision allow{.type = DecisionType::Allow, .sid = "a"};
  const Decision delegates{.type = DecisionType::Allow, .sid = "d", .is_delegated = true};
  const Decision deny{.type = DecisionType::ExplicitDeny, .sid = "x"};
  EXPECT_EQ(Combine(silent, silent).type, DecisionType::ImplicitDeny);
  EXPECT_EQ(Combine(silent, allow).sid, "a");
  EXPECT_EQ(Combine(allow, silent).sid, "a");
  EXPECT_EQ(Combine(delegates, allow).sid, "a");
  EXPECT_EQ(Combine(allow, delegates).sid, "a");
  EXPECT_EQ(Combine(deny, allow).sid, "x");
  EXPECT_EQ(Combine(allow, deny).sid, "x");
}

TEST(AuthorizationTest, GlobalKeys) {
  const WallTime now = *ParseAmzDate("20260131T120000Z");
  const auto value = [&](const RequestPrincipal& principal, std::string_view name) {
    ConditionKeys keys;
    AddGlobalKeys(principal, "us-east-1", now, keys);
    const auto* values = keys.Find(name);
    return values ? values->front() : std::string("-");
  };
  EXPECT_EQ(value(kBob, "aws:username"), "bob");
  EXPECT_EQ(value(kBob, "aws:PrincipalArn"), kBob.arn);
  EXPECT_EQ(value(kBob, "aws:principalaccount"), "222222222222");
  EXPECT_EQ(value(kBob, "aws:PrincipalType"), "User");
  EXPECT_EQ(value(kRoot, "aws:PrincipalType"), "Account");
  EXPECT_EQ(value(kRoot, "aws:username"), "-");
  EXPECT_EQ(value(kSession, "aws:PrincipalArn"), "arn:aws:iam::222222222222:role/deployer");
  EXPECT_EQ(value(kSession, "aws:PrincipalType"), "AssumedRole");
  EXPECT_EQ(value(kS3, "aws:PrincipalIsAWSService"), "true");
  EXPECT_EQ(value(kS3, "aws:PrincipalAccount"), "-");
  EXPECT_EQ(value(kNobody, "aws:PrincipalType"), "Anonymous");
  EXPECT_EQ(value(kNobody, "aws:CurrentTime"), "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(value(kNobody, "aws:EpochTime"), "1769860800");
  EXPECT_EQ(value(kNobody, "aws:RequestedRegion"), "us-east-1");
}

}  // namespace
}  // namespace mayfly::identity
