// mayfly logs: what a function printed.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/spans.h"

namespace mayfly::cli {
namespace {

struct LogsOptions {
  ClientOptions client;
  std::string function;  // name or ARN
  std::string account;   // "": the daemon's default
  std::string since = "1h";
  std::string filter;
  int limit = 1000;
  bool follow = false;
};

std::string TargetOf(const Session& session, const LogsOptions& logs, Duration age) {
  return fmt::format("/_mayfly/logs?function={}&since_ms={}&limit={}&filter={}&region={}&account={}{}", PercentEncode(logs.function),
                     std::chrono::duration_cast<std::chrono::milliseconds>(age).count(), logs.limit, PercentEncode(logs.filter),
                     PercentEncode(session.options().region), PercentEncode(logs.account), logs.follow ? "&follow=1" : "");
}

Task<Result<int>> ShowLogs(Context& ctx, Session& session, const LogsOptions& logs, Duration age) {
  Session::Call call;
  call.target = TargetOf(session, logs, age);
  MF_CO_TRY(http::ClientResponse response, co_await session.Send(ctx, std::move(call), http::Client::Mode::Stream));
  const bool good = response.status == 200;
  if (good) std::fwrite(response.body.data(), 1, response.body.size(), stdout);
  while (response.body_reader) {
    MF_CO_TRY(const std::string piece, co_await response.body_reader->Read(ctx));
    if (piece.empty()) break;
    if (!good) {
      response.body += piece;
      continue;
    }
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    if (std::fflush(stdout) != 0) co_return kDone;  // who reads has gone
  }
  if (!good) co_return Fail(session.ErrorOf(response));
  co_return kDone;
}

int RunLogs(const LogsOptions& options) {
  const auto age = ParseSpan(options.since);
  if (!age) {
    fmt::print(stderr, "mayfly: --since {}: expected a number with s, m, h or d, e.g. 10m\n", options.since);
    return kUsage;
  }
  return RunSession(options.client, [&](Context& ctx, Session& session) { return ShowLogs(ctx, session, options, *age); });
}

}  // namespace

void AddLogsCommand(Program& program) {
  auto options = std::make_shared<LogsOptions>();
  CLI::App* command = program.app().add_subcommand("logs", "what a function printed");
  AddEndpoint(*command, options->client);
  AddRegion(*command, options->client);
  command->add_option("function", options->function, "name or ARN")->required();
  command->add_flag("-f,--follow", options->follow, "go on as it prints more");
  command->add_option("--since", options->since, "how far back: 90s, 10m, 2h, 1d")->capture_default_str();
  command->add_option("--filter", options->filter, "only lines that contain this text");
  command->add_option("--limit", options->limit, "at most this many lines of the past")->capture_default_str()->check(CLI::Range(1, 10'000));
  command->add_option("--account", options->account, "the function's account");
  program.OnCommand(command, [options] { return RunLogs(*options); });
}

}  // namespace mayfly::cli
