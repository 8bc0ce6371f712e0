// Tags, of whatever kind of resource has them, in Lambda's words (resources/tags.h).
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "resources/tags.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {

using resources::Tags;

// Lengths are the model's business.
inline constexpr resources::TagRules kTagRules{
    .reserved = [] { return InvalidParameterValue("aws: prefixed tag key names are not allowed for external use."); },
    .too_many = [](std::string_view) { return InvalidParameterValue("Number of tags exceeds resource tag limit."); }};

// arn:aws:lambda:REGION:ACCOUNT:KIND:ID[:QUALIFIER], as TagResource names things.
struct TaggedArn {
  std::string arn;
  std::string region;
  std::string account_id;
  std::string kind;  // function, event-source-mapping, code-signing-config, capacity-provider …
  std::string id;

  // Of its row, whatever kind it is: ACCOUNT/REGION/ID.
  std::string Key() const { return account_id + '/' + region + '/' + id; }
};

// `arn` has passed the model's pattern. Errors (Service): InvalidParameterValueException for versions and aliases,
// ResourceNotFoundException for another region.
Result<TaggedArn> ParseTaggedArn(const Context& ctx, std::string_view arn);

}  // namespace mayfly::lambda
