#include "jail/jail_options.h"

#include <charconv>
#include <string_view>

namespace mayfly::jail {
namespace {

template <typename Number>
bool ParseNumber(std::string_view text, Number minimum, Number maximum, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= minimum && number <= maximum;
}

// "N=rest" with an index of 1..kIndexMax.
bool ParseIndexed(std::string_view text, uint32_t& index, std::string_view& rest) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || !ParseNumber<uint32_t>(text.substr(0, equals), 1, sandbox::kIndexMax, index)) return false;
  rest = text.substr(equals + 1);
  return true;
}

bool ParseZygote(std::string_view text, Options& options) {
  uint32_t index = 0;
  uint32_t root = 0;
  std::string_view rest;
  if (!ParseIndexed(text, index, rest)) return false;
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos || !ParseNumber<uint32_t>(rest.substr(0, colon), 0, sandbox::kIndexMax, root)) return false;
  options.zygotes[index] = {static_cast<int>(root), std::string(rest.substr(colon + 1))};
  return options.zygotes[index].interpreter.starts_with('/');
}

bool TakeNumber(std::string_view& text, uint32_t& number) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !ParseNumber<uint32_t>(text.substr(0, colon), 0, 65535, number)) return false;
  text.remove_prefix(colon + 1);
  return true;
}

bool ParseFileSystem(std::string_view text, Options& options) {
  uint32_t index = 0;
  std::string_view rest;
  if (!ParseIndexed(text, index, rest)) return false;
  FileSystemOptions& options_of = options.file_systems[index];
  if (!TakeNumber(rest, options_of.user_id) || !TakeNumber(rest, options_of.group_id)) return false;
  options_of.read_only = rest.starts_with("ro:");
  if (!options_of.read_only && !rest.starts_with("rw:")) return false;
  options_of.directory = rest.substr(3);
  return options_of.directory.starts_with('/');
}

bool IsInstanceName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool ParseNetwork(std::string_view value, Options& options) {
  options.has_network = true;
  options.network_has_ipv6 = value == "ipv6";
  return value == "ipv4" || value == "ipv6";
}

// They become a line of a file.
bool IsSearchList(std::string_view names) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. ";
  return !names.empty() && names.size() <= 1024 && names.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool Take(std::string_view name, std::string_view value, Options& options) {
  uint32_t index = 0;
  std::string_view rest;
  if (name == "--instance") return IsInstanceName(options.instance = value);
  if (name == "--runtime-dir") return (options.runtime_dir = value).starts_with('/');
  if (name == "--code-dir") return (options.code_dir = value).starts_with('/');
  if (name == "--init") return (options.init_path = value).starts_with('/');
  if (name == "--file-system") return ParseFileSystem(value, options);
  if (name == "--network") return ParseNetwork(value, options);
  if (name == "--search-domains") return IsSearchList(options.search_domains = value);
  if (name == "--zygote") return ParseZygote(value, options);
  if (name == "--cages-max") return ParseNumber<uint32_t>(value, 1, 32768, options.cages_max);
  if (name == "--memory-max") return ParseNumber<uint64_t>(value, 64ull << 20, 1ull << 50, options.memory_max);
  if (name == "--user-id-base") return ParseNumber<uint32_t>(value, 65536, 2'000'000'000, options.user_id_base);
  if (name == "--root-dir" && ParseIndexed(value, index, rest)) return (options.root_dirs[index] = rest).starts_with('/');
  return false;
}

}  // namespace

std::string ParseOptions(int argument_count, char** arguments, Options& options) {
  for (int i = 1; i < argument_count; i += 2) {
    const std::string name = arguments[i];
    if (i + 1 >= argument_count) return name + " needs a value";
    if (!Take(name, arguments[i + 1], options)) return "bad option: " + name + " " + arguments[i + 1];
  }
  if (options.instance.empty() || options.runtime_dir.empty() || options.code_dir.empty() || options.init_path.empty()) {
    return "needed: --instance NAME --runtime-dir DIR --code-dir DIR --init PATH";
  }
  for (const ZygoteOptions& zygote : options.zygotes) {
    if (zygote.root_index != 0 && options.root_dirs[static_cast<size_t>(zygote.root_index)].empty()) return "--zygote names a root that is not there";
  }
  return "";
}

}  // namespace mayfly::jail
