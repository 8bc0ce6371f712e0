// What a request to a function URL becomes: its address taken apart, and the event that the function gets.
//
// Pure functions, called by FunctionUrls for every request. Everything in a request is foreign text.
// Source: AWS "Invoking Lambda function URLs" (payload format 2.0) and recorded events.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "net/http_message.h"

namespace mayfly::edge {

// "ID.lambda-url.REGION.DOMAIN", in lower case.
struct UrlHost {
  std::string name;  // all of it, without the port
  std::string url_id;
  std::string region;
};

// `host`: the Host field; a port after it does not matter. nullopt: another host's request. Hosts below `domain` and below
// "localhost" count.
std::optional<UrlHost> ParseUrlHost(std::string_view host, std::string_view domain);

// Where clients find function URLs.
struct UrlOrigin {
  std::string scheme = "http";
  std::string domain = "localhost";
  std::string port = "80";
};

// "[SCHEME://]DOMAIN[:PORT]"; what is missing is as in `listener`, the port of another scheme that scheme's own. Error: a Fault.
Result<UrlOrigin> ParseUrlOrigin(std::string_view text, const UrlOrigin& listener);
// "https://ID.lambda-url.REGION.DOMAIN[:PORT]/"
std::string UrlAddress(const UrlOrigin& origin, std::string_view url_id, std::string_view region);

// What the event says besides the request.
struct UrlEventContext {
  UrlHost host;
  std::string request_id;
  std::string trace_header;  // for a client that sent none
  std::string scheme = "http";
  std::string port = "80";
  WallTime received_at{};
  std::optional<Principal> caller;  // who signed the request (AWS_IAM)
};

// The event as JSON. The body has been read.
//
// Path and query stay as they were sent (rawPath, rawQueryString); requestContext.http.path and queryStringParameters are
// decoded. Fields that came several times are joined by commas. A body that is no text (IsTextBody) is base64. As on AWS,
// cookies, queryStringParameters and body are missing when there are none.
std::string MakeUrlEvent(const http::Request& request, const UrlEventContext& context);

// Whether a body goes into the event as it is: by its media type, and only when it is UTF-8.
bool IsTextBody(std::string_view content_type, std::string_view body);

}  // namespace mayfly::edge
