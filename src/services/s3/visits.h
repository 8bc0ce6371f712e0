// Visits: what S3 does about requests beside its operations: it answers browsers that ask for permission (OPTIONS), tells pages what they may read,
// and knows where a request comes from while it is answered.
//
// One per daemon, on its strand; outlives the endpoint. Bound: a visit for each request that is being answered.
#pragma once

#include <map>
#include <string>

#include "services/s3/buckets.h"
#include "wire/endpoint.h"

namespace mayfly::s3 {

class Visits {
 public:
  explicit Visits(const Buckets& buckets) : buckets_(&buckets) {}

  wire::Reception AsReception();
  // The client's address, without its port, of a request that is being answered; "127.0.0.1" where nobody from outside asks.
  std::string AddressOf(const std::string& request_id) const;

 private:
  class OfRequest;

  const Buckets* buckets_;
  std::map<std::string, std::string> addresses_;  // by request id
};

}  // namespace mayfly::s3
