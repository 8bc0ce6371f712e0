// If these fail, somebody is judged by other policies than they have: by those of before a change, of a role that had the name before, or by none
// where a boundary or a session policy limits them.
#include "services/iam/accesses.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "identity/session_data.h"
#include "store/store.h"

namespace mayfly::iam {
namespace {

constexpr const char* kAccount = "111122223333";
constexpr const char* kAllowAll = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
constexpr const char* kAllowS3 = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";
constexpr const char* kTrustLambda =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

class AccessesTest : public ::testing::Test {
 public:
  AccessesTest() {
    EXPECT_TRUE(loop_.Run(tables_.Open(ctx_)));
    EntityRow user{.name = "Ann", .path = "/p/", .id = "AIDAANN", .tags = {{"team", "blue"}}};
    user.inline_policies = {{"all", kAllowAll}};
    user.attached = {"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"};
    user.groups = {"staff"};
    Put(tables_.users, "ann", user);
    EntityRow group{.name = "staff", .id = "AGPASTAFF"};
    group.inline_policies = {{"s3", kAllowS3}};
    Put(tables_.groups, "staff", group);
    Put(tables_.roles, "run", EntityRow{.name = "run", .path = "/x/", .id = "AROARUN", .trust = kTrustLambda});
  }

  template <typename Row>
  void Put(resources::ResourceTable<Row>& table, std::string_view name, Row row) {
    const auto put = [](Context& ctx, resources::ResourceTable<Row>& into, std::string key, Row value) -> Task<Result<>> {
      resources::Change change(into.tables());
      MF_CO_TRY_VOID(change.Put(into, key, std::move(value)));
      co_return co_await change.Commit(ctx);
    };
    ASSERT_TRUE(loop_.Run(put(ctx_, table, KeyOf(kAccount, name), std::move(row))));
  }
  std::shared_ptr<const identity::PrincipalAccess> Find(std::string_view arn, std::string_view key = "") { return accesses_.Find(kAccount, arn, key); }
  static std::string KeyOfCaller(const identity::PrincipalAccess& access, std::string_view name) {
    for (const auto& [key, value] : access.keys) {
      if (key == name) return value;
    }
    return "-";
  }
  // Credentials of a session, as the authenticator has seen them.
  std::string Session(std::string_view arn, const identity::SessionData& data) {
    const identity::AccessKey given = sessions_.IssueWith(kAccount, arn, WallTime(std::chrono::seconds(2'000'000'000)), data);
    EXPECT_TRUE(sessions_.Open(given.access_key_id, given.session_token));
    return given.access_key_id;
  }

  SimLoop loop_;
  Context ctx_{loop_};
  SeededRandom random_{1};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
  std::unique_ptr<identity::AccessKeys> keys_ = *identity::AccessKeys::Open("/nonexistent/keys.json", identity::AuthMode::Open, kAccount, random_);
  identity::SessionKeys sessions_{std::string(32, 'k'), random_};
  IamTables tables_{*store_, UnknownPolicies::Missing};
  Accesses accesses_{tables_, *keys_, sessions_, loop_};
};

TEST_F(AccessesTest, UsersHaveTheirOwnPoliciesAndThoseOfTheirGroups) {
  const auto ann = Find("arn:aws:iam::111122223333:user/p/Ann");
  ASSERT_TRUE(ann);
  EXPECT_FALSE(ann->is_root);
  EXPECT_EQ(ann->identity.size(), 3u);
  EXPECT_EQ(KeyOfCaller(*ann, "aws:userid"), "AIDAANN");
  EXPECT_EQ(KeyOfCaller(*ann, "aws:PrincipalTag/team"), "blue");
  EXPECT_EQ(Find("arn:aws:iam::111122223333:user/p/Ann"), ann) << "a warm question is a look-up";
  EXPECT_TRUE(Find("arn:aws:iam::111122223333:root")->is_root);
  EXPECT_FALSE(Find("arn:aws:iam::111122223333:user/Bob"));
  EXPECT_FALSE(Find("arn:aws:iam::111122223333:role/x/run"));
}

TEST_F(AccessesTest, AChangeIsSeenAtOnce) {
  const auto before = Find("arn:aws:iam::111122223333:user/p/Ann");
  EntityRow user = *tables_.Find(EntityKind::User, kAccount, "ann");
  user.inline_policies.clear();
  user.boundary = "arn:aws:iam::111122223333:policy/gone";
  Put(tables_.users, "ann", user);
  const auto after = Find("arn:aws:iam::111122223333:user/p/Ann");
  ASSERT_TRUE(after);
  EXPECT_NE(before->epoch, after->epoch);
  EXPECT_EQ(after->identity.size(), 2u);
  EXPECT_TRUE(after->has_boundary);
  EXPECT_FALSE(after->boundary) << "a boundary that is gone allows nothing";
}

TEST_F(AccessesTest, SessionsAreLimitedByWhatTheyHave) {
  constexpr const char* kArn = "arn:aws:sts::111122223333:assumed-role/run/me";
  const auto own = Find(kArn);  // the daemon's own sessions: an execution role
  ASSERT_TRUE(own);
  EXPECT_FALSE(own->has_session);
  EXPECT_EQ(KeyOfCaller(*own, "aws:userid"), "AROARUN:me");
  identity::SessionData data{.identity_id = "AROARUN", .policy = kAllowS3, .policy_arns = {"arn:aws:iam::aws:policy/AmazonSQSFullAccess"}};
  data.tags = {{"team", "red"}};
  data.issued_seconds = 1'700'000'000;
  const auto limited = Find(kArn, Session(kArn, data));
  ASSERT_TRUE(limited);
  EXPECT_TRUE(limited->has_session);
  EXPECT_EQ(limited->session.size(), 2u);
  EXPECT_EQ(KeyOfCaller(*limited, "aws:PrincipalTag/team"), "red");
  EXPECT_EQ(KeyOfCaller(*limited, "aws:TokenIssueTime"), "2023-11-14T22:13:20.000Z");
  EXPECT_FALSE(Find(kArn, "ASIANOBODYHASSEEN000")) << "what is not known cannot be judged";
  data.identity_id = "AROABEFORE";
  EXPECT_FALSE(Find(kArn, Session(kArn, data))) << "of a role that had the name before";
}

TEST_F(AccessesTest, FederatedUsersAreTheirMakersAndLimited) {
  constexpr const char* kArn = "arn:aws:sts::111122223333:federated-user/bob";
  const auto bob = Find(kArn, Session(kArn, {.maker_arn = "arn:aws:iam::111122223333:user/p/Ann"}));
  ASSERT_TRUE(bob);
  EXPECT_TRUE(bob->has_session);
  EXPECT_TRUE(bob->session.empty());
  EXPECT_EQ(bob->identity.size(), 3u);
  EXPECT_EQ(KeyOfCaller(*bob, "aws:userid"), "111122223333:bob");
  EXPECT_FALSE(Find(kArn));
}

TEST_F(AccessesTest, RolesTrustWhomTheirPolicyNames) {
  const identity::ConditionKeys none;
  const auto lambda = identity::RequestPrincipal::Service("lambda.amazonaws.com"), events = identity::RequestPrincipal::Service("events.amazonaws.com");
  EXPECT_EQ(accesses_.MayAssume("arn:aws:iam::111122223333:role/x/run", lambda, none).decision.type, identity::DecisionType::Allow);
  const auto refused = accesses_.MayAssume("arn:aws:iam::111122223333:role/x/run", events, none);
  EXPECT_TRUE(refused.exists);
  EXPECT_EQ(refused.decision.type, identity::DecisionType::ImplicitDeny);
  EXPECT_FALSE(accesses_.MayAssume("arn:aws:iam::111122223333:role/run", lambda, none).exists) << "of another path";
  EXPECT_FALSE(accesses_.MayAssume("no ARN", lambda, none).exists);
}

}  // namespace
}  // namespace mayfly::iam
