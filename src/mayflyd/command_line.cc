#include "mayflyd/command_line.h"

#include <CLI/CLI.hpp>

namespace mayfly::daemon {
namespace {

void Set(const Option& option, std::span<const std::string> texts) {
  if (auto set = option.set(texts); !set) throw CLI::ValidationError("--" + option.name, set.error().message);
}

void AddRow(CLI::App& app, const std::string& title, const Option& option) {
  const std::string flag = "--" + option.name;
  CLI::Option* added = nullptr;
  if (option.count == Option::Count::One) {
    added = app.add_option_function<std::string>(flag, [&option](const std::string& text) { Set(option, {&text, 1}); }, option.doc);
  } else {
    added = app.add_option_function<std::vector<std::string>>(flag, [&option](const std::vector<std::string>& texts) { Set(option, texts); }, option.doc);
  }
  if (option.count == Option::Count::ManyByComma) added->delimiter(',');
  added->envname(option.VariableName())->default_str(option.text())->type_name(option.form)->group(title);
}

}  // namespace

void AddOptions(CLI::App& app, const Options& options) {
  app.set_config("--config", "", "read settings from this file (lines of name = value, without the dashes)")->envname("MAYFLY_CONFIG");
  for (const OptionGroup* group : options.groups()) {
    for (const Option& option : group->options()) AddRow(app, group->title(), option);
  }
}

void AddOption(CLI::App& app, const Options& options, std::string_view name) { AddRow(app, "Options", options.Find(name)); }

}  // namespace mayfly::daemon
