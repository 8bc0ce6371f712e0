// If these fail, accepted events are lost, tried too often or too late, or their ends are told to nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/json.h"
#include "base/sim_loop.h"
#include "base/text.h"
#include "invoke/event_queue.h"
#include "invoke/function_target.h"

namespace mayfly::invoke {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

catalog::Function MakeFunction(std::string name) {
  catalog::Function function;
  function.name = {"111122223333", "eu-west-1", std::move(name)};
  function.revision_id = "r1";
  function.code_sha256 = std::string(64, 'a');
  return function;
}

constexpr std::string_view kQueue = "arn:aws:sqs:eu-west-1:111122223333:";

// A queue that can be slow, fail, or refuse.
class FakeTarget final : public delivery::Target {
 public:
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view, const identity::ConditionKeys&) const override {
    principals.emplace_back(principal.arn);
    if (!refuses) return {};
    return Fail(Error::Service("AccessDeniedException", "no"));
  }
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override {
    offered.push_back(delivery);
    const delivery::Delivery copy = delivery;
    if (delay > Duration::zero()) (void)co_await Sleep(ctx, delay);
    const double chance = random ? random->Unit() : 1;
    if (chance < failure_rate) {
      Error error = Error::Fault("the target is down");
      error.retryable = true;
      co_return Fail(std::move(error));
    }
    taken.push_back(copy);
    co_return Result<>();
  }
  size_t body_bytes_max() const override { return bytes_max; }

  std::vector<delivery::Delivery> offered, taken;
  mutable std::vector<std::string> principals;  // who asked
  bool refuses = false;
  Duration delay{};
  double failure_rate = 0;
  size_t bytes_max = 262'144;
  Random* random = nullptr;
};

// One attempt, as a function sees it.
struct Attempt {
  std::string function, version, request_id, payload, trace;
  TimePoint at;
};

class EventWorld {
 public:
  using Answer = std::function<Task<Result<runtime::InvokeOutcome>>(EventWorld&, Attempt)>;

  explicit EventWorld(uint64_t seed = 1, store::MemoryStoreFaults faults = {.latency = milliseconds(1)})
      : random(seed), control(store::MakeMemoryStore(loop)), events(store::MakeMemoryStore(loop, seed, faults)), tables(*control), functions(loop, tables) {
    EXPECT_TRUE(loop.Run(tables.all.Open(ctx)));
    EXPECT_TRUE(loop.Run(functions.Open(ctx)));
    targets.Register("sqs", queue);
  }
  ~EventWorld() { Crash(); }

  void Start() {
    deliveries = std::make_unique<delivery::DeliveryWorker>(loop, router, delivery::DeliveryOptions());
    lanes = std::make_unique<delivery::DurableLanes>(loop, *events, random, lane_options);
    lanes->AddWorker(std::string(delivery::kDeliveryLanes), *deliveries);
    EventQueueParts parts{.loop = &loop, .lanes = lanes.get(), .deliveries = deliveries.get(), .catalog = &functions, .tables = &tables, .random = &random};
    parts.metrics = &metrics;
    parts.loops = &loops;
    parts.targets = &router;
    parts.invoke = [this](Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation) {
      if (ctx.trace_header.find("Sampled=") == std::string::npos) ctx.trace_header += ";Sampled=1";  // as the Invoker decides
      return Invoke(std::move(function), std::move(invocation));
    };
    router = delivery::TargetRouter(targets);
    events_queue = std::make_unique<EventQueue>(std::move(parts), DispatchOptions());
    function_target = std::make_unique<FunctionTarget>(*events_queue, functions, access);
    router.Register("lambda", *function_target);
    lanes->Open();
  }
  void Crash() {
    lanes.reset();
    events_queue.reset();
    function_target.reset();
  }

  Task<Result<runtime::InvokeOutcome>> Invoke(catalog::FunctionPointer function, runtime::Invocation invocation) {
    Attempt attempt{function->name.name, function->version, invocation.request_id, invocation.payload, invocation.trace_id, loop.Now()};
    attempts.push_back(attempt);
    return answer(*this, std::move(attempt));
  }

  catalog::FunctionName Make(const std::string& name, std::string dead_letter_arn = {}) {
    catalog::Function function = MakeFunction(name);
    function.dead_letter_arn = std::move(dead_letter_arn);
    EXPECT_TRUE(loop.Run(functions.Create(ctx, function)));
    return function.name;
  }
  template <typename T>
  void Put(resources::ResourceTable<T>& table, T setting) {
    resources::Change change(tables.all);
    const std::string key = setting.owner.Key();
    EXPECT_TRUE(change.Put(table, key, setting));
    EXPECT_TRUE(loop.Run(change.Commit(ctx)));
  }
  void Configure(catalog::EventInvokeConfig config) { Put(tables.event_invoke_configs, std::move(config)); }

  std::string Send(const catalog::FunctionName& function, std::string payload = "{}", std::string trace = {}) {
    std::string id = random.Uuid();
    auto accepted = loop.Run(events_queue->Accept(ctx, {.request_id = id, .function = {function, ""}, .payload = std::move(payload), .trace_header = trace}));
    return accepted ? id : "";
  }
  int64_t Owed(const std::string& lane) { return events->Counts(lane).items; }
  int Figure(const telemetry::Metric& metric, std::string_view function) {
    const telemetry::Dimension dimensions[] = {{"FunctionName", function}};
    const auto found = metrics.Find(metric, {"111122223333", "eu-west-1"}, dimensions);
    return found ? static_cast<int>(found->sum) : 0;
  }
  std::vector<json::Value> Records() {
    std::vector<json::Value> records;
    for (const delivery::Delivery& delivery : queue.taken) records.push_back(json::Parse(delivery.body).value());
    return records;
  }

  SimLoop loop;
  Context ctx{loop};
  SeededRandom random;
  std::unique_ptr<store::Store> control, events;
  catalog::Tables tables;
  catalog::FunctionCatalog functions;
  telemetry::Metrics metrics;
  LoopGuard loops{tables, metrics};
  FakeTarget queue;
  delivery::TargetRouter targets, router;
  identity::AdministratorsOnly identities;
  catalog::Access access{tables, identities, loop};
  delivery::LaneOptions lane_options;
  std::unique_ptr<delivery::DeliveryWorker> deliveries;
  std::unique_ptr<EventQueue> events_queue;
  std::unique_ptr<FunctionTarget> function_target;
  std::unique_ptr<delivery::DurableLanes> lanes;
  std::vector<Attempt> attempts;
  Answer answer = [](EventWorld&, Attempt) -> Task<Result<runtime::InvokeOutcome>> { co_return runtime::InvokeOutcome{.payload = "\"done\""}; };
};

Task<Result<runtime::InvokeOutcome>> FailAlways(EventWorld&, Attempt) {
  co_return runtime::InvokeOutcome{.function_error = true, .payload = R"({"errorMessage":"no luck","errorType":"ValueError"})"};
}
Task<Result<runtime::InvokeOutcome>> ThrottleAlways(EventWorld&, Attempt) {
  co_return Fail(Error::Service("TooManyRequestsException", "Rate Exceeded."));
}

const json::Value& At(const json::Value& value, std::string_view path) {
  const json::Value* at = &value;
  for (const auto part : Split(path, '.')) {
    at = at->Find(part);
    if (!at) {
      ADD_FAILURE() << "no " << path << " in " << json::Write(value);
      static const json::Value nothing;
      return nothing;
    }
  }
  return *at;
}

TEST(EventQueue, ASuccessIsToldToItsDestination) {
  EventWorld world;
  const auto function = world.Make("f");
  world.Configure({.owner = {function}, .success_destination = std::string(kQueue) + "good", .failure_destination = std::string(kQueue) + "bad"});
  world.Start();
  const std::string id = world.Send(function, R"({"order":1})");
  world.loop.RunFor(seconds(1));
  ASSERT_THAT(world.queue.taken, SizeIs(1));
  EXPECT_EQ(world.queue.taken[0].target_arn, std::string(kQueue) + "good");
  EXPECT_EQ(world.queue.taken[0].source_arn, function.Arn());
  EXPECT_EQ(world.queue.taken[0].detail_type, "Lambda Function Invocation Result - Success");
  const json::Value record = world.Records().at(0);
  std::vector<std::string> members;
  for (const auto& [name, value] : record.object()) members.push_back(name);
  EXPECT_THAT(members, ElementsAre("version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"));
  EXPECT_EQ(At(record, "version").string(), "1.0");
  EXPECT_EQ(json::Write(At(record, "requestContext")),
            R"({"requestId":")" + id + R"(","functionArn":")" + function.Arn() + R"(:$LATEST","condition":"Success","approximateInvokeCount":1})");
  EXPECT_EQ(json::Write(At(record, "requestPayload")), R"({"order":1})");
  EXPECT_EQ(json::Write(At(record, "responseContext")), R"({"statusCode":200,"executedVersion":"$LATEST"})");
  EXPECT_EQ(At(record, "responsePayload").string(), "done");
  EXPECT_EQ(world.Owed(InvokeLane(function)), 0);
}

TEST(EventQueue, AFunctionErrorIsTriedAgainAfterOneAndTwoMinutesThenToldToBoth) {
  EventWorld world;
  const auto function = world.Make("f", std::string(kQueue) + "dead");
  world.Configure({.owner = {function}, .failure_destination = std::string(kQueue) + "bad"});
  world.answer = FailAlways;
  world.Start();
  const std::string id = world.Send(function, "[1]");
  world.loop.RunFor(minutes(10));
  ASSERT_THAT(world.attempts, SizeIs(3));
  for (const Attempt& attempt : world.attempts) EXPECT_EQ(attempt.request_id, id) << "every attempt has the same request id";
  EXPECT_EQ(world.attempts[0].trace.find("Sampled="), std::string::npos);
  for (const size_t retry : {1, 2}) EXPECT_TRUE(world.attempts[retry].trace.ends_with(";Sampled=1")) << "what was decided once holds";
  EXPECT_NEAR(ToMillis(world.attempts[1].at - world.attempts[0].at), 60'000, 100);
  EXPECT_NEAR(ToMillis(world.attempts[2].at - world.attempts[1].at), 120'000, 100);
  ASSERT_THAT(world.queue.taken, SizeIs(2));
  const delivery::Delivery* letter = nullptr;
  for (const delivery::Delivery& delivery : world.queue.taken) {
    if (delivery.target_arn.ends_with("dead")) letter = &delivery;
  }
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->body, "[1]");
  ASSERT_THAT(letter->attributes, SizeIs(3));
  EXPECT_EQ(letter->attributes[0].name + letter->attributes[0].value, "RequestID" + id);
  EXPECT_EQ(letter->attributes[1].name + letter->attributes[1].value, "ErrorCode200");
  EXPECT_EQ(letter->attributes[1].type, delivery::DeliveryAttribute::Type::Number);
  EXPECT_EQ(letter->attributes[2].name + letter->attributes[2].value, "ErrorMessageno luck");
  for (const json::Value& record : world.Records()) {
    if (record.is_array()) continue;
    EXPECT_EQ(At(record, "requestContext.condition").string(), "RetriesExhausted");
    EXPECT_EQ(At(record, "requestContext.approximateInvokeCount").number_text(), "3");
    EXPECT_EQ(json::Write(At(record, "responseContext")), R"({"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"})");
    EXPECT_EQ(At(record, "responsePayload.errorMessage").string(), "no luck");
  }
  EXPECT_EQ(world.Figure(metric::kAsyncEventsDropped, "f"), 1);
}

TEST(EventQueue, ConfiguredRetriesAndAgeHold) {
  for (const int retries : {0, 1}) {
    EventWorld world;
    const auto function = world.Make("f", std::string(kQueue) + "dead");
    world.Configure({.owner = {function}, .retry_attempts_max = retries});
    world.answer = FailAlways;
    world.Start();
    world.Send(function);
    world.loop.RunFor(hours(7));
    EXPECT_THAT(world.attempts, SizeIs(static_cast<size_t>(retries) + 1));
  }
  EventWorld world;
  const auto function = world.Make("f");
  world.Configure({.owner = {function}, .event_age_max_seconds = 60, .failure_destination = std::string(kQueue) + "bad"});
  world.answer = FailAlways;
  world.Start();
  world.Send(function);
  world.loop.RunFor(minutes(2));
  EXPECT_THAT(world.attempts, SizeIs(1)) << "the second attempt would be at an age of 60 s";
  const auto records = world.Records();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(At(records[0], "requestContext.condition").string(), "EventAgeExceeded");
  EXPECT_EQ(At(records[0], "requestContext.approximateInvokeCount").number_text(), "1");
  EXPECT_EQ(records[0].Find("responseContext"), nullptr);
}

TEST(EventQueue, ThrottlesAreTriedAgainUntilTheEventIsTooOldAndCountNoAttempt) {
  EventWorld world;
  const auto function = world.Make("f");
  world.Configure({.owner = {function}, .event_age_max_seconds = 3600, .failure_destination = std::string(kQueue) + "bad"});
  world.answer = ThrottleAlways;
  world.Start();
  world.Send(function);
  world.loop.RunFor(minutes(59));
  EXPECT_THAT(world.queue.taken, SizeIs(0));
  world.loop.RunFor(minutes(1) + seconds(1));
  const auto records = world.Records();
  ASSERT_THAT(records, SizeIs(1)) << "it is told at once when the age is reached";
  EXPECT_EQ(At(records[0], "requestContext.condition").string(), "EventAgeExceeded");
  EXPECT_EQ(At(records[0], "requestContext.approximateInvokeCount").number_text(), "0");
  EXPECT_GE(world.attempts.size(), 15u);
  EXPECT_LE(world.attempts.size(), 24u) << "1, 2, 4 … s, then 5 min";
}

TEST(EventQueue, AThrottledFunctionDelaysNoOther) {
  EventWorld world;
  const auto throttled = world.Make("throttled"), fine = world.Make("fine");
  world.answer = [](EventWorld& world, Attempt attempt) -> Task<Result<runtime::InvokeOutcome>> {
    if (attempt.function == "throttled") co_return co_await ThrottleAlways(world, attempt);
    co_return runtime::InvokeOutcome{.payload = "1"};
  };
  world.Start();
  for (int i = 0; i < 1000; ++i) world.Send(throttled);
  const TimePoint sent = world.loop.Now();
  const std::string id = world.Send(fine);
  world.loop.RunFor(milliseconds(1));
  ASSERT_EQ(world.attempts.back().request_id, id);
  EXPECT_LE(world.attempts.back().at - sent, milliseconds(2));
}

TEST(EventQueue, AFunctionThatIsSwitchedOffFailsItsEventsAtOnce) {
  EventWorld world;
  const auto function = world.Make("f", std::string(kQueue) + "dead");
  world.Configure({.owner = {function}, .failure_destination = std::string(kQueue) + "bad"});
  world.Put(world.tables.reserved_concurrency, catalog::ReservedConcurrency{.owner = {function}, .executions = 0});
  world.Start();
  world.Send(function);
  world.loop.RunFor(seconds(1));
  EXPECT_THAT(world.attempts, SizeIs(0));
  ASSERT_THAT(world.queue.taken, SizeIs(2));
  for (const json::Value& record : world.Records()) {
    if (!record.Find("version")) continue;
    EXPECT_EQ(At(record, "requestContext.condition").string(), "ZeroReservedConcurrency");
    EXPECT_EQ(At(record, "requestContext.approximateInvokeCount").number_text(), "0");
    EXPECT_EQ(record.Find("responseContext"), nullptr);
    EXPECT_EQ(record.Find("responsePayload"), nullptr);
  }
}

TEST(EventQueue, EventsOfADeletedFunctionAreDiscarded) {
  EventWorld world;
  const auto function = world.Make("f", std::string(kQueue) + "dead");
  world.answer = FailAlways;
  world.Start();
  world.Send(function);
  world.loop.RunFor(seconds(1));
  resources::Change deletion(world.tables.all);
  EXPECT_TRUE(world.functions.StageDelete(deletion, world.functions.Find(function)));
  EXPECT_TRUE(world.loop.Run(deletion.Commit(world.ctx)));
  world.loop.RunFor(minutes(10));
  EXPECT_THAT(world.attempts, SizeIs(1));
  EXPECT_THAT(world.queue.taken, SizeIs(0));
  EXPECT_EQ(world.Figure(metric::kAsyncEventsDropped, "f"), 1);
  EXPECT_EQ(world.Owed(InvokeLane(function)), 0);
}

TEST(EventQueue, TargetsThatFailAreTriedAgainThenCounted) {
  EventWorld world;
  const auto function = world.Make("f", std::string(kQueue) + "dead");
  world.Configure({.owner = {function}, .retry_attempts_max = 0, .failure_destination = "arn:aws:sns:eu-west-1:111122223333:nobody-home"});
  world.answer = FailAlways;
  world.queue.failure_rate = 1;
  world.queue.random = &world.random;
  world.Start();
  world.Send(function);
  world.loop.RunFor(hours(1));
  EXPECT_THAT(world.queue.offered, SizeIs(5));
  for (const delivery::Delivery& delivery : world.queue.offered) EXPECT_EQ(delivery.id, world.queue.offered[0].id);
  EXPECT_EQ(world.Figure(metric::kDeadLetterErrors, "f"), 1);
  EXPECT_EQ(world.Figure(metric::kDestinationDeliveryFailures, "f"), 1) << "no such kind of target";
}

TEST(EventQueue, WhatIsOwedIsSentAsTheExecutionRoleAndRefusedForGood) {
  EventWorld world;
  catalog::Function made = MakeFunction("f");
  made.role = "arn:aws:iam::111122223333:role/service/worker";
  made.dead_letter_arn = std::string(kQueue) + "dead";
  ASSERT_TRUE(world.loop.Run(world.functions.Create(world.ctx, made)));
  world.Configure({.owner = {made.name}, .retry_attempts_max = 0, .failure_destination = std::string(kQueue) + "bad"});
  world.answer = FailAlways;
  world.queue.refuses = true;
  world.Start();
  world.Send(made.name);
  world.loop.RunFor(hours(1));
  const std::string session = "arn:aws:sts::111122223333:assumed-role/worker/f";
  EXPECT_THAT(world.queue.principals, ElementsAre(session, session)) << "asked once for each, and not tried again";
  EXPECT_THAT(world.queue.offered, SizeIs(0));
  EXPECT_EQ(world.Figure(metric::kDeadLetterErrors, "f"), 1);
  EXPECT_EQ(world.Figure(metric::kDestinationDeliveryFailures, "f"), 1);
}

// A delivery to a function by a service, as a topic's would be: allowed by the function's policy or not at all.
TEST(EventQueue, AFunctionTakesAServicesDeliveryOnlyWhenItsPolicyAllowsIt) {
  const std::string topic = "arn:aws:sns:eu-west-1:111122223333:t";
  const auto policy = [](std::string_view condition) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction",
               "Resource":"arn:aws:lambda:eu-west-1:111122223333:function:f","Condition":)" + std::string(condition) + "}]}";
  };
  const struct {
    std::string policy;
    bool allowed;
  } cases[] = {
      {"", false},
      {policy(R"({"ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:t"},"StringEquals":{"aws:SourceAccount":"111122223333"}})"), true},
      {policy(R"({"ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:other"}})"), false},
      {policy(R"({"StringEquals":{"aws:SourceAccount":"444455556666"}})"), false},
  };
  for (const auto& c : cases) {
    EventWorld world;
    const auto function = world.Make("f");
    world.Start();
    if (!c.policy.empty()) {
      resources::Change change(world.tables.all);
      auto parsed = catalog::ResourcePolicy::Make(c.policy);
      ASSERT_TRUE(parsed) << parsed.error().ToString();
      ASSERT_TRUE(change.Put(world.tables.policies, catalog::PolicyKey(function, ""), *parsed));
      ASSERT_TRUE(world.loop.Run(change.Commit(world.ctx)));
    }
    delivery::Delivery delivery{.id = "1", .target_arn = function.Arn(), .body = "{}", .attributes = {}, .source_arn = topic};
    delivery.principal = delivery::DeliveryPrincipal::Service("sns.amazonaws.com", "111122223333");
    const auto delivered = world.loop.Run(world.router.Deliver(world.ctx, delivery));
    EXPECT_EQ(delivered.has_value(), c.allowed) << c.policy;
    if (!delivered) EXPECT_TRUE(delivered.error().IsService("AccessDeniedException") && !delivered.error().retryable);
    world.loop.RunFor(seconds(1));
    EXPECT_THAT(world.attempts, SizeIs(c.allowed ? 1 : 0));
  }
}

TEST(EventQueue, WhatAnEarlierVersionOwedIsCountedAsItsOwn) {
  EventWorld world;
  const auto function = world.Make("f");
  world.queue.failure_rate = 1;
  world.queue.random = &world.random;
  world.Start();
  const auto number = [](uint64_t value) {
    std::string text;
    for (int i = 0; i < 8; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
    return text;
  };
  for (const uint64_t kind : {0, 1}) {
    std::string old = 'D' + number(kind) + number(4);
    for (const std::string& text : {function.account_id, function.region, function.name, std::string(), std::string("id"), std::string(kQueue) + "q",
                                    function.Arn(), std::string(), std::string()}) {
      old += number(text.size()) + text;
    }
    old += number(0) + number(2) + "{}";
    ASSERT_TRUE(world.loop.Run(world.lanes->Append(world.ctx, {delivery::DeliveryLane(std::string(kQueue) + "q"), old})));
  }
  world.loop.RunFor(seconds(1));
  EXPECT_THAT(world.queue.offered, SizeIs(2)) << "the fifth attempt of each";
  EXPECT_EQ(world.Figure(metric::kDestinationDeliveryFailures, "f"), 1);
  EXPECT_EQ(world.Figure(metric::kDeadLetterErrors, "f"), 1);
}

TEST(EventQueue, ARecordTooLargeForItsTargetComesWithoutPayloads) {
  EventWorld world;
  const auto function = world.Make("f");
  world.Configure({.owner = {function}, .success_destination = std::string(kQueue) + "good"});
  world.Start();
  world.Send(function, '"' + std::string(300'000, 'x') + '"');
  world.loop.RunFor(seconds(1));
  const auto records = world.Records();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].Find("requestPayload"), nullptr);
  EXPECT_EQ(At(records[0], "responseContext.statusCode").number_text(), "200");
}

TEST(EventQueue, FunctionsAsDestinationsOfEachOtherAreStopped) {
  for (const bool allowed : {false, true}) {
    EventWorld world;
    const auto a = world.Make("a", std::string(kQueue) + "dead"), b = world.Make("b", std::string(kQueue) + "dead");
    world.Configure({.owner = {a}, .success_destination = b.Arn()});
    world.Configure({.owner = {b}, .success_destination = a.Arn()});
    if (allowed) {
      for (const auto& name : {a, b}) world.Put(world.tables.recursion_configs, catalog::RecursionConfig{.owner = {name}, .recursive_loop = "Allow"});
    }
    world.Start();
    world.Send(a);
    world.loop.RunFor(seconds(1));
    const auto runs = static_cast<int>(world.attempts.size());
    if (allowed) {
      EXPECT_GT(runs, 100);
      continue;
    }
    EXPECT_EQ(runs, 2 * kRecursionMax);
    ASSERT_THAT(world.queue.taken, SizeIs(1));
    EXPECT_EQ(world.queue.taken[0].attributes.at(1).value, "400");
    EXPECT_THAT(world.queue.taken[0].attributes.at(2).value, testing::HasSubstr("recursive loop"));
    EXPECT_EQ(world.Figure(metric::kRecursiveInvocationsDropped, "a"), 1);
  }
}

TEST(EventQueue, AnAliasIsResolvedAtEachAttempt) {
  EventWorld world;
  const auto function = world.Make("f");
  for (const int version : {1, 2}) {
    catalog::Function made = *world.functions.Find(function);
    made.version = std::to_string(version);
    catalog::Function latest = *world.functions.Find(function);
    EXPECT_TRUE(world.loop.Run(world.functions.Publish(world.ctx, world.functions.Find(function), latest, made)));
  }
  const auto point = [&](std::string version) {
    resources::Change change(world.tables.all);
    EXPECT_TRUE(change.Put(world.tables.aliases, catalog::AliasKey(function, "live"),
                           catalog::Alias{.function = function, .name = "live", .function_version = std::move(version)}));
    EXPECT_TRUE(world.loop.Run(change.Commit(world.ctx)));
  };
  point("1");
  world.answer = FailAlways;
  world.Start();
  EXPECT_TRUE(world.loop.Run(world.events_queue->Accept(world.ctx, {.request_id = "r", .function = {function, "live"}, .payload = "1"})));
  world.loop.RunFor(seconds(10));
  point("2");
  world.loop.RunFor(minutes(10));
  ASSERT_THAT(world.attempts, SizeIs(3));
  EXPECT_EQ(world.attempts[0].version, "1");
  EXPECT_EQ(world.attempts[1].version, "2");
}

// ---------------------------------------------------------------- virtual days

struct Expectation {
  size_t function = 0;
  TimePoint accepted_at;
  int entered = 0;    // attempts that reached the function
  bool succeeded = false;
};

// One day of events for functions that fail, hang and are throttled, targets that are slow or down, a store that refuses
// commits, and (for odd seeds) daemons that crash.
class Day {
 public:
  explicit Day(uint64_t seed)
      : seed_(seed), world_(seed, {.latency = milliseconds(2), .failure_rate = seed % 3 == 0 ? 0.02 : 0.0}), chance_(seed * 7919), crashes_allowed_(seed % 2 == 1) {
    world_.queue.random = &chance_;
    world_.queue.failure_rate = 0.1;
    world_.answer = [this](EventWorld&, Attempt attempt) { return Answer(std::move(attempt)); };
    world_.lane_options.memory_bytes_max = 20'000;
    for (int i = 0; i < 6; ++i) MakeOne(i);
  }

  void Run() {
    world_.Start();
    for (int step = 0; step < 400; ++step) {
      world_.loop.RunFor(milliseconds(static_cast<int64_t>(chance_.Below(120'000))));
      const size_t function = chance_.Below(functions_.size());
      for (uint64_t i = chance_.Below(chance_.Below(10) == 0 ? 60 : 4); i > 0; --i) Send(function);
      if (crashes_allowed_ && chance_.Below(20) == 0) CrashAndStart();
      EXPECT_LE(world_.lanes->held_bytes(), 20'000u + 6u * 64u * 400u);
    }
    healthy_ = true;
    world_.queue.failure_rate = 0;
    world_.loop.RunFor(hours(30));
    Check();
  }

 private:
  struct Facts {
    catalog::FunctionName name;
    int retries_max;
    Duration age_max;
    int concurrency;
    int running = 0;
    bool tells_success;
  };

  void MakeOne(int i) {
    Facts facts{.retries_max = static_cast<int>(chance_.Below(3)), .age_max = seconds(60 + chance_.Below(7200)),
                .concurrency = 1 + static_cast<int>(chance_.Below(8)), .tells_success = chance_.Below(2) == 0};
    const bool dead_letter = chance_.Below(2) == 0;
    facts.name = world_.Make("f" + std::to_string(i), dead_letter ? std::string(kQueue) + "dead" + std::to_string(i) : "");
    catalog::EventInvokeConfig config{.owner = {facts.name}, .retry_attempts_max = facts.retries_max};
    config.event_age_max_seconds = static_cast<int>(std::chrono::duration_cast<seconds>(facts.age_max).count());
    if (facts.tells_success) config.success_destination = std::string(kQueue) + "good" + std::to_string(i);
    if (!dead_letter || chance_.Below(2) == 0) config.failure_destination = std::string(kQueue) + "bad" + std::to_string(i);
    world_.Configure(config);
    functions_.push_back(facts);
  }

  void Send(size_t function) {
    const TimePoint before = world_.loop.Now();
    const std::string id = world_.Send(functions_[function].name, '"' + std::string(chance_.Below(300), 'x') + '"');
    if (!id.empty()) accepted_[id] = {.function = function, .accepted_at = before};
  }

  void CrashAndStart() {
    ++crashes_;
    world_.Crash();
    for (Facts& facts : functions_) facts.running = 0;
    ++generation_;
    world_.loop.RunFor(seconds(5));
    world_.Start();
  }

  Task<Result<runtime::InvokeOutcome>> Answer(Attempt attempt) {
    const size_t index = static_cast<size_t>(attempt.function.at(1) - '0');
    Facts& facts = functions_[index];
    Expectation& event = accepted_[attempt.request_id];
    // One that was accepted by a commit whose answer nobody got is not in the list of the accepted.
    if (event.accepted_at != TimePoint()) EXPECT_LT(attempt.at - event.accepted_at, facts.age_max + milliseconds(10)) << "seed " << seed_;
    event.function = index;
    if (facts.running >= facts.concurrency || chance_.Below(healthy_ ? 1000 : 20) == 0) co_return Fail(Error::Service("TooManyRequestsException", ""));
    if (chance_.Below(healthy_ ? 1000 : 30) == 0) co_return Fail(Error::Fault("an environment died"));
    ++facts.running;
    ++event.entered;
    EXPECT_LE(facts.running, facts.concurrency);
    const int generation = generation_;
    Context ctx(world_.loop);
    const bool hangs = chance_.Below(50) == 0;
    (void)co_await Sleep(ctx, hangs ? Duration(minutes(5)) : Duration(milliseconds(static_cast<int64_t>(chance_.Below(3000)))));
    if (generation == generation_) --functions_[index].running;
    const bool fails = hangs || chance_.Below(4) == 0;
    if (!fails) accepted_[attempt.request_id].succeeded = true;
    co_return runtime::InvokeOutcome{.function_error = fails, .payload = fails ? R"({"errorMessage":"x"})" : "1"};
  }

  void Check() {
    SCOPED_TRACE("seed " + std::to_string(seed_));
    std::map<std::string, std::set<std::string>> told;  // by request id: conditions
    for (const delivery::Delivery& delivery : world_.queue.offered) {
      if (!delivery.attributes.empty()) {
        told[delivery.attributes[0].value].insert("dead letter");
      } else {
        const json::Value record = json::Parse(delivery.body).value();
        told[At(record, "requestContext.requestId").string()].insert(At(record, "requestContext.condition").string());
      }
    }
    size_t successes = 0;
    for (const auto& [id, event] : accepted_) {
      const Facts& facts = functions_[event.function];
      const bool failed = told[id].contains("dead letter") || told[id].contains("RetriesExhausted") || told[id].contains("EventAgeExceeded");
      EXPECT_TRUE(event.succeeded || failed) << id << " of " << facts.name.name << " came to no end";
      if (event.succeeded && facts.tells_success) EXPECT_TRUE(told[id].contains("Success") || crashes_ > 0 || failed) << id;
      if (crashes_ == 0) {
        EXPECT_LE(event.entered, facts.retries_max + 1) << id;
        EXPECT_FALSE(event.succeeded && failed) << id << " has two ends";
      } else {
        EXPECT_LE(event.entered, facts.retries_max + 1 + crashes_) << id;
      }
      successes += event.succeeded;
    }
    EXPECT_GT(accepted_.size(), 300u);
    EXPECT_GT(successes, accepted_.size() / 4);
    for (size_t i = 0; i < functions_.size(); ++i) {
      EXPECT_EQ(world_.Owed(InvokeLane(functions_[i].name)), 0);
      for (const char* kind : {"good", "bad", "dead"}) EXPECT_EQ(world_.Owed(delivery::DeliveryLane(std::string(kQueue) + kind + std::to_string(i))), 0);
    }
    EXPECT_EQ(world_.lanes->held(), 0u);
    EXPECT_EQ(world_.lanes->held_bytes(), 0u);
    EXPECT_EQ(world_.lanes->running(), 0);
  }

  const uint64_t seed_;
  EventWorld world_;
  SeededRandom chance_;
  const bool crashes_allowed_;
  bool healthy_ = false;
  int crashes_ = 0;
  int generation_ = 0;
  std::vector<Facts> functions_;
  std::map<std::string, Expectation> accepted_;
};

class EventQueueDays : public testing::TestWithParam<uint64_t> {};
TEST_P(EventQueueDays, EveryAcceptedEventComesToOneEnd) { Day(GetParam()).Run(); }
INSTANTIATE_TEST_SUITE_P(Seeds, EventQueueDays, testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace mayfly::invoke
