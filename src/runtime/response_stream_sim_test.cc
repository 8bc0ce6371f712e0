// If these fail, streamed answers are late, lost, mixed up or endless: when functions fail in their midst, and when whoever reads is
// slow or leaves.
#include <gtest/gtest.h>

#include "runtime/response_pipe.h"
#include "runtime/simulation.h"

namespace mayfly::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using End = FakeStream::End;

// How the caller reads.
struct Reader {
  Duration pause{};                  // after each read
  size_t leaves_after = SIZE_MAX;    // bytes
};

struct Streamed {
  bool begun = false;
  std::string content_type;
  std::string bytes;
  size_t waiting_bytes_max = 0;  // what the function had got rid of, and the reader not read
  TimePoint first_byte{};
  TimePoint ended{};
  bool has_left = false;
  Result<InvokeOutcome> outcome = Fail(Error::Fault("it never ended"));
};

struct StreamNode : SimulatedNode {
  using SimulatedNode::SimulatedNode;

  static Task<> Read(StreamNode& node, ResponsePipe& pipe, Reader reader, Streamed& result) {
    Context ctx(node.loop);
    co_await pipe.AwaitBegin();
    result.begun = pipe.begun();
    result.content_type = pipe.content_type();
    for (;;) {
      auto bytes = co_await pipe.Read(ctx);
      if (!bytes || bytes->empty()) break;
      if (result.bytes.empty()) result.first_byte = node.loop.Now();
      result.bytes += *bytes;
      if (result.bytes.size() >= reader.leaves_after) {
        pipe.Abandon();
        result.has_left = true;
        co_return;
      }
      if (reader.pause > Duration()) (void)co_await Sleep(ctx, reader.pause);
      const auto behind = static_cast<size_t>(node.factory.streamed_bytes) - result.bytes.size();
      result.waiting_bytes_max = std::max(result.waiting_bytes_max, behind);
    }
    result.ended = node.loop.Now();
  }

  // As invoke::Invoker does it.
  Task<bool> Invoke(std::string payload, Reader reader, Streamed& result, std::string pool = "pool") {
    auto pipe = std::make_shared<ResponsePipe>(loop);
    TaskScope reading(loop);
    reading.Spawn(Read(*this, *pipe, reader, result));
    Context ctx(loop);
    Invocation invocation = NewInvocation(std::move(payload));
    invocation.stream = pipe;
    result.outcome = co_await manager->Invoke(ctx, pool, spec, std::move(invocation));
    pipe->Close();
    co_await reading.Join();
    co_return true;
  }
  Streamed Run(Reader reader = {}, std::string payload = "7") {
    Streamed result;
    loop.Run(Invoke(std::move(payload), reader, result));
    EXPECT_TRUE(result.outcome) << (result.outcome ? "" : result.outcome.error().ToString());
    return result;
  }
  void Streams(FakeStream stream) {
    function.on_event = [stream](const std::string&) { return FakeBehaviour{.kind = FakeBehaviour::Kind::Stream, .stream = stream}; };
  }
};

TEST(ResponseStreamSim, BytesComeWhileTheFunctionStillWorks) {
  StreamNode node;
  node.spec->timeout = seconds(60);
  node.Streams({.pieces = 3, .piece_bytes = 10, .between = seconds(5)});
  const Streamed result = node.Run();
  EXPECT_TRUE(result.begun);
  EXPECT_EQ(result.content_type, "text/fake");
  EXPECT_EQ(result.bytes, std::string(30, '7'));
  EXPECT_GE(result.ended - result.first_byte, seconds(14));
  EXPECT_FALSE(result.outcome->function_error);
  EXPECT_TRUE(result.outcome->streaming_mode);
  EXPECT_EQ(result.outcome->payload, "");
  EXPECT_EQ(node.factory.events.last_produced_bytes, 30);
  EXPECT_GE(node.factory.events.last_response_duration, seconds(20));  // three pieces and the end, each 5 s after the last
  EXPECT_EQ(node.factory.events.last_status, "success");
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, ASlowReaderSlowsTheFunctionAndNothingPilesUp) {
  StreamNode node;
  node.spec->timeout = seconds(900);
  node.Streams({.pieces = 200, .piece_bytes = 60'000, .between = Duration()});
  const Streamed result = node.Run({.pause = seconds(1)});
  EXPECT_EQ(result.bytes.size(), 200u * 60'000);
  EXPECT_LE(result.waiting_bytes_max, ResponsePipe::kWaitingBytesMax + 2 * 60'000);
  EXPECT_GE(result.outcome->duration, seconds(60));  // as slow as its reader
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, AReaderWhoLeavesStopsNothing) {
  StreamNode node;
  node.Streams({.pieces = 50, .piece_bytes = 60'000});
  const Streamed result = node.Run({.leaves_after = 1});
  EXPECT_TRUE(result.has_left);
  EXPECT_FALSE(result.outcome->function_error);
  EXPECT_EQ(node.factory.events.last_produced_bytes, 50 * 60'000);
  EXPECT_EQ(node.factory.events.last_status, "success");
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, TheTimeoutBoundsTheStream) {
  StreamNode node;
  node.Streams({.pieces = 2, .piece_bytes = 10, .end = End::Hang});
  Streamed result = node.Run();
  EXPECT_EQ(result.bytes, std::string(20, '7'));
  EXPECT_EQ(result.outcome->payload,
            R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: request-1 Error: Task timed out after 3.00 seconds"})");
  // A reader who takes nothing does not hold the environment longer than that either.
  node.Streams({.pieces = 100, .piece_bytes = 60'000, .between = Duration()});
  const TimePoint before = node.loop.Now();
  result = node.Run({.pause = hours(1)});
  EXPECT_TRUE(result.outcome->function_error);
  EXPECT_LT(result.outcome->duration, seconds(4));
  EXPECT_GE(node.loop.Now() - before, hours(1));
  node.Streams({});
  EXPECT_FALSE(node.Run().outcome->function_error);
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, FailuresInTheMidstAreTold) {
  StreamNode node;
  const std::string sent(300, '7');
  node.Streams({.end = End::Trailers});
  Streamed result = node.Run();
  EXPECT_EQ(result.bytes, sent);
  EXPECT_TRUE(result.outcome->function_error);
  EXPECT_EQ(result.outcome->payload, R"({"errorType":"Late"})");
  EXPECT_EQ(node.factory.world.started_processes, 1);  // a handled error keeps the environment

  node.Streams({.end = End::Cut});
  result = node.Run();
  EXPECT_EQ(result.bytes, sent);
  EXPECT_NE(result.outcome->payload.find("Runtime.TruncatedResponse"), std::string::npos) << result.outcome->payload;

  node.Streams({.end = End::Exit});
  result = node.Run();
  EXPECT_EQ(result.bytes, sent);
  EXPECT_EQ(result.outcome->payload,
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-3 Error: Runtime exited with error: exit status 1"})");
  EXPECT_EQ(node.factory.events.last_status, "failure");
  node.Streams({});
  EXPECT_EQ(node.Run().bytes, sent);
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, AnErrorBeforeTheFirstByteIsNoStream) {
  StreamNode node;
  node.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = FakeBehaviour::Kind::HandledError}; };
  Streamed result = node.Run();
  EXPECT_FALSE(result.begun);
  EXPECT_TRUE(result.outcome->function_error);
  node.function.on_event = [](const std::string&) { return FakeBehaviour(); };
  result = node.Run();
  EXPECT_FALSE(result.begun);
  EXPECT_EQ(result.outcome->payload, "7");  // an answer in one piece
  EXPECT_FALSE(result.outcome->streaming_mode);
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, MoreThanTheLimitIsCutThere) {
  StreamNode node;
  node.factory.options.streaming.bytes_max = 250;
  node.Streams({.pieces = 10});
  const Streamed result = node.Run();
  EXPECT_EQ(result.bytes, std::string(250, '7'));
  EXPECT_EQ(result.outcome->payload,
            R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (250 bytes)."})");
  node.Streams({.pieces = 2});
  EXPECT_EQ(node.Run().bytes, std::string(200, '7'));
  EXPECT_EQ(node.factory.world.started_processes, 1);
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, TheRateIsKeptBehindTheBurst) {
  StreamNode node;
  node.spec->timeout = seconds(900);
  node.factory.options.streaming.bytes_per_second = 1000;
  node.factory.options.streaming.burst_bytes = 2000;
  node.Streams({.pieces = 100, .piece_bytes = 100, .between = Duration()});
  Streamed result = node.Run();
  EXPECT_EQ(result.bytes.size(), 10'000u);
  EXPECT_GE(result.ended - result.first_byte, milliseconds(7900));
  EXPECT_LE(result.ended - result.first_byte, milliseconds(8200));
  node.Streams({.pieces = 20, .piece_bytes = 100, .between = Duration()});
  result = node.Run();
  EXPECT_LE(result.ended - result.first_byte, milliseconds(10));  // all of it is burst
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, ASecondAnswerIsRefusedWhileTheFirstStreams) {
  StreamNode node;
  node.Streams({.end = End::Twice});
  EXPECT_EQ(node.Run().bytes, std::string(300, '7'));
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, ExtensionsThatWorkOnDoNotHoldTheEnd) {
  StreamNode node;
  node.spec->extensions = {"agent"};
  node.spec->timeout = seconds(10);
  node.factory.extension.takes = seconds(2);
  node.Streams({});
  const Streamed result = node.Run();
  EXPECT_EQ(result.bytes, std::string(300, '7'));
  EXPECT_LT(result.ended - result.first_byte, milliseconds(100));
  node.Streams({.end = End::Exit});
  EXPECT_NE(node.Run().outcome->payload.find("Runtime.ExitError"), std::string::npos);
  node.Streams({});
  EXPECT_EQ(node.Run().bytes, std::string(300, '7'));
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, AnEventThatADyingRuntimeNeverTookStreamsFromTheNextOne) {
  StreamNode node;
  int events = 0;
  node.function.on_event = [&](const std::string&) {
    return FakeBehaviour{.kind = ++events == 1 ? FakeBehaviour::Kind::ErrorThenExit : FakeBehaviour::Kind::Stream};
  };
  EXPECT_FALSE(node.Run().begun);
  const Streamed result = node.Run();  // at once: the old process is still there
  EXPECT_TRUE(result.begun);
  EXPECT_EQ(result.bytes, std::string(300, '7'));
  EXPECT_FALSE(result.outcome->function_error);
  EXPECT_EQ(node.factory.world.started_processes, 2);
  node.ExpectNothingLeft();
}

TEST(ResponseStreamSim, WhoeverWantsTheAnswerWholeGetsItWhole) {
  StreamNode node;
  node.Streams({});
  Context ctx(node.loop);
  Invocation invocation{.request_id = "request-1", .payload = "7"};
  auto outcome = node.loop.Run(node.manager->Invoke(ctx, "pool", node.spec, std::move(invocation)));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->payload, std::string(300, '7'));
  EXPECT_EQ(outcome->content_type, "text/fake");
  EXPECT_TRUE(outcome->streaming_mode);
  node.Streams({.pieces = 70, .piece_bytes = 100'000});
  outcome = node.loop.Run(node.manager->Invoke(ctx, "pool", node.spec, {.request_id = "request-2", .payload = "7"}));
  EXPECT_NE(outcome->payload.find("Function.ResponseSizeTooLarge"), std::string::npos);
  EXPECT_NE(outcome->payload.find("(6291556 bytes)"), std::string::npos);
  node.ExpectNothingLeft();
}

// Random functions, random readers: every answer is a prefix of its own bytes, whole exactly when the function did not fail, and
// nothing is left.
class StreamChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(StreamChaos, EveryStreamEndsOnceWithItsOwnBytes) {
  SeededRandom random(GetParam());
  StreamNode node(ManagerOptions{.idle_timeout = seconds(30), .environments_max = 12});
  node.factory.options.streaming.bytes_max = 400'000;
  using Kind = FakeBehaviour::Kind;
  std::map<std::string, size_t> wanted;  // by payload: bytes of the last attempt
  node.function.on_event = [&](const std::string& event) {
    FakeBehaviour behaviour{.takes = milliseconds(random.Below(200))};
    const auto dice = random.Below(100);
    behaviour.kind = dice < 80 ? Kind::Stream : dice < 85 ? Kind::Answer : dice < 90 ? Kind::Exit : dice < 95 ? Kind::CageDies : Kind::Hang;
    behaviour.stream = {.pieces = static_cast<int>(random.Below(12)), .piece_bytes = 1 + random.Below(60'000), .between = milliseconds(random.Below(40))};
    const auto end = random.Below(100);
    behaviour.stream.end = end < 60 ? End::Whole : end < 70 ? End::Trailers : end < 80 ? End::Cut : end < 88 ? End::Exit : end < 92 ? End::Hang : End::Twice;
    wanted[event] = static_cast<size_t>(behaviour.stream.pieces) * behaviour.stream.piece_bytes;
    return behaviour;
  };
  constexpr int kTotal = 400;
  std::vector<Streamed> results(kTotal);
  TaskScope scope(node.loop);
  for (int i = 0; i < kTotal; ++i) {
    const Duration at = milliseconds(random.Below(60'000));
    Reader reader;
    const auto dice = random.Below(10);
    if (dice < 3) reader.pause = milliseconds(random.Below(300));
    if (dice >= 8) reader.leaves_after = 1 + random.Below(100'000);
    const std::string payload = std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(i);
    scope.Spawn([](StreamNode& node, Duration at, std::string payload, Reader reader, Streamed& result) -> Task<> {
      Context ctx(node.loop);
      (void)co_await Sleep(ctx, at);
      (void)co_await node.Invoke(payload, reader, result);
    }(node, at, payload, reader, results[static_cast<size_t>(i)]));
  }
  node.loop.RunFor(hours(24));
  EXPECT_EQ(scope.size(), 0u) << "seed " << GetParam();
  int whole = 0;
  for (int i = 0; i < kTotal; ++i) {
    const Streamed& result = results[static_cast<size_t>(i)];
    if (!result.outcome) continue;  // the node was full
    const char letter = static_cast<char>('a' + i % 26);
    ASSERT_EQ(result.bytes.find_first_not_of(letter), std::string::npos) << "seed " << GetParam() << " invocation " << i;
    const size_t all = wanted[letter + std::to_string(i)];
    EXPECT_LE(result.bytes.size(), std::min<size_t>(all, 400'000)) << "seed " << GetParam();
    if (result.begun && !result.has_left && !result.outcome->function_error) {
      EXPECT_EQ(result.bytes.size(), all) << "seed " << GetParam() << " invocation " << i;
      ++whole;
    }
  }
  EXPECT_GT(whole, kTotal / 8) << "seed " << GetParam();
  EXPECT_EQ(node.factory.events.starts, node.factory.events.dones);
  EXPECT_EQ(node.factory.events.starts, node.factory.events.reports);
  node.ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamChaos, testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace mayfly::runtime
