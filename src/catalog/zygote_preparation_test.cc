// If these fail, the first invocation of a new function waits for its interpreter to boot.
#include "catalog/zygote_preparation.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::catalog {
namespace {

class Zygotes : public ::testing::Test {
 protected:
  Function Make(std::string name, std::string runtime) {
    Function function;
    function.name = {.account_id = "000000000000", .region = "us-east-1", .name = std::move(name)};
    function.runtime = std::move(runtime);
    return function;
  }

  SimLoop loop_;
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
  Tables tables_{*store_};
  FunctionCatalog functions_{loop_, tables_};
  RuntimeTable runtimes_{{{.family = RuntimeFamily::Python, .version = 311, .zygote_index = 1}, {.family = RuntimeFamily::Node, .version = 2000}},
                         RuntimeTable::Mode::Nearest};
  std::vector<int> prepared_;
  ZygotePreparation zygotes_{runtimes_, [this](int index, const std::string& account) {
                              EXPECT_EQ(account, "000000000000");
                              prepared_.push_back(index);
                            }};
};

TEST_F(Zygotes, AreBootedForFunctionsThatAreForkedFromThem) {
  zygotes_.PrepareFor(Make("f", "python3.11"));
  zygotes_.PrepareFor(Make("f", "python3.12"));  // runs on the nearest
  EXPECT_EQ(prepared_, (std::vector<int>{1, 1}));
}

TEST_F(Zygotes, AreNotBootedForOthers) {
  for (const char* runtime : {"nodejs20.x", "provided.al2023", "java21", "cobol85", ""}) zygotes_.PrepareFor(Make("f", runtime));
  EXPECT_EQ(prepared_, std::vector<int>());
}

TEST_F(Zygotes, FollowTheCatalog) {
  Context ctx(loop_);
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx)));
  ASSERT_TRUE(loop_.Run(functions_.Open(ctx)));
  zygotes_.Follow(functions_);
  ASSERT_TRUE(loop_.Run(functions_.Create(ctx, Make("f", "python3.11"))));
  ASSERT_TRUE(loop_.Run(functions_.Create(ctx, Make("g", "nodejs20.x"))));
  EXPECT_EQ(prepared_, std::vector<int>{1});
  resources::Change deletion(tables_.all);
  ASSERT_TRUE(functions_.StageDelete(deletion, functions_.Find({.account_id = "000000000000", .region = "us-east-1", .name = "f"})));
  ASSERT_TRUE(loop_.Run(deletion.Commit(ctx)));
  EXPECT_EQ(prepared_, std::vector<int>{1});
}

}  // namespace
}  // namespace mayfly::catalog
