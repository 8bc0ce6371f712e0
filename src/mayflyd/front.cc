#include "mayflyd/front.h"

#include <fmt/format.h>

#include "invoke/invoker.h"
#include "mayflyd/network_wiring.h"
#include "mayflyd/version.h"
#include "net/own_addresses.h"
#include "services/page.h"

namespace mayfly::daemon {
namespace {

// For the status page.
json::Value DescribeEvents(const delivery::DurableLanes& lanes) {
  json::Value view;
  view.Set("running", lanes.running());
  view.Set("held", static_cast<uint64_t>(lanes.held()));
  view.Set("stored", lanes.stored());
  view.Set("held_bytes", static_cast<uint64_t>(lanes.held_bytes()));
  return view;
}

}  // namespace

Result<> Front::Open(const Ground& ground, lambda::Premises& premises) {
  const std::string scheme = is_tls() ? "https" : "http";
  const uint16_t port = http::LocalPort(ground.listener.get());
  origin_ = fmt::format("{}://{}:{}", scheme, ground.address.host, port);
  MF_TRY(url_origin_, edge::ParseUrlOrigin(options_->url_domain, {.scheme = scheme, .port = std::to_string(port)}));
  for (const std::string& host : options_->allowed_hosts) MF_TRY_VOID(edge::AllowedHosts::CheckOption(host));
  hosts_ = std::make_unique<edge::AllowedHosts>(
      foundation_->loop, edge::AllowedHostsSettings{.listen_host = ground.address.host, .url_domain = url_origin_.domain, .allowed = options_->allowed_hosts},
      net::OwnAddresses);
  links_ = std::make_unique<edge::DownloadLinks>(foundation_->calendar, foundation_->random, origin_);
  premises.download_url = [this](const catalog::Function& function) { return links_->UrlOf(function); };
  premises.layer_download_url = [this](const catalog::LayerVersion& version) { return links_->UrlOf(version); };
  premises.function_url = [this](const catalog::FunctionUrl& url) { return edge::UrlAddress(url_origin_, url.url_id, url.function.region); };
  premises.handle_from_function = [this](Context& ctx, http::Request& request, const runtime::EndpointCaller& caller) {
    return edge_->HandleFromFunction(ctx, request, caller);
  };
  premises.refuse_head = [this](const http::Request& skimmed) { return edge_->RefuseHead(skimmed); };
  return {};
}

edge::AdminParts Front::MakeAdminParts(const services::Ports& ports, const delivery::DurableLanes& lanes, uplink::FunctionNetwork& network,
                                      std::function<Task<Result<>>(Context&)> reset) {
  edge::AdminParts parts;
  parts.loop = &foundation_->loop;
  parts.calendar = &foundation_->calendar;
  parts.catalog = &ports.Get<catalog::FunctionCatalog>();
  parts.runtimes = &ports.Get<catalog::RuntimeTable>();
  parts.environments = &ports.Get<runtime::EnvironmentManager>();
  parts.invoker = &ports.Get<invoke::Invoker>();
  parts.logs = foundation_->logs.get();
  parts.metrics = &foundation_->metrics;
  parts.traces = &foundation_->traces;
  parts.code = &ports.Get<packages::CodeStore>();
  parts.files = &foundation_->files;
  parts.authenticator = foundation_->authenticator.get();
  parts.describe_events = [&lanes] { return DescribeEvents(lanes); };
  parts.network = &network;
  parts.attached = &AttachedResourcesOf(ports);
  for (const auto& [name, page] : ports.All<services::Page>()) parts.pages.emplace(name, page);
  parts.pages.emplace("decisions", foundation_->decisions_page.get());
  parts.version = kVersion;
  parts.reset = std::move(reset);
  parts.is_download_allowed = [this](const http::Request& request) { return links_->IsAllowed(request); };
  return parts;
}

edge::FunctionUrlParts Front::MakeUrlParts(const services::Ports& ports, const wire::Endpoint& lambda) {
  edge::FunctionUrlParts parts;
  parts.loop = &foundation_->loop;
  parts.catalog = &ports.Get<catalog::FunctionCatalog>();
  parts.index = &ports.Get<catalog::FunctionUrlIndex>();
  parts.invoker = &ports.Get<invoke::Invoker>();
  parts.loops = &ports.Get<invoke::LoopGuard>();
  parts.authenticator = foundation_->authenticator.get();
  parts.lambda = &lambda;
  parts.random = &foundation_->random;
  parts.access = &ports.Get<catalog::Access>();
  parts.origin = url_origin_;
  return parts;
}

Result<> Front::Serve(const services::ServiceList& services, const services::Ports& ports, const delivery::DurableLanes& lanes,
                      uplink::FunctionNetwork& network, std::function<Task<Result<>>(Context&)> reset, UniqueFd listener) {
  wire::Endpoint& lambda = services.EndpointOf("lambda");
  admin_ = std::make_unique<edge::Admin>(MakeAdminParts(ports, lanes, network, std::move(reset)));
  urls_ = std::make_unique<edge::FunctionUrls>(MakeUrlParts(ports, lambda));
  edge_ = std::make_unique<edge::Edge>(foundation_->loop, *foundation_->authenticator, foundation_->directory, *urls_, *admin_, *hosts_,
                                       foundation_->random, foundation_->files,
                                       edge::Reception{.calls = &foundation_->calls,
                                                       .transport = is_tls() ? edge::Reception::Transport::Tls : edge::Reception::Transport::Plain});
  ConnectNetworks(ports, network, *edge_);
  server_ = std::make_unique<http::Server>(
      foundation_->loop, edge::ApiServerLimits(), [this](Context& ctx, http::Request& request) { return edge_->Handle(ctx, request); },
      [this](const http::Request& skimmed) { return edge_->RefuseHead(skimmed); });
  if (is_tls()) return server_->ServeTls(std::move(listener), {options_->tls_certificate, options_->tls_key});
  return server_->Serve(std::move(listener));
}

}  // namespace mayfly::daemon
