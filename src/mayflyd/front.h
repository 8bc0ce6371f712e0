// The front: where requests come in: the edge with the daemon's own pages and the functions' addresses, and the server.
//
// One per daemon. Made in two steps, since Lambda tells clients where they find things, and the edge hands requests to Lambda: its
// addresses are known before the services are opened, and it serves when they are.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "edge/download_links.h"
#include "edge/edge.h"
#include "mayflyd/foundation.h"
#include "mayflyd/ground.h"
#include "net/http_server.h"
#include "services/ports.h"
#include "services/service_list.h"

namespace mayfly::daemon {

class Front {
 public:
  Front(Foundation& foundation, const Options& options) : foundation_(&foundation), options_(&options) {}

  // Says to Lambda what it tells of this daemon's addresses. Error: an option that cannot be used.
  Result<> Open(const Ground& ground, lambda::Premises& premises);
  // All services are in the foundation's directory. `reset`: empties the daemon. Error: the certificate cannot be used.
  Result<> Serve(const services::ServiceList& services, const services::Ports& ports, const delivery::DurableLanes& lanes,
                 uplink::FunctionNetwork& network, std::function<Task<Result<>>(Context&)> reset, UniqueFd listener);
  // No further request; those that run get until `patience` is over.
  Task<> Stop(Duration patience) { return server_->Stop(patience); }
  // What functions have asked for, and still runs, ends.
  void CutFunctionCalls() { edge_->CutFunctionCalls(); }

  // "http://127.0.0.1:4566"
  const std::string& origin() const { return origin_; }

 private:
  bool is_tls() const { return !options_->tls_certificate.empty(); }
  edge::AdminParts MakeAdminParts(const services::Ports& ports, const delivery::DurableLanes& lanes, uplink::FunctionNetwork& network, std::function<Task<Result<>>(Context&)> reset);
  edge::FunctionUrlParts MakeUrlParts(const services::Ports& ports, const wire::Endpoint& lambda);

  Foundation* foundation_;
  const Options* options_;
  std::string origin_;
  edge::UrlOrigin url_origin_;
  std::unique_ptr<edge::DownloadLinks> links_;
  std::unique_ptr<edge::Admin> admin_;
  std::unique_ptr<edge::FunctionUrls> urls_;
  std::unique_ptr<edge::AllowedHosts> hosts_;
  std::unique_ptr<edge::Edge> edge_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace mayfly::daemon
