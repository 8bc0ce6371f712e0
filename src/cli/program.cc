#include "cli/program.h"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "mayflyd/version.h"

namespace mayfly::cli {
namespace {

constexpr const char* kAbout = R"(Mayfly is AWS Lambda on your own Linux machines.

  mayfly serve                      start the daemon in the foreground
  export AWS_ENDPOINT_URL=http://127.0.0.1:4566
  aws lambda list-functions         every AWS client works as it is
  mayfly list                       the functions; also describe, invoke, top
  mayfly invoke my-function --event event.json --tail
  mayfly logs my-function --follow  what a function prints
  mayfly runtime list               which runtimes it serves, and with what
  mayfly doctor                     is this machine ready?)";

// Letters put in, left out, exchanged or swapped on the way from one word to the other.
size_t DistanceBetween(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t exchange = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, exchange});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The command that the words lead to, and the first word that leads nowhere ("" when all do, or options begin).
struct Place {
  const CLI::App* command;
  std::string path;
  std::string stray;
};

Place FindPlace(const CLI::App& app, const std::vector<std::string>& words) {
  Place place{&app, app.get_name(), {}};
  for (const std::string& word : words) {
    if (word.starts_with('-')) break;
    const auto commands = CommandsOf(*place.command);
    if (commands.empty()) break;
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const CLI::App* command) { return command->check_name(word); });
    if (found == commands.end()) {
      place.stray = word;
      break;
    }
    place.command = *found;
    place.path += ' ' + word;
  }
  return place;
}

std::vector<std::string> OptionsOf(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string WithDots(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string NearestWord(const std::string& word, const std::vector<std::string>& known) {
  constexpr size_t kWordBytesMax = 64;
  std::string nearest;
  if (word.size() > kWordBytesMax) return nearest;
  size_t best = std::max<size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = candidate.starts_with(word) && word.size() > 2 ? 1 : DistanceBetween(word, candidate);
    if (distance >= best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

Program::Program() : app_(std::make_unique<CLI::App>(kAbout, "mayfly")) {
  app_->require_subcommand(1);
  app_->set_version_flag("--version", std::string("mayfly ") + daemon::kVersion);
}

Program::~Program() = default;

int Program::ExplainUsage(const CLI::Error& error, const std::vector<std::string>& words) const {
  const Place place = FindPlace(*app_, words);
  std::string problem = WithDots(error.what());
  std::string meant;
  const bool takes_commands = !CommandsOf(*place.command).empty();
  const bool needs_one = takes_commands && place.command->get_require_subcommand_min() > 0;
  if (needs_one && !place.stray.empty()) {
    std::vector<std::string> names;
    for (const CLI::App* command : CommandsOf(*place.command)) names.push_back(command->get_name());
    problem = fmt::format("'{}' is no command of '{}'", Printable(place.stray), place.path);
    meant = NearestWord(place.stray, names);
  } else if (needs_one) {
    problem = fmt::format("'{}' wants a command", place.path);
  } else {
    for (const std::string& word : words) {
      const std::string name = word.substr(0, word.find('='));
      const std::vector<std::string> known = OptionsOf(*place.command);
      if (!name.starts_with("--") || std::find(known.begin(), known.end(), name) != known.end()) continue;
      problem = fmt::format("'{}' is no option of '{}'", Printable(name), place.path);
      meant = NearestWord(name, known);
      break;
    }
  }
  fmt::print(stderr, "mayfly: {}\n", Printable(problem));
  if (!meant.empty()) fmt::print(stderr, "hint: did you mean '{}'? '{} --help' lists what there is\n", meant, place.path);
  else fmt::print(stderr, "hint: '{} --help' lists what there is\n", place.path);
  return kUsage;
}

int Program::Run(int argc, const char* const* argv) {
  if (argc < 2) {
    fmt::print(stderr, "{}", app_->help());
    return kUsage;
  }
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app_->exit(asked);
  } catch (const CLI::ParseError& error) {
    return ExplainUsage(error, std::vector<std::string>(argv + 1, argv + argc));
  }
  const CLI::App* last = app_.get();
  for (auto below = last->get_subcommands(); !below.empty(); below = last->get_subcommands()) last = below.back();
  for (const auto& [command, run] : commands_) {
    if (command == last) return run();
  }
  fmt::print(stderr, "{}", last->help());
  return kUsage;
}

}  // namespace mayfly::cli
