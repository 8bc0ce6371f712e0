#include "mayflyd/daemon_options.h"

#include "mayflyd/services.h"

namespace mayfly::daemon {
namespace {

OptionGroup ProcessOptionsOf(Options& options) {
  OptionGroup group("The daemon");
  group.Text("listen", options.listen, "address and port of the API; port 0 picks a free one");
  group.Text("data-dir", options.data_dir, "where everything is kept");
  group.Text("user", options.user, "system user that the daemon becomes when it was started as root");
  group.Text("url-domain", options.url_domain,
             "function URLs are ID.lambda-url.REGION below this domain; https://DOMAIN[:PORT] when a proxy stands before");
  group.Texts("allowed-host", options.allowed_hosts,
              "with --auth open: a further name under which the daemon is called, *.DOMAIN, or * for any (an open door for web pages)");
  group.Text("master-key-file", options.master_key_file,
             "file whose first line is a passphrase: DATA/master-key, with which everything secret is sealed, lies sealed with it");
  group.Text("tls-certificate", options.tls_certificate, "PEM certificate chain; with --tls-key the API speaks HTTPS");
  group.Text("tls-key", options.tls_key, "PEM private key");
  group.Seconds("drain", options.drain, {0.0, 900.0}, "seconds that running requests get when the daemon is asked to end");
  using log::Level;
  group.Choice("log-level", options.log_level,
               {{"debug", Level::Debug}, {"info", Level::Info}, {"warning", Level::Warning}, {"error", Level::Error}}, "debug, info, warning or error");
  return group;
}

}  // namespace

Options::Options() : services(DeclareServices(lambda)) {
  own_.push_back(ProcessOptionsOf(*this));
  own_.push_back(identity::OptionsOf(identity));
  own_.push_back(store::OptionsOf(logs));
  own_.push_back(delivery::OptionsOf(lanes));
  own_.push_back(uplink::OptionsOf(network));
}

std::vector<const OptionGroup*> Options::groups() const {
  std::vector<const OptionGroup*> all;
  for (const OptionGroup& group : own_) all.push_back(&group);
  for (const services::Declaration& service : services) {
    for (const OptionGroup& group : service.options) all.push_back(&group);
  }
  return all;
}

const Option& Options::Find(std::string_view name) const {
  const Option* found = nullptr;
  for (const OptionGroup* group : groups()) {
    for (const Option& option : group->options()) {
      if (option.name == name) found = &option;
    }
  }
  MF_ASSERT(found != nullptr);
  return *found;
}

}  // namespace mayfly::daemon
