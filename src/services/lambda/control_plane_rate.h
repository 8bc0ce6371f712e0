// ControlPlaneRate: how often one account may call the API in one region, as AWS limits it: GetFunction, GetPolicy, and all other
// operations together. Invocations are not counted here (invoke::Invoker limits them).
//
// One per daemon, on its strand; stands before the Authorizer. Token buckets that hold one second's worth.
// Limit: kAccountsMax buckets; those that are full again are forgotten first, and when none is, all are.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "wire/endpoint.h"

namespace mayfly::lambda {

class ControlPlaneRate {
 public:
  // `per_second`: of GetPolicy, and of the others together (AWS: 15). GetFunction may be called in the proportion of AWS, 100 to 15.
  ControlPlaneRate(const Clock& clock, double per_second) : clock_(&clock), per_second_(per_second) {}

  // Error: TooManyRequestsException with Reason CallerRateLimitExceeded.
  Result<> Take(std::string_view account_id, std::string_view region, std::string_view operation);
  // `next`, asked only when the rate allows it. This outlives the endpoint.
  wire::Authorizer Before(wire::Authorizer next);

  static constexpr size_t kAccountsMax = 10'000;

 private:
  enum class Kind : unsigned char { GetFunction, GetPolicy, Other, Invocation };
  struct Bucket {
    double tokens = 0;
    TimePoint filled{};
  };
  using Buckets = std::array<Bucket, 3>;

  static Kind KindOf(std::string_view operation);
  double RateOf(Kind kind) const;
  double CapacityOf(Kind kind) const { return std::max(1.0, RateOf(kind)); }
  double TokensOf(const Bucket& bucket, Kind kind) const;
  Buckets& BucketsOf(std::string account_and_region);
  void Forget();

  const Clock* clock_;
  double per_second_;
  std::map<std::string, Buckets> accounts_;
};

}  // namespace mayfly::lambda
