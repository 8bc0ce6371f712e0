#include "services/events/destination_caller.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/event.h"
#include "base/real_loop.h"
#include "base/text.h"

namespace mayfly::events {
namespace {

constexpr Duration kTokenMargin = std::chrono::seconds(60);
constexpr size_t kTurnsKeptMax = 10'000;
constexpr std::chrono::seconds kRetryAfterMax{300};

Error ToTryAgain(std::string code, std::string message) {
  Error error = Error::Service(std::move(code), std::move(message));
  error.retryable = true;
  return error;
}

Error AuthorizationFailure(std::string_view what) { return Error::Service("AuthorizationFailure", fmt::format("no token could be fetched: {}", what)); }

// How long a server wants to be left alone: Retry-After in seconds, as most say it.
std::optional<std::chrono::seconds> RestAskedFor(const http::ClientResponse& answer) {
  const auto seconds = ParseNumber<int64_t>(Trim(answer.headers.Get("Retry-After")));
  if (!seconds || *seconds <= 0) return std::nullopt;
  return std::min(std::chrono::seconds(*seconds), kRetryAfterMax);
}

}  // namespace

DestinationCaller::DestinationCaller(RealLoop& loop, const HttpTables& tables, http::Reach reach)
    : loop_(&loop), tables_(&tables), client_(loop, {.body_bytes_max = kDestinationAnswerBytesMax, .connect_timeout = kCallTime, .reach = reach}) {}

Task<Result<http::ClientResponse>> DestinationCaller::Send(Context& ctx, http::ClientRequest request) {
  Context calling(*loop_);
  calling.stop = ctx.stop;
  calling.deadline = loop_->Now() + kCallTime;
  co_return co_await client_.Send(calling, std::move(request));
}

Task<Result<>> DestinationCaller::FetchToken(Context& ctx, const ConnectionRow& connection) {
  MF_CO_TRY(http::ClientRequest request, TokenCallOf(connection));
  const auto answer = co_await Send(ctx, std::move(request));
  if (!answer) co_return Fail(AuthorizationFailure(answer.error().ToString()));
  if (answer->status != 200) co_return Fail(AuthorizationFailure(fmt::format("the authorization endpoint answered {}", answer->status)));
  MF_CO_TRY(const Token token, ReadToken(answer->body));
  tokens_[connection.Arn()] = {token.type + " " + token.text, connection.modified_millis, loop_->Now() + token.lifetime - kTokenMargin};
  co_return Result<>();
}

Task<Result<std::string>> DestinationCaller::AuthorizationOf(Context& ctx, const ConnectionRow& connection) {
  const auto is_good = [&](const auto& kept) {
    return kept != tokens_.end() && kept->second.modified_millis == connection.modified_millis && kept->second.until > loop_->Now();
  };
  auto kept = tokens_.find(connection.Arn());
  if (!is_good(kept)) {
    auto fetched = co_await FetchToken(ctx, connection);
    if (!fetched) fetched.error().retryable = true;
    MF_CO_TRY_VOID(std::move(fetched));
    kept = tokens_.find(connection.Arn());
    MF_ASSERT(kept != tokens_.end());  // nothing has run since
  }
  co_return kept->second.header;
}

Task<Result<>> DestinationCaller::TakeTurn(Context& ctx, const DestinationRow& destination) {
  const TimePoint now = loop_->Now();
  if (next_turn_.size() > kTurnsKeptMax) std::erase_if(next_turn_, [&](const auto& turn) { return turn.second <= now; });
  TimePoint& next = next_turn_[destination.Arn()];
  const TimePoint mine = std::max(next, now);
  if (mine - now > kTurnWaitMax) co_return Fail(ToTryAgain("TooManyRequestsException", fmt::format("{} is called as often as its rate allows", destination.Arn())));
  next = mine + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(std::chrono::seconds(1)) / destination.rate);
  if (mine <= now) co_return Result<>();
  Context waiting(*loop_);
  waiting.stop = ctx.stop;
  co_return co_await Sleep(waiting, mine - now);
}

Task<Result<std::string>> DestinationCaller::Call(Context& ctx, const delivery::Delivery& delivery) {
  const auto destination = tables_->DestinationOf(delivery.target_arn);
  if (!destination) co_return Fail(Error::Service("ResourceNotFoundException", fmt::format("{} does not exist", delivery.target_arn)));
  const auto connection = tables_->ConnectionOf(destination->connection_arn);
  if (!connection || connection->state != "AUTHORIZED") {
    co_return Fail(ToTryAgain("DestinationInactive", fmt::format("the connection of {} is not authorized", delivery.target_arn)));
  }
  MF_CO_TRY(http::ClientRequest request, CallOf(*destination, *connection, delivery::ReadHttpFields(delivery), delivery.body));
  MF_CO_TRY_VOID(co_await TakeTurn(ctx, *destination));
  if (connection->type == "OAUTH_CLIENT_CREDENTIALS") {
    MF_CO_TRY(const std::string authorization, co_await AuthorizationOf(ctx, *connection));
    request.headers.Set("Authorization", authorization);
  }
  const std::string url = destination->endpoint;
  auto answer = co_await Send(ctx, std::move(request));
  if (!answer) co_return Fail(ToTryAgain("ConnectionFailure", fmt::format("{}: {}", url, answer.error().ToString())));
  const CallVerdict verdict = VerdictOf(answer->status);
  if (verdict == CallVerdict::Taken) co_return std::move(answer->body);
  if (answer->status == 401 || answer->status == 407) ForgetToken(*connection);
  std::string said = fmt::format("{} answered {}", url, answer->status);
  if (const auto rest = RestAskedFor(*answer)) {
    TimePoint& next = next_turn_[destination->Arn()];
    next = std::max(next, loop_->Now() + *rest);
  }
  if (verdict == CallVerdict::Refused) co_return Fail(Error::Service("ErrorFromTarget", std::move(said)));
  co_return Fail(ToTryAgain(answer->status == 429 ? "TooManyRequestsException" : "ErrorFromTarget", std::move(said)));
}

}  // namespace mayfly::events
