// mayfly policy: the smallest policy that covers what a function really asks for, and how its role's policies differ from it.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"

namespace mayfly::cli {
namespace {

struct PolicyOptions {
  ClientOptions client;
  std::string function;
  bool diff = false;
  bool json = false;
};

std::string_view TextsIn(const json::Value& answer, std::string_view name, std::string& storage, char sign) {
  storage.clear();
  const json::Value* texts = answer.Find(name);
  if (!texts || !texts->is_array()) return storage;
  for (const json::Value& text : texts->array()) {
    if (text.is_string()) storage += fmt::format("{} {}\n", sign, text.string());
  }
  return storage;
}

Task<Result<int>> ShowPolicy(Context& ctx, Session& session, const PolicyOptions& options) {
  std::string name = options.function.substr(options.function.rfind(':') + 1);
  MF_CO_TRY(const json::Value answer, co_await session.Fetch(ctx, "/_mayfly/decisions/" + PercentEncode(name)));
  if (options.json) {
    fmt::print("{}\n", json::Write(answer));
    co_return kDone;
  }
  if (answer.StringOr("mode", "") == "open") fmt::print(stderr, "nothing is noted with --iam open: start the daemon with --iam soft\n");
  if (!options.diff) {
    const json::Value* policy = answer.Find("policy");
    fmt::print("{}\n", policy ? json::Write(*policy) : "{}");
    co_return kDone;
  }
  std::string missing, unused;
  fmt::print("{}{}", TextsIn(answer, "missing", missing, '+'), TextsIn(answer, "unused", unused, '-'));
  co_return missing.empty() && unused.empty() ? kDone : kFailed;
}

}  // namespace

void AddPolicyCommand(Program& program) {
  auto options = std::make_shared<PolicyOptions>();
  CLI::App* command = program.app().add_subcommand("policy", "the smallest policy that covers what a function has asked AWS for (--iam soft or strict)");
  command->add_option("function", options->function, "name or ARN of the function")->required();
  command->add_flag("--diff", options->diff, "what the role's policies do not allow (+), and what they allow that was never asked for (-); 1: there is a difference");
  command->add_flag("--json", options->json, "everything that was noted, as one JSON document");
  AddEndpoint(*command, options->client);
  AddRegion(*command, options->client);
  program.OnCommand(command, [options] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return ShowPolicy(ctx, session, *options); });
  });
}

}  // namespace mayfly::cli
