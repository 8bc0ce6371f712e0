// Edge: where HTTP comes in. Gives each request its id, says who sends it, and hands it to the service that it is for.
//
// One per daemon, on its strand; Handle is the http::Server's handler. There are Lambda, its companion services (which one a
// request means: service_choice.h), the functions' own addresses (function_urls.h, known by their Host) and the daemon's own
// pages (admin.h).
//
// In `open` mode anything on this machine may call, so requests that a web page makes a browser send (they carry Origin) are
// refused: a page must not be able to change or run functions behind its user's back. Function URLs are for web pages, too.
// Functions call the API at an address of their own inside their sandbox (HandleFromFunction): there only the credentials of
// that one environment count, in either mode, and the daemon's own pages do not exist.
// Bounds: requests with a body beyond the server's gathered size are read one or a few at a time (kLargeRequestsMax), the
// others wait, so that uploads cannot take the machine's memory; functions have places of their own.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/event.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "edge/admin.h"
#include "edge/function_urls.h"
#include "identity/authenticator.h"
#include "net/http_message.h"
#include "wire/endpoint.h"

namespace mayfly::edge {

inline constexpr int kLargeRequestsMax = 4;
inline constexpr size_t kFunctionCallsMax = 20'000;  // running at once for all functions; refused beyond

class Edge {
 public:
  Edge(Loop& loop, identity::Authenticator& authenticator, wire::Endpoint& lambda, FunctionUrls& urls, Admin& admin, Random& random,
       BlockingPool& pool)
      : authenticator_(&authenticator), lambda_(&lambda), urls_(&urls), admin_(&admin), random_(&random), pool_(&pool),
        large_requests_(loop), large_function_requests_(loop), function_calls_(std::in_place, loop) {}

  // Before the first request. `endpoint` outlives this.
  void Add(wire::Endpoint& endpoint);

  Task<http::Response> Handle(Context& ctx, http::Request& request);
  // A request from inside the environment that holds the session `access_key_id`. The task may be destroyed while it waits
  // (the environment ends): what the function asked for then goes on without it, as for any client that leaves.
  Task<http::Response> HandleFromFunction(Context& ctx, http::Request& request, std::string access_key_id);
  // Cuts what functions have asked for, and refuses what they ask for from now on: the daemon is ending, and has drained.
  void CutFunctionCalls() { function_calls_.reset(); }

 private:
  // How many large bodies are being read.
  struct LargeRequests {
    explicit LargeRequests(Loop& loop) : ended(loop) {}
    int running = 0;
    Event ended;
  };
  class LargeRequest;
  struct FunctionCall;
  wire::Endpoint& EndpointOf(const http::Request& request) const;
  // `body_sha256_hex`: when it has been hashed already.
  Task<http::Response> HandleApi(Context& ctx, http::Request& request, std::string body_sha256_hex = {});
  Task<http::Response> HandleLarge(Context& ctx, http::Request& request);
  // Reads the body and hashes it, where it is not here yet.
  Task<Result<std::string>> ReadBody(Context& ctx, http::Request& request);
  Task<> RunFunctionCall(std::shared_ptr<FunctionCall> call);

  identity::Authenticator* authenticator_;
  wire::Endpoint* lambda_;
  std::vector<wire::Endpoint*> companions_;
  std::vector<const wire::Service*> companion_services_;  // of the same index
  FunctionUrls* urls_;
  Admin* admin_;
  Random* random_;
  BlockingPool* pool_;  // hashes of large bodies
  LargeRequests large_requests_;
  LargeRequests large_function_requests_;
  std::optional<TaskScope> function_calls_;
};

}  // namespace mayfly::edge
