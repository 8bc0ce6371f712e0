// mayfly list: the functions.
#include <unistd.h>

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/functions.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "cli/units.h"

namespace mayfly::cli {
namespace {

struct ListOptions {
  ClientOptions client;
  bool json = false;
  bool names = false;
};

void Print(const json::Array& functions) {
  const Terminal terminal = TerminalOf(STDOUT_FILENO);
  using Align = Table::Align;
  Table table({{"FUNCTION"}, {"RUNTIME"}, {"MEMORY", Align::Right}, {"TIMEOUT", Align::Right}, {"CODE", Align::Right}, {"CHANGED"}, {"DESCRIPTION"}});
  for (const json::Value& function : functions) {
    table.Add({std::string(function.StringOr("FunctionName", "")), RuntimeOf(function), fmt::format("{} MB", function.IntOr("MemorySize", 0)),
               fmt::format("{} s", function.IntOr("Timeout", 0)), FormatBytes(function.IntOr("CodeSize", 0)), ShortTime(function.StringOr("LastModified", "")),
               std::string(function.StringOr("Description", ""))});
  }
  if (table.empty()) fmt::print(stderr, "no functions yet: create one with any AWS client\n");
  else fmt::print("{}", table.Write(terminal));
}

Task<Result<int>> ListFunctions(Context& ctx, Session& session, const ListOptions& options) {
  MF_CO_TRY(json::Array functions, co_await FetchPages(ctx, session, "/2015-03-31/functions/", "Functions"));
  std::sort(functions.begin(), functions.end(),
            [](const json::Value& a, const json::Value& b) { return a.StringOr("FunctionName", "") < b.StringOr("FunctionName", ""); });
  if (options.names) {
    for (const json::Value& function : functions) fmt::print("{}\n", function.StringOr("FunctionName", ""));
  } else if (options.json) {
    fmt::print("{}\n", json::Write(std::move(functions)));
  } else {
    Print(functions);
  }
  co_return kDone;
}

}  // namespace

void AddListCommand(Program& program) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = program.app().add_subcommand("list", "the functions of the account and region");
  AddEndpoint(*command, options->client);
  AddRegion(*command, options->client);
  CLI::Option* json = command->add_flag("--json", options->json, "as one JSON document: a list of what ListFunctions has of each");
  command->add_flag("--names", options->names, "names alone, one a line")->excludes(json);
  program.OnCommand(command, [options] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return ListFunctions(ctx, session, *options); });
  });
}

}  // namespace mayfly::cli
