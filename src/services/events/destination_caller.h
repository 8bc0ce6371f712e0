// DestinationCaller: calls API destinations, and keeps the tokens of their connections. What leaves the daemon for rules and pipes over HTTP
// leaves it here.
//
// One per daemon, on its strand. Calls of one destination are spread over time by its rate; who would wait longer than kTurnWaitMax is told to come
// again (retryable); a server that asks for a rest (Retry-After, seconds) has it, up to five minutes. A token is fetched once, kept in memory until a minute before its end, and fetched again after a 401 or 407.
#pragma once

#include <map>
#include <string>

#include "net/http_client.h"
#include "services/events/http_call.h"

namespace mayfly::events {

inline constexpr Duration kCallTime = std::chrono::seconds(5);
inline constexpr Duration kTurnWaitMax = std::chrono::seconds(10);
inline constexpr size_t kDestinationAnswerBytesMax = 1024 * 1024;

class DestinationCaller {
 public:
  // Both outlive it.
  DestinationCaller(RealLoop& loop, const HttpTables& tables, http::Reach reach);

  // The answer's body. Errors: ResourceNotFoundException, "DestinationInactive"; what the server answers: retryable or not.
  Task<Result<std::string>> Call(Context& ctx, const delivery::Delivery& delivery);
  // Fetches a token of the connection. Error: Service "AuthorizationFailure".
  Task<Result<>> FetchToken(Context& ctx, const ConnectionRow& connection);
  void ForgetToken(const ConnectionRow& connection) { tokens_.erase(connection.Arn()); }

 private:
  struct KeptToken {
    std::string header;
    int64_t modified_millis = 0;  // the connection's, when it was fetched
    TimePoint until{};
  };
  Task<Result<std::string>> AuthorizationOf(Context& ctx, const ConnectionRow& connection);
  Task<Result<http::ClientResponse>> Send(Context& ctx, http::ClientRequest request);
  Task<Result<>> TakeTurn(Context& ctx, const DestinationRow& destination);

  RealLoop* loop_;
  const HttpTables* tables_;
  http::Client client_;
  std::map<std::string, KeptToken> tokens_;   // by the connection's ARN
  std::map<std::string, TimePoint> next_turn_;  // by the destination's ARN; only those in the future count
};

}  // namespace mayfly::events
