// If these fail, honest clients are misunderstood, hostile ones cost too much, or a server does not end cleanly.
#include "net/http_server.h"

#include <atomic>
#include <fstream>

#include "base/event.h"
#include "net/server_fixture.h"

namespace mayfly::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers "METHOD target|body", reading bodies of any size.
Task<Response> Echo(Context& ctx, Request& request) {
  const std::string start = request.method + " " + request.target + "|";
  auto read = co_await request.ReadAll(ctx, 1 << 20);
  if (!read) co_return Response::Text(read.error().code == "BodyTooLarge" ? 413 : 400, read.error().code);
  co_return Response::Text(200, start + request.body);
}

std::string BodyOf(const std::string& response) { return response.substr(std::min(response.size(), response.find("\r\n\r\n") + 4)); }

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(Server, AnswersAndKeepsTheConnection) {
  RunningServer server(Echo);
  RawClient client(server.port());
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(client.Send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"));
    const std::string response = client.ReadResponse();
    EXPECT_EQ(StatusOfResponse(response), 200);
    EXPECT_EQ(BodyOf(response), "POST /x|hello");
    EXPECT_NE(response.find("\r\nDate: "), std::string::npos);
    EXPECT_EQ(response.find("Connection:"), std::string::npos);
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST(Server, UnderstandsARequestSplitAtEveryByte) {
  RunningServer server(Echo);
  RawClient client(server.port());
  const std::string request = "POST /s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
  for (size_t split = 1; split < request.size(); ++split) {
    ASSERT_TRUE(client.Send(std::string_view(request).substr(0, split)));
    std::this_thread::yield();
    ASSERT_TRUE(client.Send(std::string_view(request).substr(split)));
    ASSERT_EQ(BodyOf(client.ReadResponse()), "POST /s|abcde") << split;
  }
  for (const char& byte : request) ASSERT_TRUE(client.Send(std::string_view(&byte, 1)));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "POST /s|abcde");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  RunningServer server(Echo);
  RawClient client(server.port());
  std::string requests;
  constexpr int kCount = 2000;  // more than the input buffer holds
  for (int i = 0; i < kCount; ++i) {
    requests += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";
    if (i % 3 == 0) requests += "\r\n";  // one empty line before a request is forgiven
  }
  std::thread sender([&] { client.Send(requests); });
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(BodyOf(client.ReadResponse()), "POST /" + std::to_string(i) + "|ok");
  sender.join();
}

TEST(Server, ClosesWhenTheClientWantsIt) {
  RunningServer server(Echo);
  for (const std::string_view request : {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    RawClient client(server.port());
    ASSERT_TRUE(client.Send(request));
    const std::string response = client.ReadToEnd();
    EXPECT_EQ(StatusOfResponse(response), 200);
    EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  }
  RawClient old_client(server.port());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(old_client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_NE(old_client.ReadResponse().find("Connection: keep-alive\r\n"), std::string::npos);
  }
}

TEST(Server, SendsNoBodyWhereNoneBelongs) {
  RunningServer server([](Context&, Request& request) -> Task<Response> {
    co_return Response::Text(request.target == "/204" ? 204 : request.target == "/304" ? 304 : 200, "body");
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
                          "GET /204 HTTP/1.1\r\nHost: h\r\n\r\n"
                          "GET /304 HTTP/1.1\r\nHost: h\r\n\r\n"
                          "GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  const std::string all = client.ReadToEnd();
  EXPECT_NE(all.find("HTTP/1.1 200 OK"), std::string::npos);
  EXPECT_NE(all.find("Content-Length: 4"), std::string::npos);
  EXPECT_EQ(all.find("body"), all.rfind("body"));  // only the last answer has one
  EXPECT_TRUE(all.ends_with("\r\n\r\nbody"));
  const size_t no_content = all.find("HTTP/1.1 204");
  EXPECT_EQ(all.substr(no_content, all.find("HTTP/1.1 304") - no_content).find("Content-Length"), std::string::npos);
}

TEST(Server, LeavesOutHeadersThatWouldSplitTheResponse) {
  RunningServer server([](Context&, Request&) -> Task<Response> {
    Response response = Response::Text(200, "b");
    response.headers.Add("X-Bad", "a\r\nSet-Cookie: stolen");
    response.headers.Add("Content-Length", "999");
    response.headers.Add("Transfer-Encoding", "chunked");
    response.headers.Add("X-Good", "yes");
    co_return response;
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(kGet));
  const std::string response = client.ReadResponse();
  EXPECT_EQ(response.find("Set-Cookie"), std::string::npos);
  EXPECT_EQ(response.find("chunked"), std::string::npos);
  EXPECT_NE(response.find("Content-Length: 1\r\n"), std::string::npos);
  EXPECT_NE(response.find("X-Good: yes\r\n"), std::string::npos);
}

// ---- hostile input: each with its status, and the connection is closed ----

struct RefusalCase {
  const char* name;
  std::string bytes;
  int status;
};
class Refusal : public testing::TestWithParam<RefusalCase> {};

TEST_P(Refusal, IsAnsweredAndCut) {
  ServerLimits limits;
  limits.head_bytes_max = 4096;
  limits.header_count_max = 20;
  limits.body_bytes_max = 1000;
  std::atomic<int> handled = 0;
  RunningServer server([&](Context& ctx, Request& request) { return ++handled, Echo(ctx, request); }, limits);
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(GetParam().bytes));
  client.CloseWrite();
  const std::string response = client.ReadToEnd();
  EXPECT_EQ(StatusOfResponse(response), GetParam().status) << response;
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  EXPECT_EQ(response.find("HTTP/1.1", 10), std::string::npos) << "a second request was seen in it: " << response;
  EXPECT_EQ(handled, 0);
}

std::string ManyHeaders(int count) {
  std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < count; ++i) head += "X: y\r\n";
  return head + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refusal,
    testing::Values(
        RefusalCase{"LengthAndChunked", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        RefusalCase{"UnknownCoding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n", 501},
        RefusalCase{"ObsFold", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", 400},
        RefusalCase{"BareLf", "GET / HTTP/1.1\nHost: h\n\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        RefusalCase{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        RefusalCase{"TwoEmptyLines", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        RefusalCase{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 505},
        RefusalCase{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
        RefusalCase{"TooManyHeaders", ManyHeaders(21), 431},
        RefusalCase{"HeadTooLarge", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(5000, 'a') + "\r\n\r\n", 431},
        RefusalCase{"EndlessTarget", "GET /" + std::string(6000, 'a'), 431},
        RefusalCase{"AnnouncedTooLarge", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'a'), 413},
        RefusalCase{"Expectation", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: tea\r\n\r\na", 417}),
    [](const auto& info) { return info.param.name; });

TEST(Server, HeadsThatAreTooLargeAreRefusedInTheOwnersWords) {
  ServerLimits limits;
  limits.head_bytes_max = 4096;
  limits.header_count_max = 20;
  RunningServer server([](Context&, Request&) -> Task<Response> { co_return Response::Text(200, "handled"); }, limits, nullptr,
                       [](const Request& skimmed) { return Response::Json(413, "{\"of\":\"" + skimmed.method + std::string(skimmed.headers.Get("X-Name")) + "\"}"); });
  for (const std::string& request : {"PUT / HTTP/1.1\r\nHost: h\r\nX-Name: me\r\nX: " + std::string(9000, 'a') + "\r\n\r\n",
                                     "PUT / HTTP/1.1\r\nHost: h\r\nX-Name: me\r\nX: " + std::string(5000, 'a'), "PUT / HTTP/1.1\r\nX-Name: me\r\n" + ManyHeaders(30).substr(16)}) {
    RawClient client(server.port());
    client.Send(request);
    const std::string answer = client.ReadToEnd();
    EXPECT_EQ(StatusOfResponse(answer), 413) << answer;
    EXPECT_TRUE(answer.ends_with("{\"of\":\"PUTme\"}")) << answer;
  }
}

TEST(Server, ReportsBrokenAndOversizedChunkedBodiesToTheHandler) {
  ServerLimits limits;
  limits.body_bytes_max = 100;
  RunningServer server(Echo, limits);
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient broken(server.port());
  ASSERT_TRUE(broken.Send(head + "5\r\nhelloX\r\n"));
  EXPECT_NE(broken.ReadToEnd().find("MalformedBody"), std::string::npos);
  RawClient large(server.port());
  ASSERT_TRUE(large.Send(head + "65\r\n"));
  const std::string response = large.ReadToEnd();
  EXPECT_EQ(StatusOfResponse(response), 413);
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
}

// ---- time ----

ServerLimits ShortTimeouts() {
  ServerLimits limits;
  limits.head_timeout = limits.idle_timeout = limits.body_timeout = milliseconds(100);
  return limits;
}

TEST(Server, ASlowHeadIs408) {
  ServerLimits limits = ShortTimeouts();
  limits.idle_timeout = seconds(100);
  RunningServer server(Echo, limits);
  RawClient client(server.port());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHo"));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(StatusOfResponse(client.ReadToEnd()), 408);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(80));
}

TEST(Server, AnIdleConnectionIsClosedSilently) {
  RunningServer server(Echo, ShortTimeouts());
  RawClient fresh(server.port());
  EXPECT_EQ(fresh.ReadToEnd(), "");
  RawClient used(server.port());
  ASSERT_TRUE(used.Send(kGet));
  EXPECT_EQ(StatusOfResponse(used.ReadResponse()), 200);
  EXPECT_EQ(used.ReadToEnd(), "");
}

// Else an event that a runtime never read counts as taken.
TEST(Server, TellsWhetherAClientHadReadItsAnswerWhenItLeft) {
  RunningServer server(Echo);
  for (const bool reads : {true, false}) {
    std::promise<bool> ended;
    server.OnLoop([&] { server.server().OnConnectionEnd([&ended](std::string_view, bool torn) { ended.set_value(torn); }); });
    {
      RawClient client(server.port());
      ASSERT_TRUE(client.Send(kGet));
      ASSERT_TRUE(client.Receive());
      if (!reads) {
        ASSERT_TRUE(client.Send(kGet));
        ASSERT_TRUE(client.AwaitInput());
      }
    }
    EXPECT_EQ(ended.get_future().get(), !reads);
  }
}

TEST(Server, AStalledBodyIs408AndTheReaderHearsOfIt) {
  RunningServer server(Echo, ShortTimeouts());
  RawClient gathered(server.port());
  ASSERT_TRUE(gathered.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  EXPECT_EQ(StatusOfResponse(gathered.ReadToEnd()), 408);
  RawClient streamed(server.port());
  ASSERT_TRUE(streamed.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  EXPECT_NE(streamed.ReadToEnd().find("BodyTimeout"), std::string::npos);
}

TEST(Server, AClientThatDoesNotReadIsCut) {
  ServerLimits limits = ShortTimeouts();
  limits.idle_timeout = seconds(100);
  RunningServer server([](Context&, Request&) -> Task<Response> { co_return Response::Text(200, std::string(64 << 20, 'x')); }, limits);
  RawClient client(server.port(), 4096);
  ASSERT_TRUE(client.Send(kGet));
  for (int patience = 0; patience < 500 && (patience < 10 || server.connections() > 0); ++patience) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(server.connections(), 0u);
}

// ---- bodies ----

TEST(Server, InvitesTheBodyWhenTheHandlerReadsIt) {
  RunningServer server([](Context& ctx, Request& request) -> Task<Response> {
    if (request.target == "/refuse") co_return Response::Text(403, "no");
    co_return co_await Echo(ctx, request);
  });
  const std::string head = " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n";
  for (const std::string_view framing : {"Content-Length: 5\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"}) {
    RawClient client(server.port());
    ASSERT_TRUE(client.Send("POST /x" + head + std::string(framing)));
    EXPECT_EQ(client.ReadResponse(), "HTTP/1.1 100 Continue\r\n\r\n");
    ASSERT_TRUE(client.Send(framing.starts_with("C") ? "hello" : "5\r\nhello\r\n0\r\n\r\n"));
    EXPECT_EQ(BodyOf(client.ReadResponse()), "POST /x|hello");
  }
  RawClient refused(server.port());
  ASSERT_TRUE(refused.Send("POST /refuse" + head + "Content-Length: 500000\r\n\r\n"));
  const std::string response = refused.ReadResponse();
  EXPECT_EQ(StatusOfResponse(response), 403);
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  RawClient eager(server.port());  // sends the body at once: no invitation
  ASSERT_TRUE(eager.Send("POST /x" + head + "Content-Length: 5\r\n\r\nhello"));
  EXPECT_EQ(BodyOf(eager.ReadResponse()), "POST /x|hello");
}

TEST(Server, TrailersAreSeenAfterTheBody) {
  RunningServer server([](Context& ctx, Request& request) -> Task<Response> {
    if (!request.body_reader) co_return Response::Text(200, "whole");
    std::string body;
    for (;;) {
      auto piece = co_await request.body_reader->Read(ctx);
      if (!piece || piece->empty()) break;
      body += *piece;
    }
    co_return Response::Text(200, body + "|" + std::string(request.body_reader->trailers().Get("lambda-runtime-function-error-type")));
  });
  RawClient client(server.port());
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
  ASSERT_TRUE(client.Send(head + "Lambda-Runtime-Function-Error-Type: Runtime.X\r\n\r\n" + head + "\r\n"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "ok|Runtime.X");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "whole");
}

// Sanitizers change what memory costs.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

TEST(Server, An80MegabyteBodyStreamsThroughLittleMemory) {
  static size_t most = 0;
  RunningServer server([](Context& ctx, Request& request) -> Task<Response> {
    size_t total = 0;
    MF_ASSERT(request.body_reader != nullptr);
    for (;;) {
      auto piece = co_await request.body_reader->Read(ctx);
      MF_ASSERT(piece.has_value());
      if (piece->empty()) break;
      total += piece->size();
      most = std::max(most, piece->size());
    }
    co_return Response::Text(200, std::to_string(total));
  });
  RawClient client(server.port());
  const size_t before = ResidentBytes();
  constexpr size_t kTotal = 80 * 1024 * 1024;
  const std::string block(1 << 20, 'b');
  ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n"));
  for (size_t sent = 0; sent < kTotal; sent += block.size()) ASSERT_TRUE(client.Send(block));
  EXPECT_EQ(BodyOf(client.ReadResponse()), std::to_string(kTotal));
  EXPECT_LE(most, 128u * 1024);
  if (!kSanitized) EXPECT_LT(ResidentBytes(), before + (16 << 20));
}

TEST(Server, DrainsOrCutsWhatTheHandlerLeavesUnread) {
  RunningServer server([](Context&, Request& request) -> Task<Response> { co_return Response::Text(200, request.method); });
  RawClient small(server.port());
  const std::string chunks = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_TRUE(small.Send(chunks + "3\r\nabc\r\n"));
  EXPECT_EQ(BodyOf(small.ReadResponse()), "POST");
  ASSERT_TRUE(small.Send("0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(BodyOf(small.ReadResponse()), "GET");
  // A large one: the client gets the whole answer although it has not stopped sending.
  RawClient large(server.port());
  ASSERT_TRUE(large.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n"));
  const std::string block(100'000, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(large.Send(block));
  const std::string response = large.ReadToEnd();
  EXPECT_EQ(StatusOfResponse(response), 200);
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
}

// ---- responses in pieces ----

TEST(Server, StreamsResponsesInChunksOrByLength) {
  RunningServer server([](Context&, Request& request) -> Task<Response> {
    Response response;
    if (request.target == "/length") response.headers.Set("Content-Length", "6");
    response.stream = [target = request.target](this auto, Context& ctx, BodyWriter& writer) -> Task<Result<>> {
      MF_CO_TRY_VOID(co_await writer.Write(ctx, "abc"));
      MF_CO_TRY_VOID(co_await writer.Write(ctx, ""));
      if (target == "/fail") co_return Fail(Error::Fault("broken"));
      co_return co_await writer.Write(ctx, "def");
    };
    co_return response;
  });
  RawClient client(server.port());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /length HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
  while (client.pending().find("abcdef") == std::string::npos) ASSERT_TRUE(client.Receive());
  EXPECT_NE(client.pending().find("Content-Length: 6\r\n"), std::string::npos);
  RawClient old_client(server.port());
  ASSERT_TRUE(old_client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const std::string until_close = old_client.ReadToEnd();
  EXPECT_EQ(BodyOf(until_close), "abcdef");
  EXPECT_EQ(until_close.find("chunked"), std::string::npos);
  RawClient failing(server.port());
  ASSERT_TRUE(failing.Send("GET /fail HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(BodyOf(failing.ReadToEnd()), "3\r\nabc\r\n");  // what was written, and no end
  EXPECT_FALSE(failing.reset());
  RawClient old_failing(server.port());  // here nothing but a reset can show it
  ASSERT_TRUE(old_failing.Send("GET /fail HTTP/1.0\r\n\r\n"));
  old_failing.ReadToEnd();
  EXPECT_TRUE(old_failing.reset());
}

TEST(Server, AStreamWaitsForASlowClient) {
  static std::atomic<size_t> written = 0;
  written = 0;
  RunningServer server([](Context&, Request&) -> Task<Response> {
    Response response;
    response.stream = [](Context& ctx, BodyWriter& writer) -> Task<Result<>> {
      const std::string block(100'000, 's');
      for (int i = 0; i < 300; ++i) {
        MF_CO_TRY_VOID(co_await writer.Write(ctx, block));
        written += block.size();
      }
      co_return Result<>();
    };
    co_return response;
  });
  RawClient client(server.port(), 8192);
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  ASSERT_TRUE(client.Receive());
  for (size_t last = 1; last != written;) {  // until the kernel's buffers are full
    last = written;
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_LT(written, 20'000'000u);
  EXPECT_GT(client.ReadToEnd().size(), 30'000'000u);
  EXPECT_EQ(written, 30'000'000u);
}

// ---- clients that go, servers that stop ----

// A handler that waits until its context is stopped, and tells.
struct WaitingHandler {
  std::atomic<int> entered = 0, stopped = 0, destroyed = 0;
  Handler handler() {
    return [this](Context& ctx, Request& request) { return Wait(*this, ctx, request); };
  }
  struct Count {
    std::atomic<int>& count;
    ~Count() { ++count; }
  };
  static Task<Response> Wait(WaitingHandler& self, Context& ctx, Request& request) {
    Count on_end{self.destroyed};
    ++self.entered;
    Event never(*ctx.loop);
    if (request.target == "/deaf") co_await never.Wait();
    auto waited = co_await never.Wait(ctx);
    self.stopped += waited.error().code == "Cancelled" ? 1 : 0;
    co_return Response::Text(200, "late");
  }
  void AwaitCount(std::atomic<int>& count, int wanted) {
    for (int patience = 0; patience < 1000 && count != wanted; ++patience) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_EQ(count, wanted);
  }
};

TEST(Server, TellsTheHandlerThatItsClientHasGone) {
  WaitingHandler waiting;
  RunningServer server(waiting.handler());
  RawClient client(server.port());
  ASSERT_TRUE(client.Send(kGet));
  waiting.AwaitCount(waiting.entered, 1);
  EXPECT_EQ(waiting.stopped, 0);
  client.Close();
  waiting.AwaitCount(waiting.stopped, 1);
}

TEST(Server, StopLetsRunningRequestsFinishAndClosesIdleConnections) {
  static Event* release = nullptr;
  RunningServer server([](Context& ctx, Request&) -> Task<Response> {
    Event event(*ctx.loop);
    release = &event;
    co_await event.Wait();
    co_return Response::Text(200, "done");
  });
  RawClient idle(server.port()), busy(server.port());
  ASSERT_TRUE(busy.Send(kGet));
  for (bool running = false; !running; server.OnLoop([&] { running = release != nullptr && server.server().connections() == 2; })) std::this_thread::yield();
  auto stopped = server.Stop(seconds(10));
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_EQ(stopped.wait_for(milliseconds(50)), std::future_status::timeout);
  server.OnLoop([] { release->Set(); });
  const std::string response = busy.ReadToEnd();
  EXPECT_EQ(BodyOf(response), "done");
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  EXPECT_EQ(stopped.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(Server, StopCutsWhatDoesNotFinish) {
  WaitingHandler waiting;
  RunningServer server(waiting.handler());
  RawClient polite(server.port()), deaf(server.port());
  ASSERT_TRUE(polite.Send(kGet));
  ASSERT_TRUE(deaf.Send("GET /deaf HTTP/1.1\r\nHost: h\r\n\r\n"));
  waiting.AwaitCount(waiting.entered, 2);
  auto stopped = server.Stop(milliseconds(50));
  EXPECT_EQ(stopped.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(waiting.stopped, 1);
  EXPECT_EQ(waiting.destroyed, 2);
  EXPECT_EQ(deaf.ReadToEnd(), "");
}

TEST(Server, MayBeDestroyedInTheMiddleOfEverything) {
  WaitingHandler waiting;
  {
    RunningServer server(waiting.handler());
    RawClient idle(server.port()), in_head(server.port()), in_body(server.port()), waits(server.port()), full(server.port(), 4096);
    ASSERT_TRUE(in_head.Send("GET / HT"));
    ASSERT_TRUE(in_body.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"));
    ASSERT_TRUE(waits.Send(kGet));
    waiting.AwaitCount(waiting.entered, 1);
    for (size_t open = 0; open != 5;) open = server.connections();
  }
  EXPECT_EQ(waiting.destroyed, 1);
}

TEST(Server, FurtherConnectionsWaitForAFreePlace) {
  ServerLimits limits;
  limits.connections_max = 2;
  RunningServer server(Echo, limits);
  auto first = std::make_unique<RawClient>(server.port());
  RawClient second(server.port()), third(server.port());
  ASSERT_TRUE(first->Send(kGet) && second.Send(kGet) && third.Send(kGet));
  EXPECT_EQ(StatusOfResponse(first->ReadResponse()), 200);
  EXPECT_EQ(StatusOfResponse(second.ReadResponse()), 200);
  EXPECT_EQ(server.connections(), 2u);
  first.reset();
  EXPECT_EQ(StatusOfResponse(third.ReadResponse()), 200);
}

TEST(Server, ServesUnixSockets) {
  const std::string path = "/tmp/mayfly_net_test_" + std::to_string(::getpid()) + ".sock";
  RunningServer server([](Context&, Request& request) -> Task<Response> { co_return Response::Text(200, request.peer); });
  for (int round = 0; round < 2; ++round) {  // the second finds the first one's abandoned file
    auto listener = ListenUnix(path);
    ASSERT_TRUE(listener) << listener.error().ToString();
    if (round == 0) continue;
    EXPECT_FALSE(ListenUnix(path)) << "a living listener's path was taken away";
    server.OnLoop([&] { ASSERT_TRUE(server.server().Serve(std::move(*listener))); });
  }
  RawClient client(path);
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "unix");
  RawClient tcp(server.port());
  ASSERT_TRUE(tcp.Send(kGet));
  EXPECT_TRUE(BodyOf(tcp.ReadResponse()).starts_with("127.0.0.1:"));
  ::unlink(path.c_str());
}

TEST(Listen, SaysWhatToDo) {
  auto first = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(first);
  auto second = ListenTcp("127.0.0.1", LocalPort(first->get()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "EADDRINUSE");
  EXPECT_FALSE(second.error().hint.empty());
  EXPECT_FALSE(ListenTcp("192.0.2.1", 0));
  EXPECT_FALSE(ListenUnix(std::string(200, 'x')));
}

TEST(Server, AnIdleConnectionCostsLittle) {
  if (kSanitized) GTEST_SKIP() << "sanitizers change what memory costs";
  RunningServer server(Echo);
  std::vector<std::unique_ptr<RawClient>> clients;
  auto connect = [&](int count) {
    for (int i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<RawClient>(server.port()));
      ASSERT_TRUE(clients.back()->Send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"));
      ASSERT_EQ(StatusOfResponse(clients.back()->ReadResponse()), 200);
      clients.back()->Shrink();
    }
  };
  connect(20);
  const size_t before = ResidentBytes();
  connect(400);
  EXPECT_LT((ResidentBytes() - before) / 400, 6u * 1024);
}

}  // namespace
}  // namespace mayfly::http
