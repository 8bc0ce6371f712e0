// If these fail, mappings are polled although they are not Enabled, are not although they are, or lose messages on the way.
#include "sources/mapping_manager.h"

#include "sources/testing_poller.h"

namespace mayfly::sources {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using catalog::EventSourceMapping;
namespace MappingState = catalog::MappingState;

struct ManagerBench {
  ManagerBench() : ctx(loop) {
    EXPECT_TRUE(loop.Run(tables.all.Open(ctx)));
    MakeManager();
    manager->Open();
  }
  ~ManagerBench() { Stop(minutes(15)); }
  void MakeManager() {
    manager = std::make_unique<MappingManager>(loop, tables, functions, random, metrics, PollerOptions());
    manager->Add(SourceKind::SqsStandard, MakeQueuePollers(queue));
  }
  void Stop(Duration drain) { loop.RunVoid(manager->Stop(loop.Now() + drain)); }
  void Put(std::string_view state) {
    mapping.state = state;
    resources::Change change(tables.all);
    EXPECT_TRUE(change.Put(tables.event_source_mappings, mapping.Key(), mapping));
    EXPECT_TRUE(loop.Run(change.Commit(ctx)));
  }
  void Delete() {
    resources::Change change(tables.all);
    EXPECT_TRUE(change.Delete(tables.event_source_mappings, mapping.Key(), tables.event_source_mappings.Find(mapping.Key())));
    EXPECT_TRUE(loop.Run(change.Commit(ctx)));
  }
  // Whether a message that is sent now is processed.
  bool IsPolled() {
    const std::string id = queue.Send("x");
    loop.RunFor(seconds(1));
    return queue.deleted.contains(id);
  }

  SimLoop loop;
  Context ctx;
  SeededRandom random{1};
  std::unique_ptr<store::Store> store = store::MakeMemoryStore(loop);
  catalog::Tables tables{*store};
  FakeQueue queue{loop, random};
  FakeFunctions functions{loop};
  telemetry::Metrics metrics;
  EventSourceMapping mapping = PlainMapping();
  std::unique_ptr<MappingManager> manager;
};

TEST(MappingManager, PollsWhileAMappingIsEnabledAndAtNoOtherTime) {
  ManagerBench bench;
  EXPECT_FALSE(bench.IsPolled());
  for (const auto state : {MappingState::Creating, MappingState::Enabled, MappingState::Disabling, MappingState::Disabled, MappingState::Enabling,
                           MappingState::Enabled, MappingState::Updating, MappingState::Enabled, MappingState::Deleting}) {
    bench.Put(state);
    EXPECT_EQ(bench.IsPolled(), state == MappingState::Enabled) << state;
  }
  bench.Delete();
  EXPECT_FALSE(bench.IsPolled());
}

TEST(MappingManager, StartsWithWhatIsEnabled) {
  ManagerBench bench;
  bench.Put(MappingState::Enabled);
  bench.Stop(seconds(1));
  EXPECT_FALSE(bench.IsPolled());
  bench.MakeManager();
  EXPECT_EQ(bench.manager->CountsOf(bench.mapping.Key()), nullptr);
  bench.manager->Open();
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.queue.size(), 0u);
  EXPECT_EQ(bench.manager->ResultOf(bench.mapping.Key()), "OK");
}

TEST(MappingManager, WhatRunsWhenAMappingIsDeletedEndsWell) {
  ManagerBench bench;
  bench.functions.on_event = [](const auto&) { return FakeFunctions::Behaviour{.takes = seconds(10)}; };
  bench.Put(MappingState::Enabled);
  bench.queue.Send("x");
  bench.loop.RunFor(seconds(1));
  bench.Put(MappingState::Deleting);
  bench.Delete();
  EXPECT_EQ(bench.queue.size(), 1u);
  bench.loop.RunFor(seconds(10));
  EXPECT_EQ(bench.queue.deleted.size(), 1u);
  EXPECT_EQ(bench.functions.batches.size(), 1u);
}

TEST(MappingManager, StoppingIsBounded) {
  ManagerBench bench;
  bench.functions.on_event = [](const auto&) { return FakeFunctions::Behaviour{.takes = minutes(10)}; };
  bench.Put(MappingState::Enabled);
  bench.queue.Send("x");
  bench.loop.RunFor(seconds(1));
  bench.Put(MappingState::Deleting);
  bench.Delete();
  EventSourceMapping other = bench.mapping;
  bench.mapping.uuid = "v";
  bench.Put(MappingState::Enabled);
  bench.queue.Send("y");
  bench.loop.RunFor(seconds(1));
  EXPECT_EQ(bench.functions.running, 2);
  const TimePoint begin = bench.loop.Now();
  bench.Stop(seconds(5));
  EXPECT_EQ(bench.loop.Now(), begin + seconds(5));
  EXPECT_EQ(bench.functions.running, 0);
  EXPECT_EQ(bench.queue.size(), 2u) << "it was not processed to its end";
}

// A kind of source that nobody has thought of here.
class FakePoller final : public Poller {
 public:
  FakePoller(std::vector<std::string>& calls, std::string source) : calls_(&calls) { calls_->push_back("make " + std::move(source)); }
  void Start(MappingPointer) override { calls_->emplace_back("start"); }
  void Pause() override { calls_->emplace_back("pause"); }
  Task<> Drain() override {
    calls_->emplace_back("drain");
    co_return;
  }
  Task<> Stop(TimePoint) override {
    calls_->emplace_back("stop");
    co_return;
  }
  const std::string& result() const override { return result_; }
  const PollerCounts& counts() const override { return counts_; }

 private:
  std::vector<std::string>* calls_;
  std::string result_ = "OK";
  PollerCounts counts_{.polled = 7};
};

TEST(MappingManager, AKindOfSourceIsAddedByItsFactory) {
  std::vector<std::string> calls;
  ManagerBench bench;
  bench.Stop(seconds(1));
  bench.MakeManager();
  bench.manager->Add(SourceKind::Kinesis, [&calls](const PollerParts&, const EventSourceMapping& mapping) {
    return std::make_unique<FakePoller>(calls, mapping.event_source_arn);
  });
  bench.manager->Open();
  bench.mapping.event_source_arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  bench.Put(MappingState::Creating);
  EXPECT_EQ(calls, std::vector<std::string>());
  bench.Put(MappingState::Enabled);
  EXPECT_EQ(bench.manager->CountsOf(bench.mapping.Key())->polled, 7u);
  EXPECT_EQ(bench.manager->ResultOf(bench.mapping.Key()), "OK");
  bench.Put(MappingState::Disabling);
  bench.Put(MappingState::Enabled);
  bench.Delete();
  EXPECT_EQ(calls, (std::vector<std::string>{"make " + bench.mapping.event_source_arn, "start", "pause", "start", "pause", "drain"}));
}

TEST(MappingManager, SourcesWithoutAServiceAreLeftAlone) {
  ManagerBench bench;
  bench.mapping.event_source_arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  bench.Put(MappingState::Enabled);
  bench.loop.RunFor(minutes(1));
  EXPECT_EQ(bench.manager->CountsOf(bench.mapping.Key()), nullptr);
  EXPECT_EQ(bench.queue.receive_calls, 0);
}

}  // namespace
}  // namespace mayfly::sources
