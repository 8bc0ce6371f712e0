#include "services/lambda/tags.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::lambda {

Result<TaggedArn> ParseTaggedArn(const Context& ctx, std::string_view arn) {
  const std::vector<std::string_view> parts = Split(arn, ':');
  if (parts.size() < 7) return Fail(InvalidParameterValue("An error occurred and the request cannot be processed."));
  if (parts.size() > 7)
    return Fail(InvalidParameterValue("Tags on function aliases and versions are not supported. Please specify a function ARN."));
  if (parts[3] != ctx.principal.region) {
    return Fail(Error::Service("ResourceNotFoundException",
                               fmt::format("Functions from '{}' are not reachable in this region ('{}')", parts[3], ctx.principal.region)));
  }
  return TaggedArn{std::string(arn), std::string(parts[3]), std::string(parts[4]), std::string(parts[5]), std::string(parts[6])};
}

}  // namespace mayfly::lambda
