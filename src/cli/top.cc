// mayfly top: what the functions are doing, again and again.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/event.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/metrics_text.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "cli/units.h"

namespace mayfly::cli {
namespace {

constexpr int kLinesBesideTable = 4;  // the heading above it, and the cursor below

struct TopOptions {
  ClientOptions client;
  double interval_seconds = 2;
  int iterations = 0;  // 0: for ever on a terminal, once elsewhere
  bool json = false;
};

using Figures = std::map<FunctionKey, FunctionFigures>;

struct Reading {
  Figures figures;
  json::Value status;
  TimePoint at;
};

// One function in one interval.
struct Row {
  FunctionKey key;
  FunctionFigures total;
  double invocations = 0;
  double errors = 0;
  double throttles = 0;
  double p50 = -1;  // milliseconds; -1: none ended
  double p99 = -1;
};

// Without a reading before, or after the daemon was started anew, the interval is what the daemon has lived.
Row RowOf(const FunctionKey& key, const FunctionFigures& now, const Figures& earlier) {
  static const FunctionFigures kNothing;
  const auto found = earlier.find(key);
  const bool goes_on = found != earlier.end() && found->second.invocations <= now.invocations;
  const FunctionFigures& before = goes_on ? found->second : kNothing;
  return {.key = key, .total = now, .invocations = now.invocations - before.invocations, .errors = now.errors - before.errors,
          .throttles = now.throttles - before.throttles, .p50 = QuantileBetween(before.durations, now.durations, 0.5),
          .p99 = QuantileBetween(before.durations, now.durations, 0.99)};
}

// Those that did most come first.
std::vector<Row> RowsOf(const Reading& before, const Reading& now) {
  std::vector<Row> rows;
  for (const auto& [key, figures] : now.figures) rows.push_back(RowOf(key, figures, before.figures));
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a.invocations != b.invocations) return a.invocations > b.invocations;
    if (a.total.environments != b.total.environments) return a.total.environments > b.total.environments;
    if (a.total.invocations != b.total.invocations) return a.total.invocations > b.total.invocations;
    return a.key < b.key;
  });
  return rows;
}

std::string Milliseconds(double milliseconds) { return milliseconds < 0 ? "-" : FormatMilliseconds(milliseconds); }

// Names alone where all functions are of one account and region.
std::string NameOf(const Row& row, const std::vector<Row>& rows) {
  const bool alone = std::all_of(rows.begin(), rows.end(), [&](const Row& other) { return other.key.account == row.key.account && other.key.region == row.key.region; });
  return alone ? row.key.name : fmt::format("{}:{}:{}", row.key.account, row.key.region, row.key.name);
}

// Counts are those since the daemon's start; in colour where some came in this interval, of which rate and quantiles are.
std::string WriteTable(const std::vector<Row>& rows, double seconds, const Terminal& terminal) {
  using Align = Table::Align;
  Table table({{"FUNCTION"}, {"CALLS/S", Align::Right}, {"CALLS", Align::Right}, {"ERRORS", Align::Right}, {"THROTTLED", Align::Right}, {"P50", Align::Right},
               {"P99", Align::Right}, {"ENVIRONMENTS", Align::Right}, {"IDLE", Align::Right}, {"MEMORY", Align::Right}});
  const size_t room = terminal.rows > kLinesBesideTable ? static_cast<size_t>(terminal.rows - kLinesBesideTable) : rows.size();
  for (const Row& row : rows) {
    if (table.size() == room) break;
    table.Add({NameOf(row, rows), FormatRate(row.invocations / seconds), fmt::format("{:.0f}", row.total.invocations),
               {fmt::format("{:.0f}", row.total.errors), row.errors > 0 ? Style::Bad : Style::Plain},
               {fmt::format("{:.0f}", row.total.throttles), row.throttles > 0 ? Style::Warning : Style::Plain}, Milliseconds(row.p50), Milliseconds(row.p99),
               fmt::format("{}", row.total.environments), fmt::format("{}", row.total.idle), FormatBytes(row.total.memory_bytes)});
  }
  return table.Write(terminal);
}

json::Value WriteRow(const Row& row, double seconds) {
  json::Value out;
  out.Set("account", row.key.account);
  out.Set("region", row.key.region);
  out.Set("function", row.key.name);
  out.Set("invocations_per_second", row.invocations / seconds);
  out.Set("invocations", static_cast<int64_t>(row.invocations));
  out.Set("errors", static_cast<int64_t>(row.errors));
  out.Set("throttles", static_cast<int64_t>(row.throttles));
  out.Set("invocations_total", static_cast<int64_t>(row.total.invocations));
  out.Set("errors_total", static_cast<int64_t>(row.total.errors));
  out.Set("p50_ms", row.p50 < 0 ? json::Value() : json::Value(row.p50));
  out.Set("p99_ms", row.p99 < 0 ? json::Value() : json::Value(row.p99));
  out.Set("environments", row.total.environments);
  out.Set("environments_idle", row.total.idle);
  out.Set("memory_bytes", row.total.memory_bytes);
  return out;
}

void PrintJson(const std::vector<Row>& rows, double seconds) {
  json::Array list;
  for (const Row& row : rows) list.push_back(WriteRow(row, seconds));
  fmt::print("{}\n", json::Write(json::Object{{"seconds", seconds}, {"functions", std::move(list)}}));
}

void Print(const Reading& before, const Reading& now, const TopOptions& options) {
  const double seconds = std::max(std::chrono::duration<double>(now.at - before.at).count(), 0.001);
  const std::vector<Row> rows = RowsOf(before, now);
  if (options.json) return PrintJson(rows, seconds);
  const Terminal terminal = TerminalOf(STDOUT_FILENO);
  if (terminal.is_terminal) fmt::print("\x1b[H\x1b[J");
  fmt::print("{}\n\n", Styled(terminal, Style::Faint,
                              fmt::format("Mayfly {}, up {}: {} functions, {} running, {} environments of which {} idle", now.status.StringOr("version", "?"),
                                          FormatSpan(std::chrono::seconds(now.status.IntOr("uptime_seconds", 0))), now.status.IntOr("functions", 0),
                                          now.status.IntOr("invocations_running", 0), now.status.IntOr("environments_live", 0),
                                          now.status.IntOr("environments_idle", 0))));
  if (rows.empty()) fmt::print("nothing has been invoked yet\n");
  else fmt::print("{}", WriteTable(rows, seconds, terminal));
}

Task<Result<Reading>> Read(Context& ctx, Session& session) {
  Session::Call call;
  call.target = "/_mayfly/metrics";
  MF_CO_TRY(const http::ClientResponse metrics, co_await session.Send(ctx, std::move(call)));
  if (metrics.status != 200) co_return Fail(session.ErrorOf(metrics));
  Reading reading{.figures = ReadFunctionFigures(metrics.body), .status = {}, .at = ctx.loop->Now()};
  MF_CO_TRY(reading.status, co_await session.Fetch(ctx, "/_mayfly/status"));
  co_return reading;
}

Task<Result<int>> Watch(Context& ctx, Session& session, const TopOptions& options) {
  const int iterations = options.iterations > 0 || TerminalOf(STDOUT_FILENO).is_terminal ? options.iterations : 1;
  const auto interval = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.interval_seconds));
  Event never(*ctx.loop);
  MF_CO_TRY(Reading before, co_await Read(ctx, session));
  for (int done = 0; iterations == 0 || done < iterations; ++done) {
    co_await never.WaitUntil(ctx.loop->Now() + interval);
    MF_CO_TRY(Reading now, co_await Read(ctx, session));
    Print(before, now, options);
    if (std::fflush(stdout) != 0) co_return kDone;  // who reads has gone
    before = std::move(now);
  }
  co_return kDone;
}

}  // namespace

void AddTopCommand(Program& program) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command = program.app().add_subcommand("top", "live: calls, errors, p50 and p99, environments and memory of each function");
  AddEndpoint(*command, options->client);
  AddRegion(*command, options->client);
  command->add_option("-d,--interval", options->interval_seconds, "seconds between two looks")->capture_default_str()->check(CLI::Range(0.1, 3600.0));
  command->add_option("-n,--iterations", options->iterations, "end after so many (default: for ever on a terminal, elsewhere 1)")->check(CLI::Range(1, 1'000'000'000));
  command->add_flag("--json", options->json, "a JSON document for each look, one a line");
  program.OnCommand(command, [options] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return Watch(ctx, session, *options); });
  });
}

}  // namespace mayfly::cli
