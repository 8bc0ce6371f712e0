// Shell completion, written from the command's own table of commands and options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace mayfly::cli {

enum class Shell : unsigned char { Bash, Zsh, Fish };

// "bash", "zsh", "fish"; nothing else is a shell that we write for.
std::optional<Shell> ShellOf(std::string_view name);

// The script that completes `app`, its commands and their options, as the shell sources it. Pure.
std::string WriteCompletion(const CLI::App& app, Shell shell);

}  // namespace mayfly::cli
