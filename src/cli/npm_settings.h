// Which npm registry this machine uses, and how: what npm itself would say. No registry has its name in this program.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::cli {

struct NpmSettings {
  std::string registry;       // "https://host/path", without a slash at its end
  std::string told_by;        // "npm", "--npm-registry", "NPM_CONFIG_REGISTRY", "~/.npmrc"
  std::string authorization;  // a whole header value; "" when none is configured for it
  std::string ca_file;        // "" for the system's certificates alone
};

// Where settings may stand.
struct NpmSources {
  std::string option;                                                       // --npm-registry; "" when it is not given
  std::function<std::optional<std::string>(const std::string& key)> ask_npm;  // `npm config get KEY`; nullopt where there is no npm
  std::function<std::optional<std::string>(const std::string& name)> variable;
  struct File {
    std::string path;
    std::string text;
  };
  std::vector<File> files;  // .npmrc files, the user's first
};

// In this order: the option, npm, NPM_CONFIG_REGISTRY, the files. Errors: Fault with a hint: none says, or what it says is no http address.
Result<NpmSettings> FindNpmSettings(const NpmSources& sources);
// Of this machine and whoever calls.
Result<NpmSettings> FindNpmSettings(const std::string& option);

// The value of a key in such a file, with ${NAME} replaced; "" when it has none. Pure.
std::string FindInNpmrc(std::string_view text, std::string_view key, const std::function<std::optional<std::string>(const std::string&)>& variable);

}  // namespace mayfly::cli
