#include "edge/allowed_hosts.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "net/own_addresses.h"

namespace mayfly::edge {
namespace {

constexpr size_t kNamedHostBytesMax = 253;  // of DNS
constexpr size_t kPortDigitsMax = 5;
constexpr Duration kAddressesRest = std::chrono::seconds(1);
constexpr std::array<std::string_view, 3> kLoopbackNames = {"localhost", "ip6-localhost", "ip6-loopback"};
// What only AWS can have names below.
constexpr std::array<std::string_view, 3> kAwsDomains = {"amazonaws.com", "amazonaws.com.cn", "api.aws"};

bool IsBelow(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() + 1 && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.';
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNamedHostBytesMax && !name.starts_with('.') && !name.ends_with('.') && name.find("..") == std::string_view::npos &&
         std::ranges::all_of(name, [](char c) { return IsLowerCase(c) || IsDigit(c) || c == '-' || c == '_' || c == '.'; });
}

// A Host field without its port: a name in lower case without its final dot, or an address. nullopt: it is neither.
struct Host {
  std::string text;
  bool is_address;
};
std::optional<Host> ParseHost(std::string_view field) {
  const bool bracketed = field.starts_with('[');
  const size_t end = bracketed ? field.find(']') : std::min(field.find(':'), field.size());
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view host = field.substr(bracketed ? 1 : 0, end - (bracketed ? 1 : 0));
  std::string_view port = field.substr(end + (bracketed ? 1 : 0));
  if (!port.empty()) {
    if (port.front() != ':') return std::nullopt;
    port.remove_prefix(1);
    if (port.size() > kPortDigitsMax || (!port.empty() && !IsNumber(port))) return std::nullopt;
  }
  const auto address = net::CanonicalAddress(host);
  if (address || bracketed) return address ? std::optional(Host{*address, true}) : std::nullopt;
  std::string name = LowerCase(host);
  if (name.ends_with('.')) name.pop_back();
  if (!IsName(name)) return std::nullopt;
  return Host{std::move(name), false};
}

// What an operator writes, who may leave out the brackets of an address.
std::optional<Host> ParseOption(std::string_view text) {
  if (const auto address = net::CanonicalAddress(text)) return Host{*address, true};
  return ParseHost(text);
}

}  // namespace

AllowedHosts::AllowedHosts(const Clock& clock, AllowedHostsSettings settings, std::function<std::vector<std::string>()> own_addresses)
    : clock_(&clock), settings_(std::move(settings)), own_addresses_(std::move(own_addresses)) {
  // Written like what they are compared with.
  if (const auto host = ParseOption(settings_.listen_host)) settings_.listen_host = host->text;
  settings_.url_domain = LowerCase(settings_.url_domain);
  for (std::string& name : settings_.allowed) {
    const auto host = ParseOption(name);
    name = host ? host->text : LowerCase(name);
  }
}

Result<> AllowedHosts::CheckOption(const std::string& text) {
  const std::string name = LowerCase(text);
  const auto host = ParseOption(name);
  const bool has_port = host && !host->is_address && name.find(':') != std::string::npos;
  if (name == "*" || (name.starts_with("*.") && IsName(std::string_view(name).substr(2))) || (host && !has_port)) return {};
  return Fail(Error::Fault(fmt::format("--allowed-host {}: expected a host's name without a port, *.DOMAIN, or *", text)));
}

bool AllowedHosts::IsKnownName(std::string_view name) const {
  if (std::ranges::find(kLoopbackNames, name) != kLoopbackNames.end() || IsBelow(name, "localhost")) return true;
  if (name == settings_.listen_host || name == settings_.url_domain || IsBelow(name, settings_.url_domain)) return true;
  return std::ranges::any_of(settings_.allowed, [&](const std::string& allowed) {
    return allowed == "*" || allowed == name || (allowed.starts_with("*.") && IsBelow(name, std::string_view(allowed).substr(2)));
  });
}

bool AllowedHosts::IsOwnAddress(std::string_view address) {
  if (net::IsLoopbackAddress(address)) return true;
  if (std::ranges::find(addresses_, address) != addresses_.end()) return true;
  const TimePoint now = clock_->Now();
  if (asked_at_ != TimePoint::min() && now - asked_at_ < kAddressesRest) return false;
  asked_at_ = now;
  addresses_ = own_addresses_();
  return std::ranges::find(addresses_, address) != addresses_.end();
}

bool AllowedHosts::Allow(std::string_view host, const std::function<bool(std::string_view name)>& is_service_host) {
  if (!last_.empty() && host == last_) return true;
  const auto parsed = ParseHost(host);
  if (!parsed) return false;
  const std::string& name = parsed->text;
  const bool is_of_aws = std::ranges::any_of(kAwsDomains, [&](std::string_view domain) { return IsBelow(name, domain); });
  if (!IsKnownName(name) && !(parsed->is_address && IsOwnAddress(name)) && !(is_of_aws && is_service_host(name))) return false;
  last_ = host;
  return true;
}

}  // namespace mayfly::edge
