#include "cli/session.h"

#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kNoDaemonCode = "NoDaemon";
constexpr std::string_view kRefusedCode = "Refused";
constexpr std::string_view kNotFoundCode = "NotFound";

std::string DefaultEndpoint() {
  for (const char* name : {"MAYFLY_ENDPOINT", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"}) {
    if (const char* value = std::getenv(name); value && *value) return value;
  }
  return "http://127.0.0.1:4566";
}

Error WithCode(std::string_view code, std::string message, std::string hint = {}) {
  Error error = Error::Fault(std::move(message), std::move(hint));
  error.code = code;
  return error;
}

// "http://127.0.0.1:4566", without the slash that people leave behind.
std::string Origin(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint.find("://") == std::string::npos && !endpoint.starts_with("unix:") ? "http://" + endpoint : endpoint;
}

std::string HostOf(const std::string& origin) {
  const size_t start = origin.find("//");
  return start == std::string::npos ? "localhost" : origin.substr(start + 2, origin.find('/', start + 2) - start - 2);
}

}  // namespace

void AddEndpoint(CLI::App& command, ClientOptions& options) {
  if (options.endpoint.empty()) options.endpoint = DefaultEndpoint();
  command.add_option("--endpoint", options.endpoint, "the daemon (MAYFLY_ENDPOINT, AWS_ENDPOINT_URL)")->capture_default_str();
}

void AddRegion(CLI::App& command, ClientOptions& options) {
  command.add_option("--region", options.region, "the function's region (AWS_REGION, or the profile's)");
}

Session::Session(RealLoop& loop, ClientOptions options) : loop_(&loop), options_(std::move(options)), settings_(ReadAwsSettings()), client_(loop) {
  options_.endpoint = Origin(std::move(options_.endpoint));
  if (options_.region.empty()) options_.region = settings_.region;
}

Task<Result<http::ClientResponse>> Session::Send(Context& ctx, Call call, http::Client::Mode mode) {
  http::ClientRequest request{.method = call.method, .url = options_.endpoint + call.target, .headers = std::move(call.headers)};
  // A region is told by a signature alone: without credentials a daemon in open mode takes any.
  std::optional<identity::SigningIdentity> identity = settings_.identity;
  if (!identity && !options_.region.empty()) identity = identity::SigningIdentity{"test", "test", ""};
  if (identity) {
    http::Request to_sign;
    to_sign.method = call.method;
    to_sign.target = call.target;
    to_sign.headers = request.headers;
    to_sign.body = call.body;
    identity::Sign(to_sign, *identity, options_.region.empty() ? "us-east-1" : options_.region, "lambda", loop_->WallNow(), HostOf(options_.endpoint));
    request.headers.Clear();
    for (const auto& [name, value] : to_sign.headers.fields()) {
      if (!EqualIgnoringCase(name, "Host")) request.headers.Add(name, value);
    }
  }
  request.body = std::move(call.body);
  auto response = co_await client_.Send(ctx, std::move(request), mode);
  if (response || response.error().kind != Error::Kind::Fault) co_return response;
  co_return Fail(WithCode(kNoDaemonCode, fmt::format("cannot reach the daemon at {}: {}", options_.endpoint, response.error().message),
                          "start it with 'mayfly serve', or name it with --endpoint"));
}

Error Session::ErrorOf(const http::ClientResponse& response) const {
  auto body = json::Parse(response.body);
  std::string message(body ? body->StringOr("message", body->StringOr("Message", "")) : std::string_view());
  if (message.empty()) message = response.body.empty() ? fmt::format("the daemon answered {}", response.status) : response.body.substr(0, 2000);
  message = Printable(message);
  std::string_view type = response.headers.Get("X-Amzn-ErrorType");
  type = type.substr(0, type.find(':'));
  if (!type.empty()) message = fmt::format("{} ({})", message, type);
  if (response.status == 404) return WithCode(kNotFoundCode, std::move(message));
  const bool refused = response.status == 401 || response.status == 403;
  if (!refused) return Error::Fault(std::move(message));
  return WithCode(kRefusedCode, std::move(message),
                  settings_.identity ? "the credentials of the environment, or of the AWS profile, were sent: they may be another daemon's"
                                     : "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
}

Task<Result<json::Value>> Session::Fetch(Context& ctx, Call call) {
  MF_CO_TRY(const http::ClientResponse response, co_await Send(ctx, std::move(call)));
  if (response.status / 100 != 2) co_return Fail(ErrorOf(response));
  if (response.body.empty()) co_return json::Value();
  auto body = json::Parse(response.body);
  if (!body) co_return Fail(Error::Fault(fmt::format("what answers at {} is no Mayfly: {}", options_.endpoint, body.error().message)));
  co_return std::move(*body);
}

Task<Result<json::Value>> Session::Fetch(Context& ctx, std::string target) {
  Call call;
  call.target = std::move(target);
  co_return co_await Fetch(ctx, std::move(call));
}

int Explain(const Error& error) {
  fmt::print(stderr, "mayfly: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  if (error.code == kNoDaemonCode) return kNoDaemon;
  if (error.code == kRefusedCode) return kRefused;
  return error.code == kNotFoundCode ? kNotFound : kFailed;
}

int RunSession(const ClientOptions& options, const std::function<Task<Result<int>>(Context&, Session&)>& work) {
  RealLoop loop;
  Session session(loop, options);
  Context ctx(loop);
  const auto code = loop.Run(work(ctx, session));
  return code ? *code : Explain(code.error());
}

}  // namespace mayfly::cli
