// mayfly vpc attach, list, detach: what functions in VPCs reach there.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"

namespace mayfly::cli {
namespace {

struct VpcOptions {
  ClientOptions client;
  std::string place;
  std::string address;
  std::string to;
  std::vector<std::string> groups;
  std::string interface;
  bool json = false;
};

std::string VpcPage(const VpcOptions& options, std::string query = {}) {
  if (!options.client.region.empty()) query += (query.empty() ? "" : "&") + ("region=" + PercentEncode(options.client.region));
  return "/_mayfly/vpc" + (query.empty() ? "" : "?" + query);
}

void ShowAttached(const json::Value& one) {
  std::string groups;
  if (const json::Value* list = one.Find("groups"); list && list->is_array()) {
    for (const json::Value& group : list->array()) groups += (groups.empty() ? "" : ",") + (group.is_string() ? group.string() : std::string());
  }
  const int64_t port = one.IntOr("port", 0);
  fmt::print("{}  {}  {}  {}  {}  {}\n", one.StringOr("interface", ""), one.StringOr("vpc", ""), one.StringOr("subnet", ""),
             one.StringOr("address", ""), fmt::format("{}{}", one.StringOr("to", ""), port ? fmt::format(":{}", port) : ""), groups);
}

Task<Result<int>> ListAttached(Context& ctx, Session& session, const VpcOptions& options) {
  MF_CO_TRY(const json::Value answer, co_await session.Fetch(ctx, VpcPage(options)));
  if (options.json) fmt::print("{}\n", json::Write(answer));
  const json::Value* attached = answer.Find("attached");
  if (options.json || !attached || !attached->is_array()) co_return kDone;
  for (const json::Value& one : attached->array()) ShowAttached(one);
  co_return kDone;
}

// HOST or HOST:PORT.
Task<Result<int>> Attach(Context& ctx, Session& session, const VpcOptions& options) {
  const size_t colon = options.to.rfind(':');
  json::Value wish;
  wish.Set("in", options.place);
  wish.Set("address", options.address);
  wish.Set("to", options.to.substr(0, colon));
  if (colon != std::string::npos) wish.Set("port", ParseNumber<int64_t>(options.to.substr(colon + 1)).value_or(-1));
  json::Array groups;
  for (const std::string& several : options.groups) {
    for (const std::string_view group : Split(several, ',')) groups.emplace_back(std::string(group));
  }
  wish.Set("groups", json::Value(std::move(groups)));
  Session::Call call{.method = "POST", .target = VpcPage(options), .body = json::Write(wish), .headers = {}};
  MF_CO_TRY(const json::Value attached, co_await session.Fetch(ctx, std::move(call)));
  if (options.json) fmt::print("{}\n", json::Write(attached));
  else ShowAttached(attached);
  co_return kDone;
}

Task<Result<int>> Detach(Context& ctx, Session& session, const VpcOptions& options) {
  Session::Call call{.method = "DELETE", .target = VpcPage(options, "interface=" + PercentEncode(options.interface)), .body = {}, .headers = {}};
  MF_CO_TRY(const json::Value answer, co_await session.Fetch(ctx, std::move(call)));
  co_return kDone;
}

using VpcWork = Task<Result<int>> (*)(Context&, Session&, const VpcOptions&);

void AddVpcWork(Program& program, CLI::App& command, const std::shared_ptr<VpcOptions>& options, VpcWork work) {
  AddEndpoint(command, options->client);
  AddRegion(command, options->client);
  program.OnCommand(&command, [options, work] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return work(ctx, session, *options); });
  });
}

}  // namespace

void AddVpcCommand(Program& program) {
  auto options = std::make_shared<VpcOptions>();
  CLI::App* vpc = program.app().add_subcommand("vpc", "what functions in VPCs reach there: databases in containers, on this machine, elsewhere");
  vpc->require_subcommand(1);
  CLI::App* attach = vpc->add_subcommand("attach", "give a resource an address in a VPC; again: it is elsewhere now");
  attach->add_option("in", options->place, "id of a VPC or a subnet")->required();
  attach->add_option("--address", options->address, "in the VPC; of a subnet without one: any that is free");
  attach->add_option("--to", options->to, "where it is: HOST[:PORT]; localhost is this machine's loopback (TCP). PORT: it answers there, whatever was asked for")
      ->required();
  attach->add_option("--groups", options->groups, "ids of security groups, by commas; without it the default group of the VPC");
  attach->add_flag("--json", options->json, "as one JSON document");
  AddVpcWork(program, *attach, options, &Attach);
  CLI::App* list = vpc->add_subcommand("list", "what is attached: interface, VPC, subnet, address, where it is, groups");
  list->add_flag("--json", options->json, "as one JSON document");
  AddVpcWork(program, *list, options, &ListAttached);
  CLI::App* detach = vpc->add_subcommand("detach", "take it away");
  detach->add_option("interface", options->interface, "its id: eni-, and so on (mayfly vpc list)")->required();
  AddVpcWork(program, *detach, options, &Detach);
}

}  // namespace mayfly::cli
