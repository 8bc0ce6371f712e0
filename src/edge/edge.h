// Edge: where HTTP comes in. Gives each request its id, says who sends it, and hands it to the service that it is for.
//
// One per daemon, on its strand; Handle is the http::Server's handler. There are the services (which one a request means:
// service_choice.h), the functions' own addresses (function_urls.h, known by their Host) and the daemon's own pages (admin.h). What fits no
// service is answered in the protocol it was written in: there is no such operation.
//
// In `open` mode anything on this machine may call, so requests that a web page makes a browser send are refused (web_pages.h), and so are
// those for a name that is none of this daemon's (allowed_hosts.h): a page must not be able to change, run or read functions behind its
// user's back. Function URLs are for web pages, too; they are reached by their own names only.
// Functions call the API at an address of their own inside their sandbox (HandleFromFunction): there only the credentials of
// that one environment count, in either mode, and the daemon's own pages do not exist.
//
// Bodies: an operation that streams its request gets a reader, which checks what the signature says of the body while it is read. Others
// are gathered, up to the operation's limit; those beyond the server's gathered size a few at a time (kLargeRequestsMax), while the others
// wait; functions have places of their own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/task_scope.h"
#include "edge/admin.h"
#include "edge/allowed_hosts.h"
#include "edge/failed_signatures.h"
#include "edge/function_urls.h"
#include "edge/large_requests.h"
#include "edge/service_choice.h"
#include "identity/authenticator.h"
#include "identity/calls.h"
#include "net/http_message.h"
#include "net/http_server.h"
#include "wire/directory.h"

namespace mayfly::runtime {
struct EndpointCaller;
}

namespace mayfly::edge {

// Where the edge tells what it knows of the requests that it takes in.
struct Reception {
  identity::Calls* calls;
  enum class Transport : unsigned char { Plain, Tls };
  Transport transport = Transport::Plain;  // of those from outside
};

inline constexpr int kLargeRequestsMax = 4;
inline constexpr size_t kFunctionCallsMax = 20'000;  // running at once for all functions; refused beyond

// Limits of the server that Edge::Handle is for: bodies have none there, because each operation has its own.
http::ServerLimits ApiServerLimits();

class Edge {
 public:
  // All services have been registered in `directory`. `hosts`: asked in open mode only.
  Edge(Loop& loop, identity::Authenticator& authenticator, const wire::Directory& directory, FunctionUrls& urls, Admin& admin, AllowedHosts& hosts,
       Random& random, BlockingPool& pool, Reception reception);

  Task<http::Response> Handle(Context& ctx, http::Request& request);
  // Whether a service is reached from where a function is (uplink). Before functions call. Error: what they are told.
  using Reach = std::function<Result<>(const runtime::EndpointCaller& caller, std::string_view service)>;
  void LimitFunctions(Reach reach) { reach_ = std::move(reach); }
  // A request from inside an environment, with the session of `caller`. The task may be destroyed while it waits
  // (the environment ends): what the function asked for then goes on without it, as for any client that leaves.
  Task<http::Response> HandleFromFunction(Context& ctx, http::Request& request, runtime::EndpointCaller caller);
  // The answer to a request whose head is larger than the server takes (http::HeadRefuser), in the form that its sender reads.
  http::Response RefuseHead(const http::Request& skimmed);
  // Cuts what functions have asked for, and refuses what they ask for from now on: the daemon is ending, and has drained.
  void CutFunctionCalls() { function_calls_.reset(); }

 private:
  struct FunctionCall;
  // Where requests come in, and what counts there.
  struct Door {
    identity::AuthMode mode;         // whether signatures are checked
    std::string_view session{};      // the access key id of the one session that is let in; empty: whoever there is
    LargeRequests* large;
  };
  // What was done for a large body before its sender is known.
  struct Preparation {
    std::optional<LargeRequests::Place> place;
    std::string sha256_hex;
  };
  wire::Endpoint& EndpointOf(const http::Request& request);
  // What open mode wants of a request. Error (Service): AccessDeniedException.
  Result<> CheckSender(const http::Request& request);
  http::Response Refuse(Context& ctx, const http::Request& request, const Error& error);
  Task<http::Response> HandleApi(Context& ctx, http::Request& request);
  // Of a request whose body has not been read.
  Task<Result<>> Prepare(Context& ctx, http::Request& request, const Door& door, Preparation& prepared);
  // Says in ctx who sends the request, and opens its body.
  Result<> Admit(Context& ctx, http::Request& request, const Door& door, const Preparation& prepared);
  // Tells what is known of a request that has been admitted. `function_name`: by whose credentials it comes; "" otherwise.
  identity::Calls::Place Receive(const Context& ctx, const http::Request& request, std::string_view function_name);
  Task<std::string> HashBody(Context& ctx, http::Request& request);
  Task<> RunFunctionCall(std::shared_ptr<FunctionCall> call);

  Loop* loop_;
  identity::Authenticator* authenticator_;
  const wire::Directory* directory_;
  FunctionUrls* urls_;
  Admin* admin_;
  AllowedHosts* hosts_;
  Random* random_;
  BlockingPool* pool_;  // hashes of large bodies
  Reception reception_;
  FailedSignatures failed_signatures_;  // of requests from outside, in strict mode
  Reach reach_;
  ServiceChoice choice_;
  wire::Endpoint nobody_;  // answers what is for no service
  LargeRequests large_requests_;
  LargeRequests large_function_requests_;
  std::optional<TaskScope> function_calls_;
};

}  // namespace mayfly::edge
