// If these fail, an account's concurrency is given twice, or is lost to nobody, or a stored setting reads back differently.
#include "catalog/concurrency_ledger.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::catalog {
namespace {

const FunctionName kFunction{"111122223333", "eu-west-1", "f"};
const FunctionName kOther{"111122223333", "eu-west-1", "g"};

Function MakeFunction(const FunctionName& name) {
  Function function;
  function.name = name;
  function.revision_id = "r1";
  return function;
}

Task<> Reserve(Context& ctx, Tables& tables, const FunctionName& function, int executions) {
  resources::Change change(tables.all);
  const SettingOwner owner{function};
  EXPECT_TRUE(change.Put(tables.reserved_concurrency, owner.Key(), ReservedConcurrency{owner, executions}));
  EXPECT_TRUE(co_await change.Commit(ctx));
}

Task<> Provision(Context& ctx, Tables& tables, const FunctionName& function, std::string qualifier, int executions) {
  resources::Change change(tables.all);
  const SettingOwner owner{function, std::move(qualifier)};
  EXPECT_TRUE(change.Put(tables.provisioned_concurrency, owner.Key(), ProvisionedConcurrency{.owner = owner, .requested = executions}));
  EXPECT_TRUE(co_await change.Commit(ctx));
}

Task<> MakeFunctions(Context& ctx, Tables& tables) {
  resources::Change change(tables.all);
  EXPECT_TRUE(change.Create(tables.functions, kFunction.Key(), MakeFunction(kFunction)));
  EXPECT_TRUE(change.Create(tables.functions, kOther.Key(), MakeFunction(kOther)));
  EXPECT_TRUE(co_await change.Commit(ctx));
}

// reserved, provisioned
std::pair<int64_t, int64_t> SumsOf(ConcurrencyLedger& ledger) {
  const ConcurrencyLedger::Sums sums = ledger.Of(kFunction);
  return {sums.reserved, sums.provisioned};
}

using Pair = std::pair<int64_t, int64_t>;

TEST(ConcurrencyLedger, ReadsWhatIsThereAndFollowsChanges) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop);
  Context ctx(loop);
  loop.RunVoid([](Context& ctx, store::Store& store) -> Task<> {
    Tables tables(store);
    EXPECT_TRUE(co_await tables.all.Open(ctx));
    ConcurrencyLedger early(tables);
    EXPECT_EQ(SumsOf(early), Pair(0, 0));
    co_await MakeFunctions(ctx, tables);
    co_await Reserve(ctx, tables, kFunction, 10);
    co_await Provision(ctx, tables, kFunction, "1", 4);  // out of what is reserved
    co_await Provision(ctx, tables, kOther, "1", 3);     // out of the common pool
    co_await Provision(ctx, tables, kOther, "live", 2);
    ConcurrencyLedger late(tables);
    for (ConcurrencyLedger* ledger : {&early, &late}) {
      EXPECT_EQ(SumsOf(*ledger), Pair(10, 5));
      EXPECT_EQ(ledger->ProvisionedOf(kFunction), 4);
      EXPECT_EQ(ledger->ProvisionedOf(kOther), 5);
      EXPECT_EQ(ledger->Of({"999922223333", "eu-west-1", ""}).taken(), 0);
    }
    co_await Provision(ctx, tables, kOther, "live", 1);
    co_await Reserve(ctx, tables, kFunction, 12);
    co_await Reserve(ctx, tables, kOther, 20);
    EXPECT_EQ(SumsOf(early), Pair(32, 0));
    // All rows of a function at once, in whatever order.
    resources::Change change(tables.all);
    EXPECT_TRUE(change.Delete(tables.functions, kFunction.Key(), tables.functions.Find(kFunction.Key())));
    EXPECT_TRUE(co_await change.Commit(ctx));
    EXPECT_EQ(SumsOf(early), Pair(20, 0));
    const std::string key = SettingOwner{kOther}.Key();
    resources::Change unreserve(tables.all);
    EXPECT_TRUE(unreserve.Delete(tables.reserved_concurrency, key, tables.reserved_concurrency.Find(key)));
    EXPECT_TRUE(co_await unreserve.Commit(ctx));
    EXPECT_EQ(SumsOf(early), Pair(0, 4));
    EXPECT_EQ(SumsOf(late), Pair(0, 4));
    EXPECT_TRUE(co_await store.Clear(ctx));
    EXPECT_EQ(SumsOf(early), Pair(0, 0));
  }(ctx, *store));
}

TEST(ConcurrencyLedger, ClaimsCountWhileTheyLive) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop);
  Tables tables(*store);
  ConcurrencyLedger ledger(tables);
  {
    const ConcurrencyLedger::Claim claim(ledger, kFunction, 7);
    const ConcurrencyLedger::Claim nothing(ledger, kOther, -5);
    EXPECT_EQ(ledger.Of(kOther).taken(), 7);
  }
  EXPECT_EQ(ledger.Of(kOther).taken(), 0);
}

template <typename T>
T RoundTrip(const T& setting) {
  T read;
  EXPECT_TRUE(FromJson(setting.owner.Key(), ToJson(setting), read));
  EXPECT_EQ(read.owner.Key(), setting.owner.Key());
  EXPECT_EQ(json::Write(ToJson(read)), json::Write(ToJson(setting)));
  return read;
}

TEST(FunctionSettings, ReadBackAsTheyWereWritten) {
  const SettingOwner owner{kFunction, "live"};
  EXPECT_EQ(RoundTrip(ReservedConcurrency{owner, 12}).executions, 12);
  EXPECT_EQ(RoundTrip(ReservedConcurrency{owner, 0}).executions, 0);
  EXPECT_EQ(RoundTrip(ProvisionedConcurrency{owner, 3, "then"}).requested, 3);
  const EventInvokeConfig config = RoundTrip(EventInvokeConfig{owner, 0, 60, "arn:a", "arn:b", 1234});
  EXPECT_EQ(config.retry_attempts_max, 0);
  EXPECT_EQ(config.failure_destination, "arn:b");
  EXPECT_FALSE(RoundTrip(EventInvokeConfig{.owner = owner}).retry_attempts_max);
  EXPECT_EQ(RoundTrip(RuntimeManagement{owner, "Manual", "arn:r"}).runtime_version_arn, "arn:r");
  EXPECT_EQ(RoundTrip(RecursionConfig{owner, "Allow"}).recursive_loop, "Allow");
  ReservedConcurrency wrong;
  EXPECT_FALSE(FromJson("no key", json::Value(json::Object()), wrong));
}

}  // namespace
}  // namespace mayfly::catalog
