// Cross-origin requests to a function URL: what its Cors settings say to browsers.
//
// Pure functions. Source: AWS "Cross-origin resource sharing" of function URLs, and the Fetch standard for what browsers ask.
#pragma once

#include <string>
#include <string_view>

#include "catalog/function_url.h"
#include "net/http_message.h"

namespace mayfly::edge {

// `origin`: of a request, "https://www.example.com:8443". Schemes and hosts compare without case.
bool IsOriginAllowed(const catalog::Cors& cors, std::string_view origin);

// Whether a browser asks for permission (OPTIONS with Origin and Access-Control-Request-Method). The service answers these
// itself, whatever the URL's AuthType: browsers send them without credentials.
bool IsPreflight(const http::Request& request);
// An origin that is not allowed gets an answer without permission.
http::Response AnswerPreflight(const catalog::Cors& cors, const http::Request& request);

// Adds what the settings say about the request's origin to an answer. As on AWS, what the function itself said stays beside
// it: browsers refuse an origin that is named twice, so a function leaves that to its URL or does it alone.
void AddCorsHeaders(const catalog::Cors& cors, const http::Request& request, http::Response& response);

}  // namespace mayfly::edge
