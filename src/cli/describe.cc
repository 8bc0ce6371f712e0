// mayfly describe: one function with what belongs to it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/functions.h"
#include "cli/program.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "cli/units.h"

namespace mayfly::cli {
namespace {

struct DescribeOptions {
  ClientOptions client;
  std::string function;
  std::string qualifier;
  bool json = false;
};

struct Description {
  json::Value function;  // GetFunction's answer
  json::Array versions;
  json::Array aliases;
  json::Array mappings;
  json::Value url;  // null: it has none
};

json::Value MemberOf(const json::Value& value, std::string_view name) {
  const json::Value* member = value.Find(name);
  return member ? *member : json::Value();
}

// "a, b and 3 more"
std::string Joined(const std::vector<std::string>& words) {
  constexpr size_t kShown = 12;
  std::string out;
  for (size_t i = 0; i < words.size() && i < kShown; ++i) out += fmt::format("{}{}", out.empty() ? "" : ", ", words[i]);
  if (words.size() > kShown) out += fmt::format(" and {} more", words.size() - kShown);
  return out;
}

std::vector<std::string> NamesOf(const json::Value& object) {
  std::vector<std::string> names;
  if (!object.is_object()) return names;
  for (const auto& [name, value] : object.object()) names.push_back(name);
  return names;
}

void AddUnlessEmpty(Table& facts, std::string name, std::string text) {
  if (!text.empty()) facts.Add({std::move(name), std::move(text)});
}

Table::Cell StateOf(const json::Value& configuration) {
  const std::string_view state = configuration.StringOr("State", "");
  const std::string_view update = configuration.StringOr("LastUpdateStatus", "");
  std::string text = fmt::format("{}{}{}", state, update.empty() ? "" : ", last update ", update);
  for (const char* reason : {"StateReason", "LastUpdateStatusReason"}) {
    if (const std::string_view why = configuration.StringOr(reason, ""); !why.empty()) text += fmt::format(": {}", why);
  }
  const bool failed = state == "Failed" || update == "Failed";
  const bool ready = state == "Active" && update != "InProgress";
  return {text, failed ? Style::Bad : ready ? Style::Good : Style::Warning};
}

std::string LayersOf(const json::Value& configuration) {
  std::vector<std::string> layers;
  if (const json::Value* list = configuration.Find("Layers"); list && list->is_array()) {
    for (const json::Value& layer : list->array()) layers.emplace_back(layer.StringOr("Arn", ""));
  }
  return Joined(layers);
}

// "live → 3", "canary → 3 and 4 (10 %)"
std::string AliasesOf(const json::Array& aliases) {
  std::vector<std::string> words;
  for (const json::Value& alias : aliases) {
    std::string word = fmt::format("{} → {}", alias.StringOr("Name", ""), alias.StringOr("FunctionVersion", ""));
    const json::Value weights = MemberOf(MemberOf(alias, "RoutingConfig"), "AdditionalVersionWeights");
    for (const std::string& version : NamesOf(weights)) {
      word += fmt::format(" and {} ({:.0f} %)", version, 100 * MemberOf(weights, version).AsDouble().value_or(0));
    }
    words.push_back(std::move(word));
  }
  return Joined(words);
}

void AddConfiguration(Table& facts, const json::Value& configuration) {
  facts.Add({"function", {std::string(configuration.StringOr("FunctionName", "")), Style::Heading}});
  facts.Add({"ARN", std::string(configuration.StringOr("FunctionArn", ""))});
  AddUnlessEmpty(facts, "description", std::string(configuration.StringOr("Description", "")));
  facts.Add({"state", StateOf(configuration)});
  facts.Add({"runtime", RuntimeOf(configuration)});
  AddUnlessEmpty(facts, "handler", std::string(configuration.StringOr("Handler", "")));
  facts.Add({"memory", fmt::format("{} MB, /tmp {} MB", configuration.IntOr("MemorySize", 0), MemberOf(configuration, "EphemeralStorage").IntOr("Size", 512))});
  facts.Add({"timeout", fmt::format("{} s", configuration.IntOr("Timeout", 0))});
  facts.Add({"code", fmt::format("{}, changed {}", FormatBytes(configuration.IntOr("CodeSize", 0)), ShortTime(configuration.StringOr("LastModified", "")))});
  facts.Add({"role", std::string(configuration.StringOr("Role", ""))});
  // Values may be secrets; --json has them.
  AddUnlessEmpty(facts, "variables", Joined(NamesOf(MemberOf(MemberOf(configuration, "Environment"), "Variables"))));
  AddUnlessEmpty(facts, "layers", LayersOf(configuration));
  AddUnlessEmpty(facts, "log group", std::string(MemberOf(configuration, "LoggingConfig").StringOr("LogGroup", "")));
}

void AddTags(Table& facts, const json::Value& tags) {
  std::vector<std::string> words;
  for (const std::string& name : NamesOf(tags)) words.push_back(fmt::format("{}={}", name, tags.StringOr(name, "")));
  AddUnlessEmpty(facts, "tags", Joined(words));
}

void Print(const Description& description) {
  const Terminal terminal = TerminalOf(STDOUT_FILENO);
  Table facts = Table::OfFacts();
  AddConfiguration(facts, MemberOf(description.function, "Configuration"));
  AddTags(facts, MemberOf(description.function, "Tags"));
  const json::Value concurrency = MemberOf(description.function, "Concurrency");
  if (concurrency.is_object()) facts.Add({"reserved concurrency", fmt::format("{}", concurrency.IntOr("ReservedConcurrentExecutions", 0))});
  if (!description.versions.empty()) facts.Add({"versions", fmt::format("{}", description.versions.size())});
  AddUnlessEmpty(facts, "aliases", AliasesOf(description.aliases));
  if (description.url.is_object()) {
    facts.Add({"URL", fmt::format("{} ({}, {})", description.url.StringOr("FunctionUrl", ""), description.url.StringOr("AuthType", ""),
                                  description.url.StringOr("InvokeMode", "BUFFERED"))});
  }
  fmt::print("{}", facts.Write(terminal));
  if (description.mappings.empty()) return;
  Table table({{"EVENTS FROM"}, {"BATCH", Table::Align::Right}, {"STATE"}, {"MAPPING"}});
  for (const json::Value& mapping : description.mappings) {
    table.Add({std::string(mapping.StringOr("EventSourceArn", "-")), fmt::format("{}", mapping.IntOr("BatchSize", 0)),
               {std::string(mapping.StringOr("State", "")), mapping.StringOr("State", "") == "Enabled" ? Style::Good : Style::Warning},
               std::string(mapping.StringOr("UUID", ""))});
  }
  fmt::print("\n{}", table.Write(terminal));
}

// $LATEST is no version that somebody has published.
void KeepPublished(json::Array& versions) {
  std::erase_if(versions, [](const json::Value& version) { return version.StringOr("Version", "") == "$LATEST"; });
}

// Parts that this caller may not see, or that a qualifier rules out, are left out: the function itself was answered.
Task<Result<int>> Describe(Context& ctx, Session& session, const DescribeOptions& options) {
  const std::string query = options.qualifier.empty() ? "" : "Qualifier=" + PercentEncode(options.qualifier);
  Description description;
  MF_CO_TRY(description.function, co_await session.Fetch(ctx, FunctionTarget(options.function, "2015-03-31", "", query)));
  const json::Value configuration = MemberOf(description.function, "Configuration");
  const std::string name(configuration.StringOr("FunctionName", options.function));
  if (auto versions = co_await FetchPages(ctx, session, FunctionTarget(name, "2015-03-31", "versions"), "Versions")) description.versions = std::move(*versions);
  KeepPublished(description.versions);
  if (auto aliases = co_await FetchPages(ctx, session, FunctionTarget(name, "2015-03-31", "aliases"), "Aliases")) description.aliases = std::move(*aliases);
  const std::string mappings = "/2015-03-31/event-source-mappings/?FunctionName=" + PercentEncode(options.function);
  if (auto found = co_await FetchPages(ctx, session, mappings, "EventSourceMappings")) description.mappings = std::move(*found);
  if (auto url = co_await session.Fetch(ctx, FunctionTarget(name, "2021-10-31", "url", query))) description.url = std::move(*url);
  if (!options.json) {
    Print(description);
    co_return kDone;
  }
  json::Value all = std::move(description.function);
  all.Set("Versions", std::move(description.versions));
  all.Set("Aliases", std::move(description.aliases));
  all.Set("EventSourceMappings", std::move(description.mappings));
  all.Set("FunctionUrlConfig", std::move(description.url));
  fmt::print("{}\n", json::Write(all));
  co_return kDone;
}

}  // namespace

void AddDescribeCommand(Program& program) {
  auto options = std::make_shared<DescribeOptions>();
  CLI::App* command = program.app().add_subcommand("describe", "one function, and what belongs to it: versions, aliases, mappings, URL");
  AddEndpoint(*command, options->client);
  AddRegion(*command, options->client);
  command->add_option("function", options->function, "name or ARN")->required();
  command->add_option("--qualifier", options->qualifier, "a version or alias");
  command->add_flag("--json", options->json, "as one JSON document: GetFunction's answer, with what belongs to it");
  program.OnCommand(command, [options] {
    return RunSession(options->client, [&](Context& ctx, Session& session) { return Describe(ctx, session, *options); });
  });
}

}  // namespace mayfly::cli
