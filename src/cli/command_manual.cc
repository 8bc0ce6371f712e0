#include "cli/command_manual.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "mayflyd/manual.h"

namespace mayfly::cli {
namespace {

using daemon::TroffText;

constexpr std::string_view kDaemonsOption = "--listen";  // a command that has it takes all of the daemon's

constexpr std::pair<std::string_view, std::string_view> kVariables[] = {
    {"MAYFLY_ENDPOINT, AWS_ENDPOINT_URL_LAMBDA, AWS_ENDPOINT_URL", "the daemon, the first that is set"},
    {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE",
     "who calls, as AWS's clients read it; without credentials calls are not signed, which a daemon in strict mode refuses"},
    {"AWS_REGION, AWS_DEFAULT_REGION", "the region whose functions are meant"},
    {"NO_COLOR", "no colours on terminals either"},
};

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
  page += DescribeCommands(app, app.get_name());
  page += ".SH EXIT STATUS\n";
  for (const ExitCodeMeaning& row : kExitCodes) page += fmt::format(".TP\n.B {}\n{}.\n", static_cast<int>(row.code), TroffText(row.meaning));
  page += ".SH ENVIRONMENT\n";
  for (const auto& [names, meaning] : kVariables) page += fmt::format(".TP\n.B {}\n{}.\n", names, TroffText(meaning));
  return page + ".SH SEE ALSO\n.BR mayflyd (8)\n";
}

void AddManCommand(Program& program) {
  auto page = std::make_shared<std::string>("mayfly");
  CLI::App* command = program.app().add_subcommand("man", "write a manual page: mayfly man mayflyd > mayflyd.8");
  command->add_option("page", *page, "mayfly (section 1) or mayflyd (section 8)")->capture_default_str()->check(CLI::IsMember({"mayfly", "mayflyd"}));
  program.OnCommand(command, [&program, page] {
    fmt::print("{}", *page == "mayflyd" ? daemon::WriteDaemonManual(program.daemon_options()) : WriteCommandManual(program.app()));
    return kDone;
  });
}

}  // namespace mayfly::cli
