// mayfly serve: the daemon, in the foreground.
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/program.h"
#include "mayflyd/command_line.h"
#include "mayflyd/serve.h"

namespace mayfly::cli {

void AddServeCommand(Program& program) {
  CLI::App* command = program.app().add_subcommand("serve", "run the daemon in the foreground; prints 'ready http://HOST:PORT' when it serves");
  daemon::AddOptions(*command, program.daemon_options());
  program.OnCommand(command, [&program] { return daemon::Serve(program.daemon_options()); });
}

}  // namespace mayfly::cli
