// mayfly invoke: runs a function, as Lambda's Invoke does.
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/files.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/functions.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/terminal.h"

namespace mayfly::cli {
namespace {

constexpr size_t kEventBytesMax = 64 << 20;  // far above what the daemon takes; it says its own bound

struct InvokeOptions {
  ClientOptions client;
  std::string function;
  std::string qualifier;
  std::string event;
  bool tail = false;
  bool asynchronous = false;
  bool dry_run = false;
  bool json = false;
};

Result<std::string> ReadStandardInput() {
  std::string all;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read standard input", errno));
    if (count == 0) return all;
    all.append(buffer, static_cast<size_t>(count));
    if (all.size() > kEventBytesMax) return Fail(Error::Fault("the event on standard input is longer than any function takes"));
  }
}

// A file, - for standard input, or JSON itself, which a file's name hardly begins like.
Result<std::string> ReadEvent(const std::string& event) {
  if (event.empty()) return std::string("{}");
  if (event == "-") return ReadStandardInput();
  if (event.front() == '{' || event.front() == '[' || event.front() == '"') return event;
  return ReadFile(event);
}

std::string_view InvocationTypeOf(const InvokeOptions& options) {
  if (options.dry_run) return "DryRun";
  return options.asynchronous ? "Event" : "RequestResponse";
}

void PrintPayload(const std::string& payload) {
  std::fwrite(payload.data(), 1, payload.size(), stdout);
  if (!payload.empty() && payload.back() != '\n') std::fputc('\n', stdout);
}

void PrintJson(const http::ClientResponse& response, const std::string& log) {
  json::Value out;
  out.Set("StatusCode", response.status);
  if (const std::string_view error = response.headers.Get("X-Amz-Function-Error"); !error.empty()) out.Set("FunctionError", error);
  if (const std::string_view version = response.headers.Get("X-Amz-Executed-Version"); !version.empty()) out.Set("ExecutedVersion", version);
  auto payload = json::Parse(response.body);
  if (payload) out.Set("Payload", std::move(*payload));
  else if (!response.body.empty()) out.Set("Payload", response.body);
  if (!log.empty()) out.Set("Log", log);
  fmt::print("{}\n", json::Write(out));
}

Task<Result<int>> Invoke(Context& ctx, Session& session, const InvokeOptions& options, std::string event) {
  Session::Call call{.method = "POST", .target = FunctionTarget(options.function, "2015-03-31", "invocations"), .body = std::move(event), .headers = {}};
  if (!options.qualifier.empty()) call.target += "?Qualifier=" + PercentEncode(options.qualifier);
  call.headers.Add("Content-Type", "application/json");
  call.headers.Add("X-Amz-Invocation-Type", InvocationTypeOf(options));
  if (options.tail) call.headers.Add("X-Amz-Log-Type", "Tail");
  MF_CO_TRY(const http::ClientResponse response, co_await session.Send(ctx, std::move(call)));
  if (response.status / 100 != 2) co_return Fail(session.ErrorOf(response));
  const std::string log = Base64Decode(response.headers.Get("X-Amz-Log-Result")).value_or("");
  if (options.json) {
    PrintJson(response, log);
  } else {
    fmt::print(stderr, "{}", log);
    PrintPayload(response.body);
  }
  std::fflush(stdout);
  const std::string_view error = response.headers.Get("X-Amz-Function-Error");
  if (error.empty()) {
    if (options.asynchronous && !options.json) fmt::print(stderr, "accepted: 'mayfly logs {}' shows what it does\n", Printable(options.function));
    co_return kDone;
  }
  if (!options.json) {
    const Terminal terminal = TerminalOf(STDERR_FILENO);
    fmt::print(stderr, "{}\n", Styled(terminal, Style::Bad, fmt::format("mayfly: the function failed ({})", Printable(error))));
    if (!options.tail) fmt::print(stderr, "hint: --tail shows what it printed\n");
  }
  co_return kFunctionError;
}

int RunInvoke(const InvokeOptions& options) {
  auto event = ReadEvent(options.event);
  if (!event) {
    fmt::print(stderr, "mayfly: --event {}: {}\nhint: a file, - for standard input, or JSON itself in quotes\n", options.event, event.error().message);
    return kUsage;
  }
  return RunSession(options.client, [&](Context& ctx, Session& session) { return Invoke(ctx, session, options, *event); });
}

}  // namespace

void AddInvokeCommand(Program& program) {
  auto options = std::make_shared<InvokeOptions>();
  CLI::App* command = program.app().add_subcommand("invoke", "run a function; its answer goes to standard output");
  AddEndpoint(*command, options->client);
  AddRegion(*command, options->client);
  command->add_option("function", options->function, "name, name:qualifier or ARN")->required();
  command->add_option("-e,--event", options->event, "the event: a file, - for standard input, or JSON itself (default: {})");
  command->add_option("--qualifier", options->qualifier, "a version or alias");
  command->add_flag("-t,--tail", options->tail, "show what it printed (the last 4 KB), on standard error");
  CLI::Option* asynchronous = command->add_flag("--async", options->asynchronous, "hand the event over and do not wait: InvocationType Event");
  command->add_flag("--dry-run", options->dry_run, "only ask whether it could be invoked")->excludes(asynchronous);
  command->add_flag("--json", options->json, "answer, error, version and log as one JSON document");
  program.OnCommand(command, [options] { return RunInvoke(*options); });
}

}  // namespace mayfly::cli
