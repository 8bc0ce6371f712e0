// Tags of a queue: what SQS says of those that it does not take. Source: the API reference, and what clients have recorded.
#pragma once

#include <fmt/format.h>

#include "resources/tags.h"
#include "services/sqs/errors.h"

namespace mayfly::sqs {

inline constexpr resources::TagRules kTagRules{
    .reserved_case = resources::TagRules::Case::Exact,
    .reserved = [] { return InvalidParameterValue("System tags cannot be added/updated by requester."); },
    .bad_key = [] { return InvalidParameterValue("Tag keys must be between 1 and 128 characters in length."); },
    .bad_value = [] { return InvalidParameterValue("Tag values must be between 0 and 256 characters in length."); },
    .too_many = [](std::string_view queue) { return InvalidParameterValue(fmt::format("Too many tags added for queue {}.", queue)); }};

}  // namespace mayfly::sqs
