#include "cli/completion.h"

#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"

namespace mayfly::cli {
namespace {

// How positional options are called that want a function's name.
constexpr std::string_view kFunctionWord = "function";

struct Flag {
  std::string name;                  // "--auth"
  std::string doc;
  bool takes_value = false;
  std::vector<std::string> choices;  // of the value, where only some are allowed
};

struct Command {
  std::string path;  // "mayfly runtime add"
  std::string doc;
  std::vector<std::pair<std::string, std::string>> commands;  // below it: name and what it does
  std::vector<Flag> flags;
  bool takes_function = false;  // its word is the name of a function, which a daemon knows
};

// "{open,strict}", as CLI11 describes the values of an option.
std::vector<std::string> ChoicesOf(const std::string& type) {
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (size_t at = open + 1; at <= close;) {
    const size_t end = std::min(type.find(',', at), close);
    choices.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<Command>& all) {
  Command command{.path = path, .doc = app.get_description()};
  for (const CLI::Option* option : app.get_options()) {
    command.takes_function = command.takes_function || (option->get_positional() && option->get_name(true) == kFunctionWord);
    for (const std::string& name : option->get_lnames()) {
      const bool takes_value = option->get_items_expected_max() > 0;
      command.flags.push_back({"--" + name, option->get_description(), takes_value, ChoicesOf(option->get_type_name())});
    }
  }
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : below) command.commands.emplace_back(child->get_name(), child->get_description());
  all.push_back(std::move(command));
  for (const CLI::App* child : below) Collect(*child, path + ' ' + child->get_name(), all);
}

// In single quotes of a shell.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string WordsOf(const Command& command) {
  std::string words;
  for (const auto& [name, doc] : command.commands) words += name + ' ';
  for (const Flag& flag : command.flags) words += flag.name + ' ';
  if (!words.empty()) words.pop_back();
  return words;
}

// The commands that were typed so far choose a list of words, a function's name being one that the daemon is asked for; an option with fixed values has a list of its own, any other value is a file.
std::string WriteBash(const std::string& program, const std::vector<Command>& all) {
  std::string out = fmt::format("# bash completion of {0}, written by `{0} completion bash`\n_{0}() {{\n", program);
  out += "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path=" + program + " word\n";
  out += "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$path $word\" in\n";
  for (const Command& command : all) {
    if (command.path != program) out += fmt::format("      {}) path=\"$path $word\" ;;\n", Quoted(command.path));
  }
  out += "    esac\n  done\n  COMPREPLY=()\n  case \"$path $previous\" in\n";
  for (const Command& command : all) {
    for (const Flag& flag : command.flags) {
      if (!flag.takes_value) continue;
      const std::string values = flag.choices.empty() ? "compgen -f" : fmt::format("compgen -W {}", Quoted(fmt::format("{}", fmt::join(flag.choices, " "))));
      out += fmt::format("    {}) mapfile -t COMPREPLY < <({} -- \"$current\"); return ;;\n", Quoted(command.path + ' ' + flag.name), values);
    }
  }
  out += "  esac\n  case \"$path\" in\n";
  for (const Command& command : all) {
    const std::string functions = command.takes_function ? fmt::format("\" $({} list --names 2>/dev/null)\"", program) : "";
    out += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W {}{} -- \"$current\") ;;\n", Quoted(command.path), Quoted(WordsOf(command)), functions);
  }
  return out + fmt::format("  esac\n}}\ncomplete -o default -F _{0} {0}\n", program);
}

std::string WriteFish(const std::string& program, const std::vector<Command>& all) {
  std::string out = fmt::format("# fish completion of {0}, written by `{0} completion fish`\n", program);
  for (const Command& command : all) {
    std::string when = "__fish_use_subcommand";
    if (command.path != program) when = "__fish_seen_subcommand_from " + command.path.substr(command.path.rfind(' ') + 1);
    for (const auto& [name, doc] : command.commands) {
      out += fmt::format("complete -c {} -f -n {} -a {} -d {}\n", program, Quoted(when), name, Quoted(doc));
    }
    if (command.takes_function) {
      out += fmt::format("complete -c {0} -f -n {1} -a {2}\n", program, Quoted(when), Quoted(fmt::format("({} list --names 2>/dev/null)", program)));
    }
    for (const Flag& flag : command.flags) {
      out += fmt::format("complete -c {} -n {} -l {} {}-d {}\n", program, Quoted(when), flag.name.substr(2),
                         !flag.takes_value        ? ""
                         : flag.choices.empty() ? "-r "
                                                : fmt::format("-x -a {} ", Quoted(fmt::format("{}", fmt::join(flag.choices, " ")))),
                         Quoted(flag.doc));
    }
  }
  return out;
}

}  // namespace

std::optional<Shell> ShellOf(std::string_view name) {
  if (name == "bash") return Shell::Bash;
  if (name == "zsh") return Shell::Zsh;
  if (name == "fish") return Shell::Fish;
  return std::nullopt;
}

std::string WriteCompletion(const CLI::App& app, Shell shell) {
  const std::string& program = app.get_name();
  std::vector<Command> all;
  Collect(app, program, all);
  if (shell == Shell::Fish) return WriteFish(program, all);
  const std::string bash = WriteBash(program, all);
  if (shell == Shell::Bash) return bash;
  // zsh runs bash's functions.
  return fmt::format("#compdef {}\nautoload -U +X bashcompinit && bashcompinit\n{}", program, bash);
}

void AddCompletionCommand(Program& program) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = program.app().add_subcommand("completion", "print what makes a shell complete this command: eval \"$(mayfly completion bash)\"");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  program.OnCommand(command, [&program, shell] {
    fmt::print("{}", WriteCompletion(program.app(), *ShellOf(*shell)));
    return kDone;
  });
}

}  // namespace mayfly::cli
