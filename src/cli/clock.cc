// mayfly clock: where the clock of a daemon in open mode stands, and moving it.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/spans.h"

namespace mayfly::cli {
namespace {

struct ClockOptions {
  ClientOptions client;
  std::string advance;  // "": only show it
};

Task<Result<int>> MoveClock(Context& ctx, Session& session, Duration advance) {
  Session::Call call;
  call.target = "/_mayfly/clock";
  if (advance > Duration::zero()) {
    call.method = "POST";
    call.body = fmt::format(R"({{"advance_seconds":{}}})", std::chrono::duration_cast<std::chrono::seconds>(advance).count());
  }
  MF_CO_TRY(const json::Value clock, co_await session.Fetch(ctx, std::move(call)));
  fmt::print("{}\n", clock.StringOr("now", ""));
  co_return kDone;
}

int RunClock(const ClockOptions& options) {
  const auto advance = options.advance.empty() ? Duration::zero() : ParseSpan(options.advance);
  if (!advance) {
    fmt::print(stderr, "mayfly: {}: expected a number with s, m, h or d, e.g. 10m\n", options.advance);
    return kUsage;
  }
  return RunSession(options.client, [&](Context& ctx, Session& session) { return MoveClock(ctx, session, *advance); });
}

}  // namespace

void AddClockCommand(Program& program) {
  auto options = std::make_shared<ClockOptions>();
  CLI::App* clock = program.app().add_subcommand("clock", "where the clock of a daemon in open mode stands, for tests of what takes long");
  CLI::App* advance = clock->add_subcommand("advance", "move it forward: retries, schedules, visibility and retention follow");
  advance->add_option("span", options->advance, "90s, 10m, 2h, 1d")->required();
  for (CLI::App* command : {clock, advance}) {
    AddEndpoint(*command, options->client);
    program.OnCommand(command, [options] { return RunClock(*options); });
  }
}

}  // namespace mayfly::cli
