// If these fail, other daemons and services are misunderstood, connections leak, or a cancelled call keeps waiting.
#include "net/http_client.h"

#include <fcntl.h>

#include <atomic>
#include <filesystem>

#include "base/event.h"
#include "net/http_url.h"
#include "net/server_fixture.h"

namespace mayfly::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<Response> Describe(Context& ctx, Request& request) {
  const std::string host(request.headers.Get("Host"));
  auto read = co_await request.ReadAll(ctx, 100 << 20);
  if (!read) co_return Response::Text(400, read.error().code);
  co_return Response::Text(200, request.method + " " + request.target + " " + host + " " + std::to_string(request.body.size()) + " " + request.peer);
}

// Server and client on one loop.
struct Pair {
  explicit Pair(Handler handler = Describe, ClientLimits limits = {}) : server(loop, {}, std::move(handler)), client(loop, limits), ctx(loop) {
    auto listener = ListenTcp("127.0.0.1", 0);
    MF_ASSERT(listener.has_value());
    url = "http://127.0.0.1:" + std::to_string(LocalPort(listener->get()));
    MF_ASSERT(server.Serve(std::move(*listener)).has_value());
  }
  Result<ClientResponse> Send(ClientRequest request, Client::Mode mode = Client::Mode::Whole) {
    return loop.Run(client.Send(ctx, std::move(request), mode));
  }
  Result<ClientResponse> Get(const std::string& path) { return Send({.url = url + path}); }

  RealLoop loop;
  Server server;
  Client client;
  Context ctx;
  std::string url;
};

TEST(Client, SendsAndKeepsTheConnection) {
  Pair pair;
  std::string first_peer;
  for (int round = 0; round < 3; ++round) {
    auto response = pair.Send({.method = "POST", .url = pair.url + "/p?q=1", .body = std::string(100, 'x')});
    ASSERT_TRUE(response) << response.error().ToString();
    EXPECT_EQ(response->status, 200);
    EXPECT_TRUE(response->body.starts_with("POST /p?q=1 " + pair.url.substr(7) + " 100 ")) << response->body;
    if (first_peer.empty()) first_peer = response->body;
    EXPECT_EQ(response->body, first_peer);
  }
  EXPECT_EQ(pair.server.connections(), 1u);
}

TEST(Client, CarriesLargeBodiesBothWays) {
  Pair pair([](Context& ctx, Request& request) -> Task<Response> {
    auto read = co_await request.ReadAll(ctx, 100 << 20);
    co_return Response::Text(read ? 200 : 400, std::move(request.body));
  });
  std::string body;
  for (int i = 0; body.size() < (20 << 20); ++i) body += std::to_string(i);
  auto response = pair.Send({.method = "PUT", .url = pair.url, .body = body});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_TRUE(response->body == body);
}

TEST(Client, ReadsStreamsPieceByPieceAndReusesTheConnection) {
  Pair pair([](Context&, Request&) -> Task<Response> {
    Response response;
    response.stream = [](Context& ctx, BodyWriter& writer) -> Task<Result<>> {
      for (int i = 0; i < 100; ++i) MF_CO_TRY_VOID(co_await writer.Write(ctx, std::string(10'000, 'a')));
      co_return Result<>();
    };
    co_return response;
  });
  for (int round = 0; round < 2; ++round) {
    auto response = pair.Send({.url = pair.url}, Client::Mode::Stream);
    ASSERT_TRUE(response);
    size_t total = 0;
    for (;;) {
      auto piece = pair.loop.Run(response->body_reader->Read(pair.ctx));
      ASSERT_TRUE(piece);
      if (piece->empty()) break;
      EXPECT_LE(piece->size(), 128u * 1024);
      total += piece->size();
    }
    EXPECT_EQ(total, 1'000'000u);
  }
  EXPECT_EQ(pair.server.connections(), 1u);
  auto abandoned = pair.Send({.url = pair.url}, Client::Mode::Stream);
  ASSERT_TRUE(abandoned);
  abandoned->body_reader.reset();
  auto next = pair.Get("/");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body.size(), 1'000'000u);
}

TEST(Client, HeadHasNoBodyAndStatusesAreNoErrors) {
  Pair pair([](Context&, Request& request) -> Task<Response> { co_return Response::Text(request.target == "/x" ? 404 : 204, "text"); });
  auto head = pair.Send({.method = "HEAD", .url = pair.url + "/x"});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 404);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->headers.Get("content-length"), "4");
  EXPECT_EQ(pair.Get("/y")->status, 204);
  EXPECT_EQ(pair.Get("/x")->body, "text");
}

TEST(Client, TalksToUnixSockets) {
  Pair pair;
  const std::string path = "/tmp/mayfly_client_test_" + std::to_string(::getpid()) + ".sock";
  auto listener = ListenUnix(path);
  ASSERT_TRUE(listener);
  ASSERT_TRUE(pair.server.Serve(std::move(*listener)));
  auto response = pair.Send({.url = "unix:" + path + ":/abc"});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "GET /abc localhost 0 unix");
  ::unlink(path.c_str());
  EXPECT_FALSE(pair.Send({.url = "unix:/nowhere.sock:/abc"}));
}

TEST(Client, ResolvesNames) {
  Pair pair;
  auto response = pair.Send({.url = "http://localhost" + pair.url.substr(pair.url.rfind(':')) + "/n"});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_TRUE(response->body.starts_with("GET /n localhost:"));
}

TEST(Client, SpeaksTlsAndVerifiesTheCertificate) {
  SelfSignedCertificate certificate;
  ClientLimits trusting;
  trusting.ca_file = certificate.files.certificate_chain_path;
  Pair pair(Describe, trusting);
  auto listener = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const std::string port = std::to_string(LocalPort(listener->get()));
  ASSERT_TRUE(pair.server.ServeTls(std::move(*listener), certificate.files));
  for (int round = 0; round < 2; ++round) {
    auto response = pair.Send({.method = "POST", .url = "https://127.0.0.1:" + port + "/t", .body = std::string(5 << 20, 'x')});
    ASSERT_TRUE(response) << response.error().ToString();
    EXPECT_TRUE(response->body.starts_with("POST /t 127.0.0.1:" + port + " 5242880 ")) << response->body;
  }
  EXPECT_EQ(pair.server.connections(), 1u);
  auto wrong_name = pair.Send({.url = "https://localhost:" + port + "/"});
  ASSERT_FALSE(wrong_name);
  EXPECT_NE(wrong_name.error().message.find("TLS"), std::string::npos);
  Client suspicious(pair.loop);
  auto untrusted = pair.loop.Run(suspicious.Send(pair.ctx, {.url = "https://127.0.0.1:" + port + "/"}));
  ASSERT_FALSE(untrusted);
  EXPECT_NE(untrusted.error().message.find("certificate"), std::string::npos) << untrusted.error().ToString();
  EXPECT_FALSE(pair.Send({.url = "https://" + pair.url.substr(7)})) << "plain HTTP was taken for TLS";
}

TEST(Client, SeesACertificateThatWasRenewedWhileTheServerRuns) {
  SelfSignedCertificate first;
  SelfSignedCertificate second;
  ClientLimits trusting;
  trusting.ca_file = second.files.certificate_chain_path;
  Pair pair(Describe, trusting);
  auto listener = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const std::string url = "https://127.0.0.1:" + std::to_string(LocalPort(listener->get())) + "/";
  ASSERT_TRUE(pair.server.ServeTls(std::move(*listener), first.files));
  EXPECT_FALSE(pair.Send({.url = url})) << "the first certificate is not trusted";
  const auto replace = [](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  };
  replace(second.files.private_key_path, first.files.private_key_path);
  replace(second.files.certificate_chain_path, first.files.certificate_chain_path);
  // Looked at once a second.
  bool served = false;
  for (int round = 0; round < 100 && !served; ++round) {
    served = pair.Send({.url = url}).has_value();
    if (!served) (void)pair.loop.Run(Sleep(pair.ctx, milliseconds(50)));
  }
  EXPECT_TRUE(served);
}

TEST(Client, RefusesBadCertificateFiles) {
  RealLoop loop;
  Server server(loop, {}, Describe);
  auto listener = ListenTcp("127.0.0.1", 0);
  auto served = server.ServeTls(std::move(*listener), {"/nowhere/cert.pem", "/nowhere/key.pem"});
  ASSERT_FALSE(served);
  EXPECT_FALSE(served.error().hint.empty());
}

TEST(Client, EndsAtItsDeadlineAndWhenItIsStopped) {
  Pair pair([](Context& ctx, Request&) -> Task<Response> {
    Event never(*ctx.loop);
    (void)co_await never.Wait(ctx);
    co_return Response::Text(200, "late");
  });
  Context hurried(pair.loop);
  hurried.deadline = pair.loop.Now() + milliseconds(30);
  auto late = pair.loop.Run(pair.client.Send(hurried, {.url = pair.url}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "DeadlineExceeded");
  std::stop_source stop;
  Context stoppable(pair.loop);
  stoppable.stop = stop.get_token();
  pair.loop.CallAfter(milliseconds(20), [&] { stop.request_stop(); });
  auto stopped = pair.loop.Run(pair.client.Send(stoppable, {.url = pair.url}));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "Cancelled");
  TaskScope scope(pair.loop);
  scope.Spawn([](Pair& pair) -> Task<> { (void)co_await pair.client.Send(pair.ctx, {.url = pair.url}); }(pair));
  Context brief(pair.loop);
  EXPECT_TRUE(pair.loop.Run(Sleep(brief, milliseconds(5))));
}  // the scope destroys a request that waits for its answer

TEST(Client, RefusesNonsenseBeforeItConnects) {
  Pair pair;
  for (const std::string url : {"ftp://a/", "http://", "http://a b/", "http://a:99999/", "http://a/\r\nX: y", "http://[::1/", "unix:", "http://u@h/"}) {
    EXPECT_FALSE(pair.Send({.url = url})) << url;
  }
  ClientRequest split{.url = pair.url};
  split.headers.Add("X", "a\r\nY: b");
  EXPECT_FALSE(pair.Send(std::move(split)));
  EXPECT_FALSE(pair.Send({.method = "GET /x", .url = pair.url}));
  EXPECT_EQ(pair.server.connections(), 0u);
}

TEST(Url, IsTakenApart) {
  const auto url = ParseUrl("https://[::1]:8443?a=b#f");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/?a=b");
  EXPECT_EQ(url->HostField(), "[::1]:8443");
  EXPECT_EQ(ParseUrl("https://h/")->HostField(), "h");
}

// A server that says, on each connection in turn, exactly the given bytes once it has read a head, then closes.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) {
    auto listener = ListenTcp("127.0.0.1", 0);
    MF_ASSERT(listener.has_value());
    url = "http://127.0.0.1:" + std::to_string(LocalPort(listener->get())) + "/";
    fd_ = std::move(*listener);
    ::fcntl(fd_.get(), F_SETFL, 0);
    thread_ = std::thread([this, answers = std::move(answers)] {
      for (const std::string& answer : answers) {
        UniqueFd connection(::accept(fd_.get(), nullptr, nullptr));
        std::string heard;
        char buffer[4096];
        while (heard.find("\r\n\r\n") == std::string::npos) {
          const ssize_t bytes = ::recv(connection.get(), buffer, sizeof buffer, 0);
          if (bytes <= 0) break;
          heard.append(buffer, static_cast<size_t>(bytes));
        }
        ++accepted;
        ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~ScriptedServer() { thread_.join(); }
  std::string url;
  std::atomic<int> accepted = 0;

 private:
  UniqueFd fd_;
  std::thread thread_;
};

Result<ClientResponse> GetFrom(const std::string& url, ClientLimits limits = {}) {
  RealLoop loop;
  Client client(loop, limits);
  Context ctx(loop);
  return loop.Run(client.Send(ctx, {.url = url}));
}

TEST(Client, UnderstandsOtherServersAndRefusesBrokenOnes) {
  struct Case {
    std::string answer;
    std::string body;   // of a good one
    std::string error;  // part of the message of a bad one
  };
  const std::vector<Case> cases = {
      {"HTTP/1.0 200 OK\r\n\r\nuntil close", "until close", ""},
      {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n", "ok", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "", "in the middle"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "", "in the middle"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "", "framing"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "", "without an answer"},
      {"", "", "without an answer"},
      {"SSH-2.0-OpenSSH\r\n\r\n", "", "head"},
      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "", "no HTTP"},
      {"HTTP/1.1 101 Switching\r\n\r\n", "", "protocol"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "", "larger"},
      {"HTTP/1.0 200 OK\r\n\r\n" + std::string(600, 'x'), "", "larger"},
  };
  std::vector<std::string> answers;
  for (const Case& one : cases) answers.push_back(one.answer);
  ScriptedServer server(answers);
  ClientLimits limits;
  limits.body_bytes_max = 500;
  for (const Case& one : cases) {
    auto response = GetFrom(server.url, limits);
    EXPECT_EQ(response.has_value(), one.error.empty()) << one.answer << (response ? "" : response.error().ToString());
    if (response) EXPECT_EQ(response->body, one.body);
    if (!response) EXPECT_NE(response.error().message.find(one.error), std::string::npos) << response.error().ToString();
  }
}

TEST(Client, RetriesOnceWhenAKeptConnectionTurnsOutToBeClosed) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";  // promises to keep the connection, then closes it
  ScriptedServer server({ok, ok});
  RealLoop loop;
  Client client(loop);
  Context ctx(loop);
  for (int round = 0; round < 2; ++round) {
    auto response = loop.Run(client.Send(ctx, {.method = "POST", .url = server.url, .body = "x"}));
    ASSERT_TRUE(response) << response.error().ToString();
    EXPECT_EQ(response->body, "ok");
  }
  EXPECT_EQ(server.accepted, 2);
}

TEST(Client, ConnectErrorsAreFaults) {
  auto listener = ListenTcp("127.0.0.1", 0);
  const std::string port = std::to_string(LocalPort(listener->get()));
  listener->Reset();
  auto refused = GetFrom("http://127.0.0.1:" + port + "/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ECONNREFUSED");
  EXPECT_FALSE(GetFrom("http://no-such-host.invalid/"));
}

}  // namespace
}  // namespace mayfly::http
