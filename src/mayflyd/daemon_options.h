// Every option of the daemon, in the variables that the rooms work with. The rows stand in the rooms (base/option.h); here they are put
// together, with those of the process itself. Read from flags, MAYFLY_* variables and a configuration file, in this order of precedence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/option.h"
#include "delivery/delivery_options.h"
#include "identity/identity_options.h"
#include "services/lambda/premises.h"
#include "services/service.h"
#include "store/log_options.h"
#include "uplink/network_options.h"

namespace mayfly::daemon {

struct Options {
  Options();
  Options(const Options&) = delete;  // the rows point into it
  Options& operator=(const Options&) = delete;

  // Group by group, as --help shows them.
  std::vector<const OptionGroup*> groups() const;
  // There is one of that name.
  const Option& Find(std::string_view name) const;

  std::string listen = "127.0.0.1:4566";
  std::string data_dir = "/var/lib/mayfly";
  std::string user = "mayfly";  // whom the daemon becomes when started as root
  std::string url_domain = "localhost";  // function URLs: [SCHEME://]DOMAIN[:PORT]
  std::vector<std::string> allowed_hosts;
  std::string master_key_file;  // "": DATA/master-key lies as it is
  std::string tls_certificate;
  std::string tls_key;
  Duration drain = std::chrono::seconds(30);
  log::Level log_level = log::Level::Info;
  identity::IdentityOptions identity;
  store::LogStoreOptions logs;
  delivery::LaneSettings lanes;
  uplink::NetworkOptions network;
  lambda::Premises lambda;  // and what else Lambda needs of this process
  std::vector<services::Declaration> services;

 private:
  std::vector<OptionGroup> own_;
};

}  // namespace mayfly::daemon
