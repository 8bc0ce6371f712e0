// Which queues a request is about: the one that it names, or a page of them.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "resources/paging.h"
#include "services/sqs/errors.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

inline constexpr size_t kListMax = 1'000;

// The queue that a QueueUrl means: .../ACCOUNT/NAME on any host, or a bare name. Errors: InvalidAddress, QueueDoesNotExist.
Result<QueuePointer> FindQueue(const Queues& queues, const Context& ctx, std::string_view queue_url);

// A token of a list that is none of ours.
Error InvalidToken();

// The queues whose keys begin with `prefix`, as many as `request` asks for. Error: InvalidParameterValue.
template <typename Request>
Result<resources::PageRequest> PageOf(const Request& request, std::string prefix) {
  if (!resources::IsPageLimit(request.max_results, kListMax)) {
    return Fail(InvalidValue(fmt::to_string(*request.max_results), "MaxResults", "Must be an integer between 1 and 1000, inclusive."));
  }
  return resources::PageRequest{.prefix = std::move(prefix),
                                .marker = request.next_token == "" ? std::nullopt : request.next_token,
                                .limit = resources::PageLimit(request.max_results, kListMax),
                                .bad_marker = &InvalidToken};
}

// Who asks for no pages gets the first thousand, without a token.
template <typename Request>
std::optional<std::string> TokenOf(const Request& request, resources::Page<Queue>& page) {
  return request.max_results ? std::move(page.next_marker) : std::nullopt;
}

}  // namespace mayfly::sqs
