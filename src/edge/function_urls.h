// FunctionUrls: requests to the functions' own HTTP addresses, http://ID.lambda-url.REGION.DOMAIN/….
//
// One per daemon, on its strand; the Edge hands it the requests whose Host is one of these, before anything else looks at
// them. The steps: find the URL → answer a browser's preflight → who asks, and may they → event → invoke → response.
// Any web page may send requests here: what it may then do is the URL's own affair (AuthType, policy, Cors).
// Bounds: bodies up to what an invocation takes; those beyond the server's gathered size are read kLargeUrlRequestsMax at a
// time, the others wait.
#pragma once

#include <optional>

#include "base/random.h"
#include "catalog/access.h"
#include "catalog/function_catalog.h"
#include "catalog/function_url_index.h"
#include "edge/large_requests.h"
#include "edge/url_request.h"
#include "identity/authenticator.h"
#include "invoke/invoker.h"
#include "invoke/loop_guard.h"
#include "net/http_message.h"
#include "wire/endpoint.h"

namespace mayfly::edge {

inline constexpr int kLargeUrlRequestsMax = 16;

// What it works with. All outlive the FunctionUrls.
struct FunctionUrlParts {
  Loop* loop;
  const catalog::FunctionCatalog* catalog;
  const catalog::FunctionUrlIndex* index;
  invoke::Invoker* invoker;
  const invoke::LoopGuard* loops;
  identity::Authenticator* authenticator;
  const wire::Endpoint* lambda;  // words errors as the API does
  Random* random;
  const catalog::Access* access;
  UrlOrigin origin;
};

class FunctionUrls {
 public:
  explicit FunctionUrls(FunctionUrlParts parts) : parts_(std::move(parts)), large_requests_(*parts_.loop, kLargeUrlRequestsMax) {}

  // Whether the request is for a function URL, perhaps for one that does not exist.
  bool Owns(const http::Request& request) const { return ParseUrlHost(request.headers.Get("Host"), parts_.origin.domain).has_value(); }
  // Never fails: errors are answers. ctx.request_id has been set.
  Task<http::Response> Handle(Context& ctx, http::Request& request);

 private:
  Task<http::Response> ReadAndRun(Context& ctx, http::Request& request, const catalog::FunctionUrl& url, UrlHost host);
  Task<http::Response> Run(Context& ctx, http::Request& request, const catalog::FunctionUrl& url, UrlHost host);
  // Who signed the request; null when the URL asks for no signature. Errors: those of signatures; AccessDeniedException.
  Result<std::optional<Principal>> Authenticate(const http::Request& request, const catalog::FunctionUrl& url);
  // Whether the policies let somebody invoke the function, and do it through its URL. `caller`: null for anybody (AuthType NONE).
  bool IsAllowed(const catalog::FunctionUrl& url, const Principal* caller) const;
  http::Response Refuse(Context& ctx, const Error& error) const;

  FunctionUrlParts parts_;
  LargeRequests large_requests_;
};

}  // namespace mayfly::edge
