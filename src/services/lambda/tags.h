// Tags, of whatever kind of resource has them.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "model/lambda.h"

namespace mayfly::lambda {

using Tags = wire::Map<std::string>;

// arn:aws:lambda:REGION:ACCOUNT:KIND:ID[:QUALIFIER], as TagResource names things.
struct TaggedArn {
  std::string arn;
  std::string region;
  std::string account_id;
  std::string kind;  // function, event-source-mapping, code-signing-config, capacity-provider …
  std::string id;
};

// `arn` has passed the model's pattern. Errors (Service): InvalidParameterValueException for versions and aliases,
// ResourceNotFoundException for another region.
Result<TaggedArn> ParseTaggedArn(const Context& ctx, std::string_view arn);

// What a resource may have: at most 50 tags, none of AWS's own. Errors: InvalidParameterValueException.
Result<> CheckTags(const Tags& tags);

}  // namespace mayfly::lambda
