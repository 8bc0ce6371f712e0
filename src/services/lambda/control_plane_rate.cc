#include "services/lambda/control_plane_rate.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json.h"

namespace mayfly::lambda {
namespace {

constexpr double kGetFunctionToOthers = 100.0 / 15.0;

double SecondsBetween(TimePoint from, TimePoint to) { return std::chrono::duration<double>(to - from).count(); }

}  // namespace

ControlPlaneRate::Kind ControlPlaneRate::KindOf(std::string_view operation) {
  if (operation == "GetFunction") return Kind::GetFunction;
  if (operation == "GetPolicy") return Kind::GetPolicy;
  return operation.starts_with("Invoke") ? Kind::Invocation : Kind::Other;
}

double ControlPlaneRate::RateOf(Kind kind) const { return kind == Kind::GetFunction ? per_second_ * kGetFunctionToOthers : per_second_; }

double ControlPlaneRate::TokensOf(const Bucket& bucket, Kind kind) const {
  return std::min(CapacityOf(kind), bucket.tokens + SecondsBetween(bucket.filled, clock_->Now()) * RateOf(kind));
}

ControlPlaneRate::Buckets& ControlPlaneRate::BucketsOf(std::string account_and_region) {
  if (const auto found = accounts_.find(account_and_region); found != accounts_.end()) return found->second;
  if (accounts_.size() >= kAccountsMax) Forget();
  Buckets full;
  for (const Kind kind : {Kind::GetFunction, Kind::GetPolicy, Kind::Other})
    full[static_cast<size_t>(kind)] = {CapacityOf(kind), clock_->Now()};
  return accounts_.emplace(std::move(account_and_region), full).first->second;
}

void ControlPlaneRate::Forget() {
  std::erase_if(accounts_, [&](const auto& account) {
    for (const Kind kind : {Kind::GetFunction, Kind::GetPolicy, Kind::Other}) {
      if (TokensOf(account.second[static_cast<size_t>(kind)], kind) < CapacityOf(kind)) return false;
    }
    return true;
  });
  if (accounts_.size() >= kAccountsMax) accounts_.clear();
}

Result<> ControlPlaneRate::Take(std::string_view account_id, std::string_view region, std::string_view operation) {
  const Kind kind = KindOf(operation);
  if (kind == Kind::Invocation) return {};
  Bucket& bucket = BucketsOf(fmt::format("{}/{}", account_id, region))[static_cast<size_t>(kind)];
  bucket = {TokensOf(bucket, kind), clock_->Now()};
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return {};
  }
  Error error = Error::Service("TooManyRequestsException", "Rate exceeded");
  error.members.emplace_back("Reason", json::Quote("CallerRateLimitExceeded"));
  error.members.emplace_back("retryAfterSeconds",
                             json::Quote(fmt::to_string(std::max(1LL, std::llround(std::ceil((1 - bucket.tokens) / RateOf(kind)))))));
  return Fail(std::move(error));
}

wire::Authorizer ControlPlaneRate::Before(wire::Authorizer next) {
  struct Limited {
    ControlPlaneRate* rate;
    wire::Authorizer next;
    Task<Result<>> operator()(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
      MF_CO_TRY_VOID(rate->Take(ctx.principal.account_id, ctx.principal.region, operation.name));
      co_return co_await next(ctx, operation, request);
    }
  };
  return Limited{this, std::move(next)};
}

}  // namespace mayfly::lambda
