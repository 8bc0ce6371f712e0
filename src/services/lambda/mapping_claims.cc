#include "services/lambda/mapping_claims.h"

#include <fmt/format.h>

#include "catalog/tables.h"
#include "services/lambda/settings.h"
#include "sources/table.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;

Error AlreadyExists(const EventSourceMapping& mapping, std::string_view uuid) {
  const std::string end = fmt::format("already exists. Please update or delete the existing mapping with UUID {}", uuid);
  const sources::SourceKind kind = sources::SourceOf(mapping).kind;
  if (sources::IsQueue(kind)) {
    return Conflict(fmt::format("An event source mapping with SQS arn (\" {} \") and function (\" {} \") {}", mapping.event_source_arn,
                                mapping.function.name, end));
  }
  if (sources::IsKafka(kind)) {
    const std::string source =
        mapping.event_source_arn.empty() ? fmt::format("{}", fmt::join(mapping.bootstrap_servers, ",")) : mapping.event_source_arn;
    return Conflict(fmt::format("An event source mapping with event source (\"{}\"), function (\"{}\"), topics (\"{}\") {}", source,
                                mapping.FunctionArn(), fmt::join(mapping.topics, ","), end));
  }
  return Conflict(fmt::format("The event source arn (\" {} \") and function (\" {} \") provided mapping {}", mapping.event_source_arn,
                              mapping.function.name, end));
}

}  // namespace

Result<> ClaimSource(resources::Change& change, catalog::Tables& tables, const EventSourceMapping& mapping) {
  auto& claims = tables.event_source_mapping_claims;
  const std::string key = mapping.ClaimKey();
  if (const auto claim = claims.Find(key)) return Fail(AlreadyExists(mapping, claim->uuid));
  if (change.Create(claims, key, catalog::MappingClaim{mapping.uuid})) return {};
  // An equal creation is on its way to the store: nobody knows yet whether it will be there.
  return Fail(Conflict("The operation cannot be performed at this time. An update is in progress for resource: " + mapping.FunctionArn()));
}

Result<> ReleaseSource(resources::Change& change, catalog::Tables& tables, const EventSourceMapping& mapping) {
  auto& claims = tables.event_source_mapping_claims;
  const std::string key = mapping.ClaimKey();
  const auto claim = claims.Find(key);
  return claim ? change.Delete(claims, key, claim) : Result<>();
}

}  // namespace mayfly::lambda
