// If these fail, mappings are made of queues that AWS refuses, two equal ones come to be, or one stays on its way for ever.
#include "services/lambda/mappings_api.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/sim_loop.h"
#include "catalog/function_catalog.h"
#include "services/lambda/mapping_settling.h"
#include "sources/queue_source.h"

namespace mayfly::lambda {
namespace {

constexpr const char* kQueue = "arn:aws:sqs:us-east-1:000000000000:q";

// A service whose queues hide messages for half a minute.
struct HalfMinute final : sources::QueueSource {
  Task<Result<sources::QueueDescription>> Describe(Context& ctx, std::string queue_arn) override {
    asked = std::move(queue_arn);
    if (!exists) co_return Fail(Error::Service(sources::kQueueDoesNotExist, "The specified queue does not exist."));
    co_return sources::QueueDescription{.visibility_timeout = std::chrono::seconds(30)};
  }
  Task<Result<sources::ReceivedMessages>> Receive(Context&, sources::ReceiveRequest) override { co_return sources::ReceivedMessages(); }
  Task<Result<>> Delete(Context&, std::string, std::vector<std::string>) override { co_return Result<>(); }
  Task<Result<>> ChangeVisibility(Context&, std::string, std::vector<sources::VisibilityChange>) override { co_return Result<>(); }

  bool exists = true;
  std::string asked;
};

// The API on a store and a virtual clock, with one function "f" of 31 seconds.
struct Bench {
  Bench() : ctx(loop) {
    EXPECT_TRUE(loop.Run(tables.all.Open(ctx)));
    EXPECT_TRUE(loop.Run(catalog.Open(ctx)));
    catalog::Function function;
    function.name = {ctx.principal.account_id, ctx.principal.region, "f"};
    function.timeout_seconds = 31;
    function.revision_id = "r";
    EXPECT_TRUE(loop.Run(catalog.Create(ctx, std::move(function))));
    Start();
  }
  ~Bench() { Stop(); }
  void Start() {
    settling = std::make_unique<MappingSettling>(loop, tables, std::chrono::seconds(5));
    MappingsApi::Parts parts{.clock = loop, .random = random, .tables = tables, .catalog = catalog, .settling = *settling};
    parts.queues = queues;
    parts.last_processing_result = last_processing_result;
    api = std::make_unique<MappingsApi>(std::move(parts));
  }
  void Stop() { loop.RunVoid(settling->Stop()); }
  void Restart() {
    Stop();
    Start();
  }
  auto Create(std::string queue = kQueue) {
    CreateEventSourceMappingRequest request;
    request.function_name = "f";
    request.event_source_arn = std::move(queue);
    return api->CreateEventSourceMapping(ctx, std::move(request));
  }
  std::string StateOf(const std::string& uuid) {
    auto answer = loop.Run(api->GetEventSourceMapping(ctx, {uuid}));
    return answer ? *answer->state : answer.error().code;
  }

  SimLoop loop;
  Context ctx;
  std::unique_ptr<store::Store> store = store::MakeMemoryStore(loop);
  catalog::Tables tables{*store};
  catalog::FunctionCatalog catalog{loop, tables};
  SeededRandom random{1};
  sources::QueueSource* queues = nullptr;
  std::function<std::string_view(const std::string&)> last_processing_result;
  std::unique_ptr<MappingSettling> settling;
  std::unique_ptr<MappingsApi> api;
};

TEST(Mappings, AQueueMustHideMessagesLongEnough) {
  Bench bench;
  HalfMinute queues;
  bench.queues = &queues;
  bench.Restart();
  auto answer = bench.loop.Run(bench.Create());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().message, "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds");
  EXPECT_EQ(queues.asked, kQueue);
  EXPECT_EQ(bench.tables.event_source_mappings.size(), 0u);
}

TEST(Mappings, AQueueMustBeThere) {
  Bench bench;
  HalfMinute queues;
  queues.exists = false;
  bench.queues = &queues;
  bench.Restart();
  const auto answer = bench.loop.Run(bench.Create());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, "InvalidParameterValueException");
  EXPECT_EQ(
      answer.error().message,
      "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified "
      "queue does not exist.");
  EXPECT_EQ(bench.loop.Run(bench.Create(std::string(kQueue) + ".fifo")).error().message, answer.error().message);
}

TEST(Mappings, ShowWhatTheirPollerSays) {
  Bench bench;
  std::string result;
  bench.last_processing_result = [&](const std::string& key) {
    EXPECT_TRUE(bench.tables.event_source_mappings.Find(key));
    return std::string_view(result);
  };
  bench.Restart();
  const std::string uuid = *bench.loop.Run(bench.Create())->uuid;
  EXPECT_FALSE(bench.loop.Run(bench.api->GetEventSourceMapping(bench.ctx, {uuid}))->last_processing_result);
  result = "OK";
  EXPECT_EQ(bench.loop.Run(bench.api->GetEventSourceMapping(bench.ctx, {uuid}))->last_processing_result, "OK");
}

TEST(Mappings, StatesChangeAfterTheDelay) {
  Bench bench;
  auto created = bench.loop.Run(bench.Create());
  ASSERT_TRUE(created.has_value());
  const std::string uuid = *created->uuid;
  bench.loop.RunFor(std::chrono::seconds(4));
  EXPECT_EQ(bench.StateOf(uuid), "Creating");
  bench.loop.RunFor(std::chrono::seconds(2));
  EXPECT_EQ(bench.StateOf(uuid), "Enabled");
  ASSERT_TRUE(bench.loop.Run(bench.api->DeleteEventSourceMapping(bench.ctx, {uuid})));
  EXPECT_EQ(bench.StateOf(uuid), "Deleting");
  bench.loop.RunFor(std::chrono::seconds(6));
  EXPECT_EQ(bench.StateOf(uuid), "ResourceNotFoundException");
  EXPECT_EQ(bench.tables.event_source_mapping_claims.size(), 0u);
}

TEST(Mappings, OfEqualCreationsAtOnceOneSucceeds) {
  Bench bench;
  int made = 0;
  TaskScope scope(bench.loop);
  for (int i = 0; i < 3; ++i) {
    scope.Spawn([](Bench& bench, int& made) -> Task<> {
      auto answer = co_await bench.Create();
      if (answer) ++made;
      EXPECT_TRUE(answer || answer.error().IsService("ResourceConflictException"));
    }(bench, made));
  }
  bench.loop.RunVoid(scope.Join());
  EXPECT_EQ(made, 1);
  EXPECT_EQ(bench.tables.event_source_mappings.size(), 1u);
}

// A change of another part (tags) that is on its way when the delay ends must not leave the mapping where it is.
TEST(Mappings, AnotherChangeDelaysTheStateOnly) {
  Bench bench;
  auto created = bench.loop.Run(bench.Create());
  ASSERT_TRUE(created.has_value());
  const std::string key = bench.ctx.principal.account_id + '/' + bench.ctx.principal.region + '/' + *created->uuid;
  auto& table = bench.tables.event_source_mappings;
  {
    resources::Change change(bench.tables.all);
    const auto old = table.Find(key);
    catalog::EventSourceMapping next = *old;
    next.tags = {{"a", "b"}};
    ASSERT_TRUE(change.Replace(table, key, old, next));
    bench.loop.RunFor(std::chrono::seconds(6));
    EXPECT_EQ(bench.StateOf(*created->uuid), "Creating");
    ASSERT_TRUE(bench.loop.Run(change.Commit(bench.ctx)));
  }
  bench.loop.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(bench.StateOf(*created->uuid), "Enabled");
  EXPECT_EQ(table.Find(key)->tags.size(), 1u);
}

TEST(Mappings, RecoverEndsWhatACrashInterrupted) {
  Bench bench;
  auto created = bench.loop.Run(bench.Create());
  auto other = bench.loop.Run(bench.Create(std::string(kQueue) + "2"));
  ASSERT_TRUE(created && other);
  bench.Stop();  // before the delay ends
  EXPECT_EQ(bench.StateOf(*created->uuid), "Creating");
  bench.Start();
  bench.settling->Recover();
  bench.loop.RunFor(std::chrono::seconds(6));
  EXPECT_EQ(bench.StateOf(*created->uuid), "Enabled");
  EXPECT_EQ(bench.StateOf(*other->uuid), "Enabled");
}

}  // namespace
}  // namespace mayfly::lambda
