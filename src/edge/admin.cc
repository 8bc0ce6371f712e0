#include "edge/admin.h"

#include <deque>

#include <fmt/format.h>

#include <algorithm>

#include "base/blocking_pool.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/function_reference.h"
#include "edge/attachments.h"
#include "edge/environment_figures.h"
#include "edge/test_clock.h"
#include "packages/code_package.h"
#include "services/page.h"
#include "telemetry/trace_segments.h"
#include "uplink/address_holders.h"
#include "uplink/function_network.h"

namespace mayfly::edge {
namespace {

constexpr size_t kFollowBacklogMax = 10'000;  // lines that a slow reader may be behind; then the oldest are skipped

http::Response ErrorPage(int status, std::string_view message) {
  return http::Response::Json(status, fmt::format("{{\"message\":{}}}\n", json::Quote(message)));
}

std::string QueryValue(const http::Request& request, std::string_view name) {
  for (auto& [key, value] : http::ParseQuery(request.query())) {
    if (key == name) return value;
  }
  return {};
}

int64_t QueryNumber(const http::Request& request, std::string_view name, int64_t fallback) {
  return ParseNumber<int64_t>(QueryValue(request, name)).value_or(fallback);
}

void AppendLine(const store::LogLine& line, std::string& out) {
  out += line.text;
  if (!line.text.ends_with('\n')) out += '\n';
}

// Null: there is no such page, or none of this access.
services::Page* PageOf(const AdminParts& parts, std::string_view path, services::Page::Access access) {
  const auto found = parts.pages.find(path.substr(0, path.find('/')));
  return found != parts.pages.end() && found->second->access() == access ? found->second : nullptr;
}

// In whose place a connection is made.
uplink::AddressHolder HolderOf(const catalog::Function& function) {
  uplink::AddressHolder holder{function.name.account_id, function.name.region, function.name.name, {}};
  if (function.has_vpc_config && !function.vpc.subnet_ids.empty()) holder.vpc_member = function.name.Arn() + ':' + function.version;
  return holder;
}

// The lines that came while the reader was busy. Shared by the listener and the writing task.
struct FollowQueue {
  explicit FollowQueue(Loop& loop) : more(loop) {}
  std::deque<store::LogLine> lines;
  Event more;
};

Task<Result<>> WriteFollowing(Context& ctx, http::BodyWriter& writer, std::string past, std::shared_ptr<FollowQueue> queue,
                              std::shared_ptr<void> subscription, std::string filter) {
  if (!past.empty()) MF_CO_TRY_VOID(co_await writer.Write(ctx, past));
  for (;;) {
    while (!queue->lines.empty()) {
      std::string text;
      while (!queue->lines.empty() && text.size() < 64 * 1024) {
        if (filter.empty() || queue->lines.front().text.find(filter) != std::string::npos) AppendLine(queue->lines.front(), text);
        queue->lines.pop_front();
      }
      if (!text.empty()) MF_CO_TRY_VOID(co_await writer.Write(ctx, text));
    }
    MF_CO_TRY_VOID(co_await queue->more.Wait(ctx));
  }
}

}  // namespace

Task<http::Response> Admin::Handle(Context& ctx, http::Request& request) {
  const std::string path(request.path().substr(9));  // after "/_mayfly/"
  const bool get = request.method == "GET";
  if (path == "health" && get) co_return Health();
  if (path.starts_with("code/") && get) co_return co_await Code(ctx, request);
  const std::string_view rest = path.contains('/') ? std::string_view(path).substr(path.find('/') + 1) : std::string_view();
  if (services::Page* page = PageOf(parts_, path, services::Page::Access::Public); page && get) co_return co_await page->Get(ctx, request, rest, "");
  auto principal = parts_.authenticator->Authenticate(request);
  if (!principal) co_return ErrorPage(403, principal.error().message);
  ctx.principal = std::move(*principal);
  if (path == "status" && get) co_return Status(ctx.principal);
  if (path == "logs" && get) co_return co_await Logs(ctx, request);
  if (path == "metrics" && get) co_return co_await Metrics(ctx);
  if (path == "network" && get) co_return co_await Network(ctx, request);
  if (path == "vpc") co_return co_await Attachments(ctx, request);
  if (path == "traces" && get) co_return Traces(ctx, request);
  if (services::Page* page = PageOf(parts_, path, services::Page::Access::Private); page && get) {
    const bool all = parts_.authenticator->IsOperator(ctx.principal) && QueryValue(request, "account").empty();
    co_return co_await page->Get(ctx, request, rest, all ? std::string() : AccountOf(ctx, request));
  }
  if (path == "clock") co_return co_await Clock(ctx, request);
  if (path == "reset") {
    if (request.method != "POST") co_return ErrorPage(405, "use POST");
    co_return co_await Reset(ctx);
  }
  co_return ErrorPage(404, "no such page; there are health, status, logs, metrics, network, traces, vpc, outbox, clock, reset");
}

http::Response Admin::Health() const {
  return http::Response::Json(200, fmt::format("{{\"status\":\"ok\",\"service\":\"mayfly\",\"version\":{}}}\n", json::Quote(parts_.version)));
}

http::Response Admin::Status(const Principal& caller) const {
  json::Value status;
  status.Set("version", parts_.version);
  status.Set("uptime_seconds", static_cast<int64_t>(ToMillis(parts_.loop->Now() - started_) / 1000));
  if (parts_.authenticator->IsOperator(caller)) {
    AddMachine(status);
  } else {
    status.Set("functions", parts_.catalog->KnownUsageOf(caller.account_id, caller.region).functions);
  }
  status.Set("auth", parts_.authenticator->mode() == identity::AuthMode::Open ? "open" : "strict");
  json::Value runtimes;
  for (const catalog::RuntimeIdentifier& identifier : catalog::RuntimeIdentifiers()) {
    if (!parts_.runtimes->CheckUse(identifier.name, catalog::RuntimeUse::Create, parts_.loop->WallNow())) continue;
    if (const auto choice = parts_.runtimes->Resolve(identifier.name)) runtimes.Set(identifier.name, choice->description);
  }
  status.Set("runtimes", std::move(runtimes));
  return http::Response::Json(200, json::Write(status) + "\n");
}

Task<http::Response> Admin::Metrics(Context& ctx) {
  co_await parts_.network->CountRefusals();
  const std::string_view account = parts_.authenticator->IsOperator(ctx.principal) ? std::string_view() : ctx.principal.account_id;
  std::string text = parts_.metrics->WriteText(account);
  text += WriteEnvironmentFigures(parts_.environments->uses(), account);
  co_return http::Response::Text(200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}

void Admin::AddMachine(json::Value& status) const {
  const runtime::ManagerCounts counts = parts_.environments->counts();
  status.Set("functions", static_cast<uint64_t>(parts_.catalog->size()));
  status.Set("invocations_running", parts_.invoker->running());
  status.Set("environments_live", counts.live);
  status.Set("environments_idle", counts.idle);
  status.Set("environments_started", counts.started);
  status.Set("environments_reused", counts.reused);
  status.Set("events", parts_.describe_events());
  status.Set("network", parts_.network->Describe());
}

std::string Admin::AccountOf(const Context& ctx, const http::Request& request) const {
  std::string named = QueryValue(request, "account");
  return named.empty() || !parts_.authenticator->IsOperator(ctx.principal) ? ctx.principal.account_id : named;
}

Task<http::Response> Admin::Attachments(Context& ctx, http::Request& request) {
  if (request.method != "GET" && !parts_.authenticator->IsOperator(ctx.principal)) {
    co_return ErrorPage(403, "who attaches says what functions reach of the machine's networks: that is the operator's");
  }
  std::string region = QueryValue(request, "region");
  if (region.empty()) region = ctx.principal.region;
  co_return co_await HandleAttachments(ctx, *parts_.attached, *parts_.files, request, {AccountOf(ctx, request), std::move(region)});
}

http::Response Admin::Traces(const Context& ctx, const http::Request& request) const {
  const std::string account = AccountOf(ctx, request);
  const auto limit = static_cast<size_t>(std::clamp<int64_t>(QueryNumber(request, "limit", 1000), 1, 10'000));
  return http::Response::Json(200, parts_.traces->WriteJson(account, QueryValue(request, "trace_id"), limit));
}

std::expected<catalog::FunctionPointer, http::Response> Admin::FunctionOf(const Context& ctx, const http::Request& request) const {
  const std::string function_text = QueryValue(request, "function");
  if (function_text.empty()) return std::unexpected(ErrorPage(400, "name a function: ?function=NAME"));
  Context named = ctx;
  if (std::string region = QueryValue(request, "region"); !region.empty()) named.principal.region = region;
  named.principal.account_id = AccountOf(ctx, request);
  auto reference = catalog::ParseFunctionReference(named, function_text, "");
  if (!reference) return std::unexpected(ErrorPage(404, reference.error().message));
  // The name may be an ARN of any account.
  const bool is_allowed = reference->name.account_id == ctx.principal.account_id || parts_.authenticator->IsOperator(ctx.principal);
  const catalog::FunctionPointer function = is_allowed ? parts_.catalog->Find(reference->name) : nullptr;
  if (!function) return std::unexpected(ErrorPage(404, catalog::FunctionNotFound(*reference).message));
  return function;
}

// A name is looked up as the machine does, which is where functions' name server asks.
Task<http::Response> Admin::Network(Context& ctx, const http::Request& request) {
  auto function = FunctionOf(ctx, request);
  if (!function) co_return std::move(function).error();
  const std::string host = QueryValue(request, "host");
  const auto port = QueryNumber(request, "port", 0);
  if (host.empty() || port < 1 || port > 65535) co_return ErrorPage(400, "say where to: ?host=HOST&port=PORT");
  auto explained = co_await parts_.network->ExplainTo(ctx, *parts_.files, HolderOf(**function), host, static_cast<uint16_t>(port));
  if (!explained) co_return ErrorPage(400, explained.error().message);
  json::Value answer;
  answer.Set("function", (*function)->name.Arn());
  answer.Set("host", host);
  answer.Set("port", port);
  json::Array connections;
  for (const auto& [address, explanation] : *explained) {
    json::Value connection;
    connection.Set("address", address);
    connection.Set("passes", explanation.passes);
    connection.Set("rule", explanation.rule);
    connections.push_back(std::move(connection));
  }
  answer.Set("connections", json::Value(std::move(connections)));
  co_return http::Response::Json(200, json::Write(answer) + "\n");
}

Task<http::Response> Admin::Logs(Context& ctx, const http::Request& request) {
  auto found = FunctionOf(ctx, request);
  if (!found) co_return std::move(found).error();
  const catalog::FunctionPointer function = *found;
  store::LogQuery query;
  query.group = LogGroupKey(function->name, function->LogGroup());
  query.from = parts_.loop->WallNow() - std::chrono::milliseconds(QueryNumber(request, "since_ms", 3'600'000));
  query.contains = QueryValue(request, "filter");
  query.limit = static_cast<size_t>(std::clamp<int64_t>(QueryNumber(request, "limit", 1000), 1, 10'000));
  const std::string filter = query.contains;
  auto queue = std::make_shared<FollowQueue>(*parts_.loop);
  std::shared_ptr<void> subscription;
  const bool follow = QueryValue(request, "follow") == "1";
  if (follow) {
    subscription = parts_.logs->Follow(query.group, [queue](const store::LogLine& line) {
      if (queue->lines.size() >= kFollowBacklogMax) queue->lines.pop_front();
      queue->lines.push_back(line);
      queue->more.Pulse();
    });
  }
  auto lines = co_await parts_.logs->Query(ctx, std::move(query));
  if (!lines) co_return ErrorPage(500, lines.error().message);
  std::string past;
  for (const store::LogLine& line : *lines) AppendLine(line, past);
  if (!follow) co_return http::Response::Text(200, std::move(past), "text/plain; charset=utf-8");
  queue->lines.clear();  // what came while the past was being read is part of it
  http::Response response = http::Response::Text(200, "", "text/plain; charset=utf-8");
  response.stream = [past = std::move(past), queue, subscription, filter](Context& ctx, http::BodyWriter& writer) mutable {
    return WriteFollowing(ctx, writer, std::move(past), queue, subscription, filter);
  };
  co_return response;
}

Task<http::Response> Admin::Clock(Context& ctx, http::Request& request) {
  if (parts_.authenticator->mode() != identity::AuthMode::Open) {
    co_return ErrorPage(403, "the clock can be moved only when the daemon runs with --auth open");
  }
  co_return co_await HandleClock(ctx, *parts_.calendar, request);
}

Task<http::Response> Admin::Reset(Context& ctx) {
  if (parts_.authenticator->mode() != identity::AuthMode::Open) {
    co_return ErrorPage(403, "reset is allowed only when the daemon runs with --auth open");
  }
  auto done = co_await parts_.reset(ctx);
  if (!done) co_return ErrorPage(500, done.error().ToString());
  co_return http::Response::Json(200, "{\"status\":\"empty\"}\n");
}

Task<http::Response> Admin::Code(Context& ctx, const http::Request& request) {
  if (!parts_.is_download_allowed(request)) co_return ErrorPage(403, "the link's signature is wrong or has expired: call GetFunction again");
  const std::string path(request.path());
  const std::string sha256_hex = path.substr(path.rfind('/') + 1);
  const auto pin = parts_.code->Pin(sha256_hex);
  if (!pin) co_return ErrorPage(404, "the package is not there any more");
  auto read = co_await parts_.files->Run(*ctx.loop, [path = parts_.code->ZipPathOf(sha256_hex)] { return ReadFile(path); });
  if (!read) co_return ErrorPage(500, "the package cannot be read");
  co_return http::Response::Text(200, std::move(*read), "application/zip");
}

}  // namespace mayfly::edge
