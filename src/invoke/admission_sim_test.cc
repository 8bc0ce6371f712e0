// If these fail, an account runs more than it may, a function more than is reserved for it, or reserved capacity is taken by others.
#include "invoke/admission.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "base/event.h"
#include "base/random.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly::invoke {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct FakeShares final : ConcurrencyShares {
  std::map<std::string, Function> functions;
  Account OfAccount(const catalog::FunctionName&) override {
    Account sums;
    for (const auto& [name, share] : functions) {
      if (share.reserved) sums.reserved += *share.reserved;
      else sums.provisioned += share.provisioned;
    }
    return sums;
  }
  Function OfFunction(const catalog::FunctionName& function) override { return functions[function.name]; }
};

catalog::FunctionName Named(std::string name) { return {.account_id = "000000000000", .region = "us-east-1", .name = std::move(name)}; }

struct AdmissionWorld {
  SimLoop loop;
  FakeShares shares;
  Admission admission;
  std::deque<Admission::Ticket> tickets;

  explicit AdmissionWorld(AdmissionOptions options) : admission(loop, shares, options) {}
  // "" when it may run (and it runs from now on).
  std::string Try(const std::string& name, InitializationType initialization = InitializationType::OnDemand,
                  InvocationKind kind = InvocationKind::Asynchronous) {
    auto ticket = admission.Admit(admission.Find(Named(name)), initialization, kind);
    if (!ticket) return ReasonOf(ticket.error());
    tickets.push_back(std::move(*ticket));
    return "";
  }
  static std::string ReasonOf(const Error& error) {
    EXPECT_EQ(error.code, "TooManyRequestsException");
    EXPECT_EQ(error.message, "Rate Exceeded.");
    EXPECT_TRUE(error.retryable);
    return error.members.at(0).second;
  }
  int Fill(const std::string& name, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; ++i) admitted += Try(name).empty();
    return admitted;
  }
  void Reserve(const std::string& name, std::optional<int64_t> reserved) {
    shares.functions[name].reserved = reserved;
    admission.Refresh(Named(name));
  }
  void Provision(const std::string& name, int64_t provisioned) {
    shares.functions[name].provisioned = provisioned;
    admission.Refresh(Named(name));
  }
};

TEST(Admission, ReservedConcurrencyIsALimitAndAGuarantee) {
  AdmissionWorld world({.account_concurrency = 100});
  world.Reserve("own", 30);
  EXPECT_EQ(world.Fill("flood", 200), 70);
  EXPECT_EQ(world.Try("flood"), R"("ConcurrentInvocationLimitExceeded")");
  EXPECT_EQ(world.Fill("own", 100), 30);
  EXPECT_EQ(world.Try("own"), R"("ReservedFunctionConcurrentInvocationLimitExceeded")");
  world.tickets.clear();
  world.Reserve("own", 0);
  EXPECT_EQ(world.Try("own"), R"("ReservedFunctionConcurrentInvocationLimitExceeded")");
  world.Reserve("own", std::nullopt);
  EXPECT_EQ(world.Fill("own", 200), 100);
}

TEST(Admission, SharesChangeWhileFunctionsRun) {
  AdmissionWorld world({.account_concurrency = 10});
  EXPECT_EQ(world.Fill("a", 20), 10);
  world.Reserve("b", 4);  // all of it is in use: the account's limit holds
  EXPECT_EQ(world.Try("b"), R"("ConcurrentInvocationLimitExceeded")");
  world.tickets.pop_back();
  EXPECT_EQ(world.Try("a"), R"("ConcurrentInvocationLimitExceeded")");  // the pool is still too large
  EXPECT_EQ(world.Try("b"), "");
  world.tickets.clear();
  EXPECT_EQ(world.Fill("a", 20), 6);
  world.Reserve("a", 5);  // six run; they leave the pool
  EXPECT_EQ(world.Try("a"), R"("ReservedFunctionConcurrentInvocationLimitExceeded")");
  EXPECT_EQ(world.Fill("c", 20), 1);
  world.tickets.clear();
  world.Reserve("a", std::nullopt);
  EXPECT_EQ(world.Fill("c", 20), 6);
}

TEST(Admission, ProvisionedConcurrencyIsSetAside) {
  AdmissionWorld world({.account_concurrency = 20});
  world.Provision("p", 5);
  EXPECT_EQ(world.Fill("flood", 50), 15);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.Try("p", InitializationType::ProvisionedConcurrency), "");
  EXPECT_EQ(world.Try("p", InitializationType::ProvisionedConcurrency), R"("ConcurrentInvocationLimitExceeded")");  // beyond its share it spills into the pool
  world.tickets.pop_front();
  EXPECT_EQ(world.Try("p"), "");
  world.tickets.clear();
  world.Reserve("p", 8);  // of which 5 are provisioned
  EXPECT_EQ(world.Fill("p", 50), 3);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.Try("p", InitializationType::ProvisionedConcurrency), "");
  EXPECT_EQ(world.Try("p", InitializationType::ProvisionedConcurrency), R"("ReservedFunctionConcurrentInvocationLimitExceeded")");
}

TEST(Admission, RequestsPerSecond) {
  AdmissionWorld world({.account_concurrency = 10});
  world.Reserve("own", 2);
  const auto run = [&](const std::string& name, int tries) {
    int admitted = 0;
    std::string reason;
    for (int i = 0; i < tries; ++i) {
      const std::string refused = world.Try(name, InitializationType::OnDemand, InvocationKind::Synchronous);
      world.tickets.clear();
      if (refused.empty()) ++admitted;
      else reason = refused;
    }
    return std::pair(admitted, reason);
  };
  EXPECT_EQ(run("own", 50), std::pair(20, std::string(R"("ReservedFunctionInvocationRateLimitExceeded")")));
  EXPECT_EQ(run("a", 60), std::pair(60, std::string()));
  EXPECT_EQ(run("b", 60), std::pair(20, std::string(R"("CallerRateLimitExceeded")")));
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(run("a", 100), std::pair(80, std::string(R"("FunctionInvocationRateLimitExceeded")")));
  world.loop.RunFor(milliseconds(500));
  EXPECT_EQ(run("own", 50).first, 20);  // nothing adds up beyond one second
  EXPECT_EQ(run("a", 100).first, 40);
  EXPECT_EQ(world.Try("a"), "");  // events have no rate
}

TEST(Admission, NewEnvironmentsPerTenSeconds) {
  AdmissionWorld world({.account_concurrency = 5000});
  EXPECT_EQ(world.Try("a"), "");
  const auto start = [&](int tries) {
    int started = 0;
    for (int i = 0; i < tries; ++i) started += world.tickets[0].MayStart().has_value();
    return started;
  };
  EXPECT_EQ(start(1500), 1000);
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(start(1500), 100);
  world.loop.RunFor(seconds(100));
  EXPECT_EQ(start(1500), 1000);
  EXPECT_EQ(AdmissionWorld::ReasonOf(world.tickets[0].MayStart().error()), R"("ConcurrentInvocationLimitExceeded")");
}

TEST(Admission, ADeletedFunctionStillCountsWhileItRuns) {
  AdmissionWorld world({.account_concurrency = 10});
  world.Reserve("a", 4);
  EXPECT_EQ(world.Fill("a", 10), 4);
  world.shares.functions.erase("a");
  world.admission.Refresh(Named("a"));
  world.admission.Forget(Named("a"));
  EXPECT_EQ(world.Fill("a", 20), 6);  // a new one of that name, in the pool
  world.tickets.clear();
  EXPECT_EQ(world.Fill("a", 20), 10);
}

// Random functions, reservations that come and go, and a flood: the limits hold at every instant, and whoever has reserved
// concurrency gets it.
class AdmissionChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(AdmissionChaos, LimitsHoldAndReservationsAreKept) {
  SeededRandom random(GetParam());
  constexpr int kAccount = 50;
  AdmissionWorld world({.account_concurrency = kAccount, .requests_per_concurrency = 0, .starts_max = 40, .starts_window = seconds(10)});
  TaskScope tasks(world.loop);
  std::map<std::string, int> running;
  int total = 0, admitted = 0, refused = 0, denied_owners = 0;
  const auto in_pool = [&] {
    int sum = 0;
    for (const auto& [name, count] : running) sum += world.shares.functions[name].reserved ? 0 : count;
    return sum;
  };
  const auto check = [&] {
    ASSERT_LE(total, kAccount);
    const auto use = world.admission.UseOf(*world.admission.Find(Named("f0")));
    ASSERT_EQ(use.running, total);
    ASSERT_EQ(use.unreserved, in_pool());
  };
  struct Invoke {
    static Task<> Run(AdmissionWorld& world, std::map<std::string, int>& running, int& total, Admission::Ticket ticket, std::string name, Duration takes) {
      Context ctx(world.loop);
      (void)co_await Sleep(ctx, takes);
      --running[name];
      --total;
    }
  };
  for (int step = 0; step < 20'000; ++step) {
    world.loop.RunFor(milliseconds(random.Below(20)));
    const std::string name = "f" + std::to_string(random.Below(random.Below(2) == 0 ? 1 : 6));  // f0 is the flood
    if (random.Below(100) == 0) {
      int64_t others = 0;
      for (const auto& [other, share] : world.shares.functions) others += other == name ? 0 : share.reserved.value_or(0);
      if (random.Below(3) == 0) world.Reserve(name, std::nullopt);
      else world.Reserve(name, static_cast<int64_t>(random.Below(static_cast<uint64_t>(std::max<int64_t>(1, kAccount - 5 - others)))));
    }
    const std::optional<int64_t> reserved = world.shares.functions[name].reserved;
    int64_t reserved_sum = 0, over = 0;
    for (const auto& [other, share] : world.shares.functions) {
      if (!share.reserved) continue;
      reserved_sum += *share.reserved;
      over += std::max<int64_t>(0, running[other] - *share.reserved);
    }
    // Owners have a right to all of their share once whatever ran before it was theirs has ended.
    const bool has_right = reserved && running[name] < *reserved && in_pool() <= kAccount - reserved_sum && over == 0;
    auto ticket = world.admission.Admit(world.admission.Find(Named(name)), InitializationType::OnDemand, InvocationKind::Asynchronous);
    if (ticket) {
      ++admitted;
      ASSERT_TRUE(!reserved || running[name] < *reserved);
      ++running[name];
      ++total;
      check();
      tasks.Spawn(Invoke::Run(world, running, total, std::move(*ticket), name, milliseconds(random.Below(2000))));
    } else {
      ++refused;
      denied_owners += has_right;
    }
    check();
  }
  EXPECT_EQ(denied_owners, 0) << "seed " << GetParam();
  EXPECT_GT(admitted, 1000);
  EXPECT_GT(refused, 100);
  world.loop.RunFor(seconds(10));
  EXPECT_EQ(total, 0);
  check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, AdmissionChaos, testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace mayfly::invoke
