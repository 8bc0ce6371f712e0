// mayfly net explain: whether a connection of a function's passes, and by which rule.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"

namespace mayfly::cli {
namespace {

struct ExplainOptions {
  ClientOptions client;
  std::string function;
  std::string target;
  bool json = false;
};

// HOST:PORT, [ADDRESS]:PORT.
std::string PageOf(const ExplainOptions& options) {
  const size_t colon = options.target.rfind(':');
  std::string host = options.target.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string port = colon == std::string::npos ? "" : options.target.substr(colon + 1);
  std::string page = fmt::format("/_mayfly/network?function={}&host={}&port={}", PercentEncode(options.function), PercentEncode(host), PercentEncode(port));
  if (!options.client.region.empty()) page += "&region=" + PercentEncode(options.client.region);
  return page;
}

Task<Result<int>> ShowRules(Context& ctx, Session& session, const ExplainOptions& options) {
  MF_CO_TRY(const json::Value answer, co_await session.Fetch(ctx, PageOf(options)));
  if (options.json) fmt::print("{}\n", json::Write(answer));
  const json::Value* connections = answer.Find("connections");
  bool passes = connections != nullptr && connections->is_array();
  if (!passes) co_return kFailed;
  for (const json::Value& connection : connections->array()) {
    const json::Value* one = connection.Find("passes");
    const bool it_passes = one != nullptr && one->is_bool() && one->boolean();
    passes = passes && it_passes;
    if (!options.json) fmt::print("{}  {}: {}\n", it_passes ? "passes " : "refused", connection.StringOr("address", ""), connection.StringOr("rule", ""));
  }
  co_return passes ? kDone : kFailed;
}

}  // namespace

void AddNetCommand(Program& program) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* net = program.app().add_subcommand("net", "what functions may reach");
  net->require_subcommand(1);
  CLI::App* explain = net->add_subcommand("explain", "whether a connection of a function's passes, and by which rule; 1: it does not");
  explain->add_option("function", options->function, "name or ARN of the function")->required();
  explain->add_option("target", options->target, "HOST:PORT, [ADDRESS]:PORT")->required();
  explain->add_flag("--json", options->json, "as one JSON document");
  AddEndpoint(*explain, options->client);
  AddRegion(*explain, options->client);
  program.OnCommand(explain, [options] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return ShowRules(ctx, session, *options); });
  });
}

}  // namespace mayfly::cli
