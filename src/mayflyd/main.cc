// mayflyd: the daemon as a program of its own, for service managers. The same as `mayfly serve`.
#include <CLI/CLI.hpp>

#include "mayflyd/command_line.h"
#include "mayflyd/serve.h"
#include "mayflyd/version.h"

int main(int argc, char** argv) {
  CLI::App app("The Mayfly daemon: AWS Lambda on this machine.", "mayflyd");
  app.set_version_flag("--version", std::string("mayflyd ") + mayfly::daemon::kVersion);
  mayfly::daemon::Options options;
  mayfly::daemon::AddOptions(app, options);
  CLI11_PARSE(app, argc, argv);
  return mayfly::daemon::Serve(options);
}
