// Edge: where HTTP comes in. Gives each request its id, says who sends it, and hands it to the service that it is for.
//
// One per daemon, on its strand; Handle is the http::Server's handler. Today there is one service (Lambda), the functions'
// own addresses (function_urls.h, known by their Host) and the daemon's own pages (admin.h).
//
// In `open` mode anything on this machine may call, so requests that a web page makes a browser send (they carry Origin) are
// refused: a page must not be able to change or run functions behind its user's back. Function URLs are for web pages, too.
// Bounds: requests with a body beyond the server's gathered size are read one or a few at a time (kLargeRequestsMax), the
// others wait, so that uploads cannot take the machine's memory.
#pragma once

#include "base/event.h"
#include "base/random.h"
#include "edge/admin.h"
#include "edge/function_urls.h"
#include "identity/authenticator.h"
#include "net/http_message.h"
#include "wire/endpoint.h"

namespace mayfly::edge {

inline constexpr int kLargeRequestsMax = 4;

class Edge {
 public:
  Edge(Loop& loop, identity::Authenticator& authenticator, wire::Endpoint& lambda, FunctionUrls& urls, Admin& admin, Random& random,
       BlockingPool& pool)
      : authenticator_(&authenticator), lambda_(&lambda), urls_(&urls), admin_(&admin), random_(&random), pool_(&pool), large_request_ended_(loop) {}

  Task<http::Response> Handle(Context& ctx, http::Request& request);

 private:
  // `body_sha256_hex`: when it has been hashed already.
  Task<http::Response> HandleApi(Context& ctx, http::Request& request, std::string body_sha256_hex = {});
  Task<http::Response> HandleLarge(Context& ctx, http::Request& request);

  identity::Authenticator* authenticator_;
  wire::Endpoint* lambda_;
  FunctionUrls* urls_;
  Admin* admin_;
  Random* random_;
  BlockingPool* pool_;  // hashes of large bodies
  int large_requests_ = 0;
  Event large_request_ended_;
};

}  // namespace mayfly::edge
