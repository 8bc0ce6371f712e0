#include "cli/command_manual.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "mayflyd/manual.h"

namespace mayfly::cli {
namespace {

using daemon::TroffText;

constexpr std::string_view kDaemonsOption = "--listen";  // a command that has it takes all of the daemon's

std::string DescribeOption(const CLI::Option& option) {
  std::string out = fmt::format(".TP\n\\fB{}\\fR\n{}\n", TroffText(option.get_name(false, true)), TroffText(option.get_description()));
  if (!option.get_default_str().empty()) out += fmt::format("Default: {}\n", TroffText(option.get_default_str()));
  if (!option.get_envname().empty()) out += fmt::format("Variable: {}\n", option.get_envname());
  return out;
}

// The commands below one, each with its options.
std::string DescribeCommands(const CLI::App& parent, const std::string& names) {
  std::string out;
  for (const CLI::App* command : parent.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = names + ' ' + command->get_name();
    out += fmt::format(".SS {}\n{}.\n", TroffText(name), TroffText(command->get_description()));
    if (command->get_option_no_throw(std::string(kDaemonsOption))) {
      out += "Its options are those of\n.BR mayflyd (8).\n";
      continue;
    }
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_name() != "--help") out += DescribeOption(*option);
    }
    out += DescribeCommands(*command, name);
  }
  return out;
}

}  // namespace

std::string WriteCommandManual(const CLI::App& app) {
  std::string page = daemon::TroffHead(app.get_name(), 1, "run and look at AWS Lambda on this machine");
  page += fmt::format(".SH SYNOPSIS\n.B {}\n.I COMMAND\n.RI [ OPTION ]...\n.SH DESCRIPTION\n.EX\n{}\n.EE\n.SH COMMANDS\n", app.get_name(),
                      TroffText(app.get_description()));
  return page + DescribeCommands(app, app.get_name()) + ".SH SEE ALSO\n.BR mayflyd (8)\n";
}

}  // namespace mayfly::cli
