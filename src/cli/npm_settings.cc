#include "cli/npm_settings.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "mayflyd/program_output.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kNpmBlanks = " \t\r\n";
constexpr size_t kNpmFileBytesMax = 1 << 20;

std::string Unquoted(std::string_view text) {
  text = Trim(text, kNpmBlanks);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) text = text.substr(1, text.size() - 2);
  return std::string(text);
}

// ${NAME}: the variable, or as it stands where there is none.
std::string Expanded(std::string_view text, const std::function<std::optional<std::string>(const std::string&)>& variable) {
  std::string out;
  for (;;) {
    const size_t open = text.find("${");
    const size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return out + std::string(text);
    out += text.substr(0, open);
    const auto value = variable(std::string(text.substr(open + 2, close - open - 2)));
    out += value ? *value : std::string(text.substr(open, close + 1 - open));
    text.remove_prefix(close + 1);
  }
}

// What npm prints for what nobody has set.
std::string OrNothing(std::optional<std::string> text) {
  std::string value = Unquoted(text.value_or(""));
  return value == "undefined" || value == "null" ? "" : value;
}

std::string FirstInFiles(const NpmSources& sources, std::string_view key) {
  for (const NpmSources::File& file : sources.files) {
    if (std::string value = FindInNpmrc(file.text, key, sources.variable); !value.empty()) return value;
  }
  return {};
}

NpmSettings FindRegistry(const NpmSources& sources) {
  if (!sources.option.empty()) return {.registry = sources.option, .told_by = "--npm-registry", .authorization = {}, .ca_file = {}};
  if (std::string asked = OrNothing(sources.ask_npm("registry")); !asked.empty()) return {.registry = asked, .told_by = "npm", .authorization = {}, .ca_file = {}};
  for (const char* name : {"NPM_CONFIG_REGISTRY", "npm_config_registry"}) {
    if (const auto value = sources.variable(name); value && !value->empty()) return {.registry = *value, .told_by = name, .authorization = {}, .ca_file = {}};
  }
  for (const NpmSources::File& file : sources.files) {
    std::string value = FindInNpmrc(file.text, "registry", sources.variable);
    if (!value.empty()) return {.registry = value, .told_by = file.path, .authorization = {}, .ca_file = {}};
  }
  return {};
}

// A header's value: no line ends.
bool IsPrintable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return true;
}

// //host/path/:_authToken, of the longest path that the registry's begins with, as npm looks for it.
std::string AuthorizationFor(const std::string& registry, const NpmSources& sources) {
  std::string place = registry.substr(registry.find("//"));
  for (;;) {
    for (const std::string& key : {place + "/", place}) {
      const std::string token = FirstInFiles(sources, key + ":_authToken");
      if (!token.empty() && IsPrintable(token)) return "Bearer " + token;
      const std::string basic = FirstInFiles(sources, key + ":_auth");
      if (!basic.empty() && IsPrintable(basic)) return "Basic " + basic;
    }
    const size_t slash = place.rfind('/');
    if (slash <= 1) return {};
    place.resize(slash);
  }
}

NpmSources::File ReadOrNothing(std::string path) {
  auto text = ReadFile(path);
  return {.path = std::move(path), .text = text && text->size() <= kNpmFileBytesMax ? std::move(*text) : std::string()};
}

}  // namespace

std::string FindInNpmrc(std::string_view text, std::string_view key, const std::function<std::optional<std::string>(const std::string&)>& variable) {
  std::string found;
  for (const std::string_view raw : Split(text, '\n')) {
    const std::string_view line = Trim(raw, kNpmBlanks);
    const size_t equals = line.find('=');
    if (line.empty() || line.front() == ';' || line.front() == '#' || equals == std::string_view::npos) continue;
    if (Trim(line.substr(0, equals), kNpmBlanks) == key) found = Expanded(Unquoted(line.substr(equals + 1)), variable);
  }
  return found;
}

Result<NpmSettings> FindNpmSettings(const NpmSources& sources) {
  NpmSettings settings = FindRegistry(sources);
  if (settings.registry.empty()) {
    return Fail(Error::Fault("no npm registry is configured", "name one with --npm-registry URL, or 'npm config set registry URL'"));
  }
  while (settings.registry.ends_with('/')) settings.registry.pop_back();
  const bool is_address = settings.registry.starts_with("https://") || settings.registry.starts_with("http://");
  if (!is_address || !IsPrintable(settings.registry)) {
    return Fail(Error::Fault(fmt::format("the npm registry that {} says is no http address", settings.told_by), "name another with --npm-registry URL"));
  }
  settings.authorization = AuthorizationFor(settings.registry, sources);
  settings.ca_file = OrNothing(sources.ask_npm("cafile"));
  if (settings.ca_file.empty()) settings.ca_file = FirstInFiles(sources, "cafile");
  if (settings.ca_file.empty()) settings.ca_file = sources.variable("NODE_EXTRA_CA_CERTS").value_or("");
  return settings;
}

Result<NpmSettings> FindNpmSettings(const std::string& option) {
  NpmSources sources;
  sources.option = option;
  sources.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  sources.ask_npm = [](const std::string& key) { return daemon::ReadProgramOutput({.arguments = {"npm", "config", "get", key}, .environment = daemon::OwnEnvironment()}); };
  const std::string own = sources.variable("NPM_CONFIG_USERCONFIG").value_or(sources.variable("HOME").value_or("/root") + "/.npmrc");
  for (const std::string& path : {own, std::string("/etc/npmrc"), std::string("/usr/etc/npmrc"), std::string("/usr/local/etc/npmrc")}) sources.files.push_back(ReadOrNothing(path));
  return FindNpmSettings(sources);
}

}  // namespace mayfly::cli
