// If these fail, a version of a parameter is lost or numbered twice, a limit is passed, or a secret lies in the store as it was given.
#include "services/ssm/parameters.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::ssm {
namespace {

// Turns values around, and knows where they belong.
class TurningKeys final : public keyring::Keys {
 public:
  Task<Result<std::string>> Find(Context&, std::string name) override { co_return name; }
  Result<std::string> Seal(const Context&, std::string_view, std::string_view value, const Use& use) const override {
    return use.context.at("PARAMETER_ARN") + '|' + std::string(value.rbegin(), value.rend());
  }
  Result<std::string> Open(const Context&, std::string_view blob, const Use& use) const override {
    const std::string where = use.context.at("PARAMETER_ARN") + '|';
    if (!blob.starts_with(where)) return Fail(Error::Service("InvalidCiphertextException", ""));
    return std::string(blob.rbegin(), blob.rend() - static_cast<std::ptrdiff_t>(where.size()));
  }
};

const ParameterKey kKey{"111122223333", "eu-west-1", "app/db"};

class ParametersTest : public ::testing::Test {
 public:
  ParametersTest() { Open(); }
  void Open() {
    parameters_.reset();
    parameters_.emplace(*store_, keys_, nullptr);
    ASSERT_TRUE(loop_.Run(parameters_->Open(ctx_)));
  }
  Result<int64_t> Put(const ParameterKey& key, std::string value, std::string type = "String", std::string tier = "Standard") {
    return loop_.Run(parameters_->Put(ctx_, key, [&](const Parameters::Pointer& old) -> Result<Parameters::Next> {
      Parameters::Next next{.parameter = old ? *old : ParameterRow{.key = key, .name = '/' + key.path, .type = type}, .value = value};
      next.parameter.newest.tier = tier;
      next.parameter.newest.key_arn = type == kSecure ? "a key" : "";
      return next;
    }));
  }
  // "1=one 2=two "
  std::string History(const ParameterKey& key = kKey) {
    std::string text;
    const auto parameter = parameters_->Find(key);
    for (const VersionRow& version : parameters_->Versions(*parameter, 0, SIZE_MAX)) {
      text += std::to_string(version.version) + '=' + *parameters_->Reveal(ctx_, *parameter, version) + ' ';
    }
    return text;
  }

  SimLoop loop_;
  Context ctx_{loop_};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
  TurningKeys keys_;
  std::optional<Parameters> parameters_;
};

TEST_F(ParametersTest, VersionsAreNumberedAndKept) {
  EXPECT_EQ(*Put(kKey, "one"), 1);
  EXPECT_EQ(*Put(kKey, "two"), 2);
  EXPECT_EQ(*Put(kKey, "three"), 3);
  EXPECT_EQ(History(), "1=one 2=two 3=three ");
  const auto parameter = parameters_->Find(kKey);
  EXPECT_EQ(parameters_->FindVersion(*parameter, "")->value, "three");
  EXPECT_EQ(parameters_->FindVersion(*parameter, "2")->value, "two");
  EXPECT_FALSE(parameters_->FindVersion(*parameter, "4"));
  EXPECT_FALSE(parameters_->FindVersion(*parameter, "label"));
  Open();
  EXPECT_EQ(History(), "1=one 2=two 3=three ") << "after a restart";
}

TEST_F(ParametersTest, AtOnceTheyTakeTurns) {
  TaskScope scope(loop_);
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    scope.Spawn([](ParametersTest& test, int& done) -> Task<> {
      Context ctx(test.loop_);
      auto put = co_await test.parameters_->Put(ctx, kKey, [](const Parameters::Pointer& old) -> Result<Parameters::Next> {
        return Parameters::Next{.parameter = old ? *old : ParameterRow{.key = kKey, .name = "/app/db", .type = "String"}, .value = "x"};
      });
      EXPECT_TRUE(put);
      ++done;
    }(*this, done));
  }
  loop_.RunVoid(scope.Join());
  EXPECT_EQ(done, 20);
  EXPECT_EQ(parameters_->Find(kKey)->newest.version, 20);
}

TEST_F(ParametersTest, AHundredVersionsAreKept) {
  for (int i = 1; i <= 105; ++i) ASSERT_EQ(*Put(kKey, std::to_string(i)), i);
  const auto versions = parameters_->Versions(*parameters_->Find(kKey), 0, SIZE_MAX);
  ASSERT_EQ(versions.size(), 100u);
  EXPECT_EQ(versions.front().version, 6);
  EXPECT_EQ(versions.back().version, 105);
}

TEST_F(ParametersTest, ALabelHoldsTheOldestVersion) {
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(Put(kKey, "x"));
  ASSERT_TRUE(loop_.Run(parameters_->Edit(ctx_, kKey, [](ParameterRow& row) -> Result<> {
    row.labels = {{"keep", "1"}};
    return {};
  })));
  EXPECT_EQ(Put(kKey, "x").error().code, "ParameterMaxVersionLimitExceeded");
  EXPECT_EQ(parameters_->Find(kKey)->newest.version, 100);
}

TEST_F(ParametersTest, DeletingTakesEveryVersionAndNoNeighbour) {
  const ParameterKey below{"111122223333", "eu-west-1", "app/db/password"};
  for (const ParameterKey& key : {kKey, kKey, below, below}) ASSERT_TRUE(Put(key, "x"));
  ASSERT_TRUE(loop_.Run(parameters_->Delete(ctx_, kKey)));
  EXPECT_EQ(parameters_->Find(kKey), nullptr);
  EXPECT_EQ(History(below), "1=x 2=x ");
  EXPECT_EQ(*Put(kKey, "anew"), 1);
  EXPECT_EQ(History(), "1=anew ");
}

TEST_F(ParametersTest, ASecretIsSealedInTheStore) {
  ASSERT_TRUE(Put(kKey, "correct horse", std::string(kSecure)));
  EXPECT_EQ(History(), "1=correct horse ");
  EXPECT_EQ(parameters_->Find(kKey)->newest.value.find("horse"), std::string::npos);
}

TEST_F(ParametersTest, StandardOnesAreTenThousand) {
  for (int i = 0; i < kStandardMax; ++i) ASSERT_TRUE(Put({"111122223333", "eu-west-1", "p" + std::to_string(i)}, "x"));
  EXPECT_EQ(Put(kKey, "x").error().code, "ParameterLimitExceeded");
  EXPECT_TRUE(Put(kKey, "x", "String", "Advanced")) << "those have a limit of their own";
  EXPECT_TRUE(Put({"444455556666", "eu-west-1", "p"}, "x")) << "and so have other accounts";
  EXPECT_TRUE(Put({"111122223333", "eu-west-1", "p0"}, "y")) << "a further version is no further parameter";
  ASSERT_TRUE(loop_.Run(parameters_->Delete(ctx_, {"111122223333", "eu-west-1", "p1"})));
  EXPECT_TRUE(Put({"111122223333", "eu-west-1", "new"}, "x"));
  Open();
  EXPECT_EQ(Put({"111122223333", "eu-west-1", "newer"}, "x").error().code, "ParameterLimitExceeded") << "after a restart";
}

}  // namespace
}  // namespace mayfly::ssm
