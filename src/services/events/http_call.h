// HttpCall: the request that an API destination is called with, of what its connection, the target's HttpParameters and the event say. Pure functions.
// Source: AWS "API destinations as targets in Amazon EventBridge", "Connections for API destinations".
#pragma once

#include <string>

#include "delivery/http_destinations.h"
#include "net/http_client.h"
#include "services/events/http_tables.h"

namespace mayfly::events {

// Without Authorization of OAuth. Error: Service "InvalidEndpoint", it is no URL of http or https.
Result<http::ClientRequest> CallOf(const DestinationRow& destination, const ConnectionRow& connection, const delivery::HttpFields& fields, std::string body);

// Of OAUTH_CLIENT_CREDENTIALS: the request for a token, and what is in the answer.
Result<http::ClientRequest> TokenCallOf(const ConnectionRow& connection);
struct Token {
  std::string type;  // "Bearer"
  std::string text;
  std::chrono::seconds lifetime{3600};
};
// Error: Service "AuthorizationFailure", with what is wrong.
Result<Token> ReadToken(const std::string& answer);

enum class CallVerdict : unsigned char { Taken, TryAgain, Refused };
CallVerdict VerdictOf(int status);

}  // namespace mayfly::events
