// HttpDestinations: HTTP endpoints that have an ARN (API destinations), for who needs their answers; and how a delivery to one says what goes into
// its path, query and header.
//
// Offered by who has them; a delivery that needs no answer takes the TargetRouter as any other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "delivery/delivery.h"

namespace mayfly::delivery {

bool IsApiDestinationArn(std::string_view arn);

struct HttpFields {
  std::vector<std::string> path_values;  // for the stars of the endpoint's path, in their order
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> query;
};
void AddHttpFields(Delivery& delivery, const HttpFields& fields);
HttpFields ReadHttpFields(const Delivery& delivery);

class HttpDestinations {
 public:
  virtual ~HttpDestinations() = default;
  // The body of the answer. Errors: AccessDeniedException for a principal that may not; as Target::Deliver.
  virtual Task<Result<std::string>> Invoke(Context& ctx, const Delivery& delivery) = 0;
};

}  // namespace mayfly::delivery
