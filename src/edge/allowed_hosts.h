// AllowedHosts: the names under which the daemon may be called in `open` mode.
//
// There whoever reaches the port may do everything, and a web page reaches it under any name that its owner's DNS points here (DNS
// rebinding): to the browser that is the page's own origin, whose answers it may read. The Host field shows the name. What is taken:
//
//   localhost, what lies below it, ip6-localhost, ip6-loopback
//   addresses: loopback, and those that this machine has (no DNS answers for an address)
//   the host of --listen; the domain of --url-domain and what lies below it
//   hosts of services as AWS has them: lambda.us-east-1.amazonaws.com
//   --allowed-host: a name, "*.DOMAIN" for all below a domain, "*" for any
//
// Names compare without case, a port and a final dot. One per daemon, on its strand.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "base/result.h"

namespace mayfly::edge {

struct AllowedHostsSettings {
  std::string listen_host;
  std::string url_domain;
  std::vector<std::string> allowed;  // of --allowed-host
};

class AllowedHosts {
 public:
  // `own_addresses`: of this machine, as net::OwnAddresses gives them. Asked again at most once a second, for an address that is not known.
  AllowedHosts(const Clock& clock, AllowedHostsSettings settings, std::function<std::vector<std::string>()> own_addresses);
  // Error: Fault, with what was expected, for what is no name, "*.DOMAIN" or "*".
  static Result<> CheckOption(const std::string& text);

  // `host`: the Host field; empty when there is none, which is not allowed. `is_service_host`: whether a name is one of a service's.
  bool Allow(std::string_view host, const std::function<bool(std::string_view name)>& is_service_host);

 private:
  bool IsKnownName(std::string_view name) const;
  bool IsOwnAddress(std::string_view address);

  const Clock* clock_;
  AllowedHostsSettings settings_;
  std::function<std::vector<std::string>()> own_addresses_;
  std::vector<std::string> addresses_;
  TimePoint asked_at_ = TimePoint::min();
  std::string last_;  // the field that was allowed last: most clients send one and the same
};

}  // namespace mayfly::edge
