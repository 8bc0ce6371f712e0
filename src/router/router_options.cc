#include "router/router_options.h"

#include <charconv>
#include <string_view>

namespace mayfly::router {
namespace {

template <typename Number>
bool ParseNumber(std::string_view text, Number minimum, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= minimum;
}

bool IsMadeOf(std::string_view text, std::string_view letters, size_t size_max) {
  return text.size() <= size_max && text.find_first_not_of(letters) == std::string_view::npos;
}

bool TakeAllowed(std::string_view text, Options& options) {
  options.allowed.emplace_back(text);
  return options.allowed.size() <= 1024 && !text.empty() && IsMadeOf(text, "0123456789abcdefABCDEF:./- ", 128);
}

bool TakeChoice(std::string_view text, bool& choice) {
  choice = text == "yes";
  return text == "yes" || text == "no";
}

bool Take(std::string_view name, std::string_view value, Options& options) {
  if (name == "--instance") return !value.empty() && IsMadeOf(options.instance = value, "0123456789abcdefghijklmnopqrstuvwxyz", 12);
  if (name == "--internet") return TakeChoice(value, options.internet);
  if (name == "--refuse-private") return TakeChoice(value, options.refuse_private);
  if (name == "--machine-ports") return IsMadeOf(options.machine_ports = value, "0123456789-, ", 4096);
  if (name == "--allow") return TakeAllowed(value, options);
  if (name == "--connections") return ParseNumber<uint32_t>(value, 1, options.connections);
  if (name == "--connections-of-all") return ParseNumber<uint32_t>(value, 1, options.connections_of_all);
  if (name == "--bytes-per-second") return ParseNumber<uint64_t>(value, 0, options.bytes_per_second);
  return false;
}

}  // namespace

std::string ParseOptions(int argument_count, char** arguments, Options& options) {
  for (int i = 1; i < argument_count; i += 2) {
    const std::string name = arguments[i];
    if (i + 1 >= argument_count) return name + " needs a value";
    if (!Take(name, arguments[i + 1], options)) return "bad option: " + name + " " + arguments[i + 1];
  }
  return options.instance.empty() ? "needed: --instance NAME" : "";
}

}  // namespace mayfly::router
