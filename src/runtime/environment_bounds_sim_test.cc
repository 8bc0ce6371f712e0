// If these fail, environments take the machine's last memory, or provisioned ones are lost, doubled or given away.
#include <gtest/gtest.h>

#include "runtime/simulation.h"

namespace mayfly::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int64_t kMib = 1 << 20;

// What others use is set by the test; what fake cages use (10 MiB each) is counted.
class FakeMemory final : public MachineMemory {
 public:
  FakeMemory(int64_t total, const sandbox::FakeWorld& world) : free_of_others(total), world_(&world) {}
  int64_t AvailableBytes() override { return std::max<int64_t>(0, free_of_others - world_->live_cages * 10 * kMib); }
  int64_t free_of_others;

 private:
  const sandbox::FakeWorld* world_;
};

struct BoundedNode {
  SimLoop loop;
  FakeFunction function;
  SimulatedFactory factory{loop, function};
  FakeMemory memory{200 * kMib, factory.world};
  std::unique_ptr<EnvironmentManager> manager;
  std::shared_ptr<EnvironmentSpec> spec = std::make_shared<EnvironmentSpec>();
  TaskScope tasks{loop};
  int answered = 0;
  std::string last_error;

  explicit BoundedNode(ManagerOptions options = {}, bool bounded = true) {
    if (bounded) {
      options.memory.machine = &memory;
      options.memory.reserve_bytes = 50 * kMib;
    }
    manager = std::make_unique<EnvironmentManager>(loop, factory, options);
  }
  void Invoke(std::string pool) {
    tasks.Spawn([](BoundedNode& node, std::string pool) -> Task<> {
      Context ctx(node.loop);
      auto outcome = co_await node.manager->Invoke(ctx, pool, node.spec, {.request_id = "r", .payload = "1"});
      if (outcome) ++node.answered;
      else node.last_error = outcome.error().code;
    }(*this, std::move(pool)));
  }
  Result<> Provision(std::string pool) {
    Context ctx(loop);
    return loop.Run(manager->Provision(ctx, pool, spec));
  }
  void ExpectNothingLeft() {
    manager->RetireAll();
    loop.RunFor(minutes(1));
    EXPECT_EQ(factory.world.live_cages, 0);
    EXPECT_EQ(manager->counts().live, 0);
    EXPECT_EQ(manager->counts().idle, 0);
    EXPECT_EQ(manager->used_memory_bytes(), 0);
  }
};

TEST(MemoryBound, MeasuredEnvironmentsFillWhatThereIsAndNoMore) {
  BoundedNode node;
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.takes = seconds(2)}; };
  // 150 MiB beyond the reserve; 24 MiB are expected of each while none has been measured.
  for (int i = 0; i < 20; ++i) node.Invoke("pool");
  node.loop.RunFor(seconds(1));
  EXPECT_LE(node.factory.world.live_cages, 6);
  EXPECT_GE(node.factory.world.live_cages, 4);
  EXPECT_EQ(node.last_error, "NoMemory");
  node.loop.RunFor(seconds(5));
  // They were seen to use 10 MiB each: there is room for more of them.
  for (int i = 0; i < 30; ++i) node.Invoke("pool");
  node.loop.RunFor(seconds(1));
  EXPECT_GE(node.factory.world.live_cages, 10);
  EXPECT_GE(node.memory.AvailableBytes(), 50 * kMib);
  node.loop.RunFor(seconds(5));
  node.ExpectNothingLeft();
}

TEST(MemoryBound, IdleEnvironmentsMakeRoomFirst) {
  BoundedNode node;
  for (int i = 0; i < 40; ++i) {
    node.Invoke("pool-" + std::to_string(i));
    node.loop.RunFor(seconds(1));
  }
  EXPECT_EQ(node.answered, 40);
  EXPECT_GE(node.memory.AvailableBytes(), 50 * kMib);
  node.ExpectNothingLeft();
}

TEST(MemoryBound, IdleEnvironmentsGoWhenOthersNeedTheMemory) {
  BoundedNode node({.idle_timeout = hours(1)});
  for (int i = 0; i < 5; ++i) {
    node.Invoke("pool-" + std::to_string(i));
    node.loop.RunFor(seconds(1));
  }
  EXPECT_EQ(node.manager->counts().idle, 5);
  node.memory.free_of_others = 80 * kMib;
  node.loop.RunFor(seconds(3));
  EXPECT_EQ(node.manager->counts().idle, 3);
  EXPECT_GE(node.memory.AvailableBytes(), 50 * kMib);
  node.memory.free_of_others = 0;
  node.loop.RunFor(seconds(3));
  EXPECT_EQ(node.manager->counts().live, 0);
  node.Invoke("pool");
  node.loop.RunFor(seconds(1));
  EXPECT_EQ(node.last_error, "NoMemory");
  node.ExpectNothingLeft();
}

TEST(MemoryBound, AnOwnBoundCountsWhatIsUsed) {
  BoundedNode node({.memory = {.bytes_max = 60 * kMib}}, false);
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.takes = seconds(2)}; };
  for (int i = 0; i < 10; ++i) node.Invoke("pool");
  node.loop.RunFor(seconds(1));
  EXPECT_EQ(node.factory.world.live_cages, 2);  // 24 MiB are expected of each
  node.loop.RunFor(seconds(5));
  for (int i = 0; i < 10; ++i) node.Invoke("pool");
  node.loop.RunFor(seconds(1));
  EXPECT_EQ(node.factory.world.live_cages, 6);
  node.loop.RunFor(seconds(5));
  node.ExpectNothingLeft();
}

TEST(MemoryBound, WhatLiesInTmpCounts) {  // else idle environments keep more than all may have
  BoundedNode node({.memory = {.bytes_max = 1000 * kMib}}, false);
  node.spec->cage.tmp_bytes = 512 * kMib;
  node.factory.world.charged_bytes = 400 * kMib;
  for (int i = 0; i < 5; ++i) {
    node.Invoke("pool-" + std::to_string(i));
    node.loop.RunFor(milliseconds(500));
    EXPECT_LE(node.manager->used_memory_bytes(), 1000 * kMib);
  }
  EXPECT_EQ(node.answered, 5);
  EXPECT_EQ(node.manager->counts().idle, 2);
  node.Invoke("pool-4");  // that of another pool goes, not the one that is lent
  node.loop.RunFor(milliseconds(500));
  EXPECT_EQ(node.answered, 6);
  node.ExpectNothingLeft();
}

TEST(ProvisionedPools, AreInitialisedAheadAndKept) {
  BoundedNode node({.idle_timeout = minutes(1), .environments_max = 3}, false);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(node.Provision("p"));
  node.loop.RunFor(hours(1));  // they do not time out
  EXPECT_EQ(node.manager->CountProvisioned("p").ready, 2);
  EXPECT_TRUE(node.manager->HasIdleProvisioned("p"));
  const int started = node.factory.world.started_processes;
  node.Invoke("p");
  EXPECT_EQ(node.manager->CountProvisioned("p").busy, 1);
  node.loop.RunFor(seconds(1));
  EXPECT_EQ(node.answered, 1);
  EXPECT_EQ(node.factory.world.started_processes, started);
  EXPECT_EQ(node.manager->CountProvisioned("p").busy, 0);
  // Nor do they make room: the third place is all that others have.
  for (int i = 0; i < 4; ++i) {
    node.Invoke("other-" + std::to_string(i));
    node.loop.RunFor(seconds(1));
  }
  EXPECT_EQ(node.answered, 5);
  EXPECT_EQ(node.manager->CountProvisioned("p").ready, 2);
  node.ExpectNothingLeft();
}

TEST(ProvisionedPools, ACrashedOneIsLostAndTold) {
  BoundedNode node({}, false);
  std::vector<std::string> losses;
  node.manager->OnProvisionedLoss([&](const std::string& pool) { losses.push_back(pool); });
  EXPECT_TRUE(node.Provision("p"));
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = FakeBehaviour::Kind::Exit}; };
  node.Invoke("p");
  node.loop.RunFor(seconds(1));
  EXPECT_EQ(losses, std::vector<std::string>{"p"});
  EXPECT_EQ(node.manager->CountProvisioned("p").ready, 0);
  EXPECT_FALSE(node.manager->HasIdleProvisioned("p"));
  EXPECT_EQ(node.factory.world.live_cages, 0);
  node.function.on_init = [] { return 1; };
  const auto failed = node.Provision("p");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "InitFailed");
  EXPECT_EQ(node.manager->CountProvisioned("p").ready, 0);
  node.ExpectNothingLeft();
}

TEST(ProvisionedPools, TheirInitHasItsOwnLimit) {
  BoundedNode node({}, false);
  node.spec->init_timeout = seconds(130);
  node.function.init_takes = seconds(100);
  EXPECT_TRUE(node.Provision("p"));
  node.function.init_takes = seconds(131);
  EXPECT_FALSE(node.Provision("p"));
  node.ExpectNothingLeft();
}

TEST(ProvisionedPools, FewerAreKeptOldestFirst) {
  BoundedNode node({.age_max = hours(10)}, false);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(node.Provision("p"));
    node.loop.RunFor(hours(1));
  }
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.takes = seconds(1)}; };
  node.Invoke("p");
  node.Invoke("p");
  node.manager->KeepProvisioned("p", 1);
  EXPECT_EQ(node.manager->CountProvisioned("p").ready, 2);  // the idle one has gone, the busy ones cannot yet
  node.loop.RunFor(seconds(5));
  EXPECT_EQ(node.answered, 2);
  EXPECT_EQ(node.manager->CountProvisioned("p").ready, 1);
  EXPECT_FALSE(node.manager->HasOldProvisioned("p"));
  node.loop.RunFor(hours(8));
  EXPECT_TRUE(node.manager->HasOldProvisioned("p"));
  node.ExpectNothingLeft();
}

}  // namespace
}  // namespace mayfly::runtime
