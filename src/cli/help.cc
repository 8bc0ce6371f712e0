// mayfly help: a command's help, or a topic's.
#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kExitCodesTopic = "exit-codes";

void PrintExitCodes() {
  fmt::print("Exit codes of mayfly:\n\n");
  for (const ExitCodeMeaning& row : kExitCodes) fmt::print("  {}  {}\n", static_cast<int>(row.code), row.meaning);
  fmt::print("\nA command that a signal ends has the code that the shell gives it: 130 after ^C.\n");
}

int ShowHelp(CLI::App& app, const std::vector<std::string>& words) {
  if (words.size() == 1 && words.front() == kExitCodesTopic) {
    PrintExitCodes();
    return kDone;
  }
  CLI::App* command = &app;
  std::string path = app.get_name();
  for (const std::string& word : words) {
    const std::vector<CLI::App*> all = command->get_subcommands([](const CLI::App*) { return true; });
    const auto below = std::find_if(all.begin(), all.end(), [&](const CLI::App* other) { return other->check_name(word); });
    if (below == all.end()) {
      std::vector<std::string> names = {std::string(kExitCodesTopic)};
      for (const CLI::App* other : all) names.push_back(other->get_name());
      const std::string meant = NearestWord(word, names);
      fmt::print(stderr, "mayfly: there is no help for '{}'\nhint: {}\n", word,
                 meant.empty() ? "'mayfly help' lists the commands; a further topic is exit-codes" : fmt::format("did you mean '{}'?", meant));
      return kUsage;
    }
    command = *below;
    path += ' ' + word;
  }
  fmt::print("{}", command->help(command == &app ? "" : path.substr(0, path.rfind(' '))));
  if (command == &app) fmt::print("\nmayfly help exit-codes tells what the exit codes mean.\n");
  return kDone;
}

}  // namespace

void AddHelpCommand(Program& program) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = program.app().add_subcommand("help", "a command's help; 'mayfly help exit-codes'");
  command->add_option("topic", *words, "a command, or exit-codes");
  program.OnCommand(command, [&program, words] { return ShowHelp(program.app(), *words); });
}

}  // namespace mayfly::cli
