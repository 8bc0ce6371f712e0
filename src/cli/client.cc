#include "cli/client.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/real_loop.h"
#include "base/text.h"
#include "identity/sigv4.h"
#include "net/http_client.h"

namespace mayfly::cli {
namespace {

int Complain(const ClientOptions& options, const Error& error) {
  fmt::print(stderr, "mayfly: cannot reach the daemon at {}: {}\nhint: start it with 'mayfly serve', or name it with --endpoint\n",
             options.endpoint, error.message);
  return 1;
}

int ComplainOfAnswer(const http::ClientResponse& response) {
  auto body = json::Parse(response.body);
  const std::string message(body ? body->StringOr("message", response.body) : std::string_view(response.body));
  fmt::print(stderr, "mayfly: {}\n", message);
  return 1;
}

// "90s", "10m", "2h", "1d" in milliseconds; -1 when it is none.
int64_t ParseSpan(const std::string& text) {
  if (text.size() < 2 || text.find_first_not_of("0123456789") != text.size() - 1) return -1;
  const int64_t number = std::stoll(text.substr(0, std::min<size_t>(text.size() - 1, 12)));
  switch (text.back()) {
    case 's': return number * 1000;
    case 'm': return number * 60'000;
    case 'h': return number * 3'600'000;
    case 'd': return number * 86'400'000;
    default: return -1;
  }
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// A GET, signed when the environment has credentials: a daemon in strict mode asks for it.
http::ClientRequest MakeRequest(Context& ctx, const ClientOptions& options, const std::string& target) {
  http::ClientRequest request{.url = options.endpoint + target};
  const identity::SigningIdentity identity{Variable("AWS_ACCESS_KEY_ID"), Variable("AWS_SECRET_ACCESS_KEY"), Variable("AWS_SESSION_TOKEN")};
  if (identity.access_key_id.empty() || identity.secret_access_key.empty()) return request;
  http::Request signed_request;
  signed_request.method = request.method;
  signed_request.target = target;
  const size_t host = options.endpoint.find("//");
  const std::string region = Variable("AWS_REGION").empty() ? Variable("AWS_DEFAULT_REGION") : Variable("AWS_REGION");
  identity::Sign(signed_request, identity, region.empty() ? "us-east-1" : region, "lambda", ctx.loop->WallNow(),
                 host == std::string::npos ? options.endpoint : options.endpoint.substr(host + 2));
  for (const auto& [name, value] : signed_request.headers.fields()) {
    if (!EqualIgnoringCase(name, "Host")) request.headers.Add(name, value);
  }
  return request;
}

Task<int> FetchStatus(Context& ctx, http::Client& client, const ClientOptions& options) {
  auto response = co_await client.Send(ctx, MakeRequest(ctx, options, "/_mayfly/status"));
  if (!response) co_return Complain(options, response.error());
  if (response->status != 200) co_return ComplainOfAnswer(*response);
  auto body = json::Parse(response->body);
  if (!body || !body->is_object()) co_return ComplainOfAnswer(*response);
  for (const auto& [name, value] : body->object()) {
    fmt::print("{:<22} {}\n", name, value.is_string() ? value.string() : json::Write(value));
  }
  co_return 0;
}

Task<int> MoveClock(Context& ctx, http::Client& client, const ClientOptions& options, int64_t advance_ms) {
  http::ClientRequest request = MakeRequest(ctx, options, "/_mayfly/clock");
  if (advance_ms > 0) {
    request.method = "POST";
    request.body = fmt::format(R"({{"advance_seconds":{}}})", advance_ms / 1000);
  }
  auto response = co_await client.Send(ctx, std::move(request));
  if (!response) co_return Complain(options, response.error());
  auto body = json::Parse(response->body);
  if (response->status != 200 || !body) co_return ComplainOfAnswer(*response);
  fmt::print("{}\n", body->StringOr("now", ""));
  co_return 0;
}

Task<int> FetchLogs(Context& ctx, http::Client& client, const ClientOptions& options, const LogsOptions& logs, int64_t age_ms) {
  const std::string target = fmt::format("/_mayfly/logs?function={}&since_ms={}&limit={}&filter={}&region={}&account={}{}",
                                         PercentEncode(logs.function), age_ms, logs.limit, PercentEncode(logs.filter),
                                         PercentEncode(logs.region), PercentEncode(logs.account), logs.follow ? "&follow=1" : "");
  http::ClientRequest request = MakeRequest(ctx, options, target);
  auto response = co_await client.Send(ctx, std::move(request), http::Client::Mode::Stream);
  if (!response) co_return Complain(options, response.error());
  std::string body;
  while (response->body_reader) {
    auto piece = co_await response->body_reader->Read(ctx);
    if (!piece) co_return Complain(options, piece.error());
    if (piece->empty()) break;
    if (response->status != 200) {
      body += *piece;
      continue;
    }
    std::fwrite(piece->data(), 1, piece->size(), stdout);
    std::fflush(stdout);
  }
  if (response->status != 200) {
    response->body += body;
    co_return ComplainOfAnswer(*response);
  }
  std::fwrite(response->body.data(), 1, response->body.size(), stdout);
  co_return 0;
}

}  // namespace

int ShowStatus(const ClientOptions& options) {
  RealLoop loop;
  http::Client client(loop);
  Context ctx(loop);
  return loop.Run(FetchStatus(ctx, client, options));
}

int ShowLogs(const ClientOptions& options, const LogsOptions& logs) {
  const int64_t age_ms = ParseSpan(logs.since);
  if (age_ms < 0) {
    fmt::print(stderr, "mayfly: --since {}: expected a number with s, m, h or d, e.g. 10m\n", logs.since);
    return 2;
  }
  RealLoop loop;
  http::Client client(loop);
  Context ctx(loop);
  return loop.Run(FetchLogs(ctx, client, options, logs, age_ms));
}

int ShowClock(const ClientOptions& options, const std::string& advance) {
  const int64_t advance_ms = advance.empty() ? 0 : ParseSpan(advance);
  if (advance_ms < 0) {
    fmt::print(stderr, "mayfly: {}: expected a number with s, m, h or d, e.g. 10m\n", advance);
    return 2;
  }
  RealLoop loop;
  http::Client client(loop);
  Context ctx(loop);
  return loop.Run(MoveClock(ctx, client, options, advance_ms));
}

}  // namespace mayfly::cli
