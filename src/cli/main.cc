// mayfly: the command. `mayfly serve` is the daemon; the other commands talk to it or look at this machine.
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/client.h"
#include "cli/command_manual.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/runtime.h"
#include "cli/sign.h"
#include "mayflyd/command_line.h"
#include "mayflyd/manual.h"
#include "mayflyd/serve.h"
#include "mayflyd/version.h"

namespace {

constexpr const char* kAbout = R"(Mayfly is AWS Lambda on your own Linux machines.

  mayfly serve                      start the daemon in the foreground
  export AWS_ENDPOINT_URL=http://127.0.0.1:4566
  aws lambda list-functions         every AWS client works as it is
  mayfly logs my-function --follow  what a function prints
  mayfly runtime list               which runtimes it serves, and with what
  mayfly doctor                     is this machine ready?)";

std::string DefaultEndpoint() {
  for (const char* name : {"MAYFLY_ENDPOINT", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"}) {
    if (const char* value = std::getenv(name); value && *value) return value;
  }
  return "http://127.0.0.1:4566";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kAbout, "mayfly");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("mayfly ") + mayfly::daemon::kVersion);

  mayfly::daemon::Options options;
  CLI::App* serve = app.add_subcommand("serve", "run the daemon in the foreground; prints 'ready http://HOST:PORT' when it serves");
  mayfly::daemon::AddOptions(*serve, options);
  CLI::App* doctor = app.add_subcommand("doctor", "check kernel, cgroups, interpreters and ports, and say how to mend what is missing");
  mayfly::daemon::AddOptions(*doctor, options);

  mayfly::cli::ClientOptions client;
  client.endpoint = DefaultEndpoint();
  mayfly::cli::LogsOptions logs;
  CLI::App* status = app.add_subcommand("status", "what the running daemon is doing");
  status->add_option("--endpoint", client.endpoint, "the daemon (MAYFLY_ENDPOINT, AWS_ENDPOINT_URL)")->capture_default_str();
  CLI::App* show_logs = app.add_subcommand("logs", "what a function printed");
  show_logs->add_option("--endpoint", client.endpoint, "the daemon (MAYFLY_ENDPOINT, AWS_ENDPOINT_URL)")->capture_default_str();
  show_logs->add_option("function", logs.function, "name or ARN")->required();
  show_logs->add_flag("-f,--follow", logs.follow, "go on as it prints more");
  show_logs->add_option("--since", logs.since, "how far back: 90s, 10m, 2h, 1d")->capture_default_str();
  show_logs->add_option("--filter", logs.filter, "only lines that contain this text");
  show_logs->add_option("--limit", logs.limit, "at most this many lines of the past")->capture_default_str()->check(CLI::Range(1, 10'000));
  show_logs->add_option("--region", logs.region, "the function's region")->envname("AWS_REGION");
  show_logs->add_option("--account", logs.account, "the function's account");
  std::string advance;
  CLI::App* clock = app.add_subcommand("clock", "where the clock of a daemon in open mode stands, for tests of what takes long");
  CLI::App* advance_clock = clock->add_subcommand("advance", "move it forward: retries, schedules, visibility and retention follow");
  advance_clock->add_option("span", advance, "90s, 10m, 2h, 1d")->required();
  for (CLI::App* command : {clock, advance_clock}) {
    command->add_option("--endpoint", client.endpoint, "the daemon (MAYFLY_ENDPOINT, AWS_ENDPOINT_URL)")->capture_default_str();
  }

  mayfly::cli::SignOptions signing;
  CLI::App* sign = app.add_subcommand("sign", "sign packages for functions that demand it");
  mayfly::cli::AddSignCommand(*sign, signing);
  mayfly::cli::RuntimeOptions runtime;
  CLI::App* runtimes = app.add_subcommand("runtime", "which runtime identifiers this machine serves; interpreters of your own");
  runtimes->require_subcommand(1);
  CLI::App* list_runtimes = runtimes->add_subcommand("list", "every identifier and what serves it here");
  list_runtimes->add_flag("--markdown", runtime.markdown, "the table of docs/runtimes.md");
  CLI::App* add_runtime = runtimes->add_subcommand("add", "serve an identifier with an interpreter from a directory of its own, or with a container image");
  add_runtime->add_option("identifier", runtime.identifier, "e.g. python3.14")->required();
  CLI::Option* root = add_runtime->add_option("--root", runtime.root, "an unpacked directory, seen by functions as /var/lang");
  add_runtime->add_option("--interpreter", runtime.interpreter, "the program in it, when it is not bin/python3.14 (bin/node, bin/ruby, bin/java)")->needs(root);
  add_runtime->add_option("--image", runtime.image, "a container image that is functions' root, e.g. public.ecr.aws/lambda/python:3.14 or oci:PATH")->excludes(root);
  for (const char* name : {"user", "registry-mirror", "registry-credentials"}) mayfly::daemon::AddOption(*add_runtime, options, name);
  CLI::App* remove_runtime = runtimes->add_subcommand("remove", "forget an interpreter or image that was added");
  remove_runtime->add_option("identifier", runtime.identifier, "as it was added")->required();
  for (CLI::App* command : {list_runtimes, add_runtime, remove_runtime}) mayfly::daemon::AddOption(*command, options, "data-dir");

  std::string page = "mayfly";
  CLI::App* manual = app.add_subcommand("man", "write a manual page: mayfly man mayflyd > mayflyd.8");
  manual->add_option("page", page, "mayfly (section 1) or mayflyd (section 8)")->capture_default_str()->check(CLI::IsMember({"mayfly", "mayflyd"}));

  std::string shell;
  CLI::App* completion = app.add_subcommand("completion", "print what makes a shell complete this command: eval \"$(mayfly completion bash)\"");
  completion->add_option("shell", shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));

  CLI11_PARSE(app, argc, argv);
  if (manual->parsed()) {
    fmt::print("{}", page == "mayflyd" ? mayfly::daemon::WriteDaemonManual(options) : mayfly::cli::WriteCommandManual(app));
    return 0;
  }
  if (completion->parsed()) {
    fmt::print("{}", mayfly::cli::WriteCompletion(app, *mayfly::cli::ShellOf(shell)));
    return 0;
  }
  if (sign->parsed()) return mayfly::cli::RunSign(*sign, signing);
  if (serve->parsed()) return mayfly::daemon::Serve(options);
  if (doctor->parsed()) return mayfly::cli::RunDoctor(options);
  if (list_runtimes->parsed()) return mayfly::cli::ListRuntimes(options, runtime);
  if (add_runtime->parsed()) return mayfly::cli::AddRuntime(options, runtime);
  if (remove_runtime->parsed()) return mayfly::cli::RemoveRuntime(options, runtime);
  if (status->parsed()) return mayfly::cli::ShowStatus(client);
  if (clock->parsed()) return mayfly::cli::ShowClock(client, advance);
  return mayfly::cli::ShowLogs(client, logs);
}
