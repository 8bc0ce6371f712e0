// mayfly status: what the running daemon is doing.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "cli/units.h"

namespace mayfly::cli {
namespace {

struct StatusOptions {
  ClientOptions client;
  bool json = false;
};

std::string TextOf(const json::Value& value) { return value.is_string() ? value.string() : json::Write(value); }

// "stored_bytes": "stored bytes"
std::string Words(std::string name) {
  for (char& c : name) {
    if (c == '_') c = ' ';
  }
  return name;
}

void AddEnvironments(Table& facts, const json::Value& status) {
  facts.Add({"environments", fmt::format("{} live, {} of them idle; {} started and {} used again since the start", status.IntOr("environments_live", 0),
                                         status.IntOr("environments_idle", 0), status.IntOr("environments_started", 0), status.IntOr("environments_reused", 0))});
}

// Members that are figures: one line for each. What a newer daemon has beyond those that are known is shown as well.
void AddOthers(Table& facts, const json::Object& status) {
  for (const auto& [name, value] : status) {
    const bool shown = name == "version" || name == "uptime_seconds" || name == "auth" || name == "runtimes" || name.starts_with("environments_");
    if (shown) continue;
    if (!value.is_object()) {
      facts.Add({Words(name), TextOf(value)});
      continue;
    }
    std::string figures;
    for (const auto& [inner, figure] : value.object()) figures += fmt::format("{}{} {}", figures.empty() ? "" : ", ", Words(inner), TextOf(figure));
    facts.Add({Words(name), figures});
  }
}

void Print(const ClientOptions& options, const json::Value& status) {
  const Terminal terminal = TerminalOf(STDOUT_FILENO);
  Table facts = Table::OfFacts();
  facts.Add({"daemon", fmt::format("Mayfly {} at {}", status.StringOr("version", "?"), options.endpoint)});
  facts.Add({"up for", FormatSpan(std::chrono::seconds(status.IntOr("uptime_seconds", 0)))});
  facts.Add({"callers", status.StringOr("auth", "") == "strict" ? "must sign (--auth strict)" : "are believed (--auth open)"});
  AddEnvironments(facts, status);
  AddOthers(facts, status.object());
  fmt::print("{}", facts.Write(terminal));
  const json::Value* runtimes = status.Find("runtimes");
  if (!runtimes || !runtimes->is_object()) return;
  Table table({{"RUNTIME"}, {"RUNS ON"}});
  for (const auto& [identifier, what] : runtimes->object()) {
    const std::string text = TextOf(what);
    const bool nearest = text.find("(serves ") != std::string::npos;
    table.Add({identifier, {text.empty() ? "the package's own bootstrap" : text, nearest ? Style::Warning : Style::Plain}});
  }
  fmt::print("\n{}", table.Write(terminal));
}

Task<Result<int>> ShowStatus(Context& ctx, Session& session, const StatusOptions& options) {
  MF_CO_TRY(const json::Value status, co_await session.Fetch(ctx, "/_mayfly/status"));
  if (!status.is_object()) co_return Fail(Error::Fault(fmt::format("what answers at {} is no Mayfly", session.options().endpoint)));
  if (options.json) fmt::print("{}\n", json::Write(status));
  else Print(session.options(), status);
  co_return kDone;
}

}  // namespace

void AddStatusCommand(Program& program) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = program.app().add_subcommand("status", "what the running daemon is doing");
  AddEndpoint(*command, options->client);
  command->add_flag("--json", options->json, "as one JSON document");
  program.OnCommand(command, [options] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return ShowStatus(ctx, session, *options); });
  });
}

}  // namespace mayfly::cli
