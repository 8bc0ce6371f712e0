#include "catalog/event_source_mapping.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "identity/arn.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<SourceAccess> auto& access, auto&& visit) {
  visit("Type", access.type);
  visit("URI", access.uri);
}

static void VisitMembers(resources::Is<SchemaRegistry> auto& registry, auto&& visit) {
  visit("SchemaRegistryURI", registry.uri);
  visit("EventRecordFormat", registry.event_record_format);
  visit("AccessConfigs", registry.access);
  visit("SchemaValidationConfigs", registry.validation_attributes);
}

static void VisitMembers(resources::Is<EventSourceMapping> auto& m, auto&& visit) {
  visit("FunctionAccount", m.function.account_id);
  visit("FunctionRegion", m.function.region);
  visit("FunctionName", m.function.name);
  visit("Qualifier", m.qualifier);
  visit("EventSourceArn", m.event_source_arn);
  visit("BootstrapServers", m.bootstrap_servers);
  visit("Topics", m.topics);
  visit("Queues", m.queues);
  visit("SourceAccessConfigurations", m.source_access);
  visit("StartingPosition", m.starting_position);
  visit("StartingPositionTimestamp", m.starting_position_epoch_millis);
  visit("BatchSize", m.batch_size);
  visit("MaximumBatchingWindowInSeconds", m.batching_window_seconds);
  visit("ParallelizationFactor", m.parallelization_factor);
  visit("TumblingWindowInSeconds", m.tumbling_window_seconds);
  visit("MaximumRecordAgeInSeconds", m.maximum_record_age_seconds);
  visit("MaximumRetryAttempts", m.maximum_retry_attempts);
  visit("BisectBatchOnFunctionError", m.bisect_batch_on_function_error);
  visit("FunctionResponseTypes", m.function_response_types);
  visit("OnFailure", m.on_failure_destination);
  visit("Filters", m.filter_patterns);
  visit("KMSKeyArn", m.kms_key_arn);
  visit("MaximumConcurrency", m.maximum_concurrency);
  visit("MinimumPollers", m.minimum_pollers);
  visit("MaximumPollers", m.maximum_pollers);
  visit("PollerGroupName", m.poller_group_name);
  visit("Metrics", m.metrics);
  visit("SystemLogLevel", m.system_log_level);
  visit("ConsumerGroupId", m.consumer_group_id);
  visit("ConsumptionMode", m.consumption_mode);
  visit("SchemaRegistryConfig", m.schema_registry);
  visit("DatabaseName", m.database_name);
  visit("CollectionName", m.collection_name);
  visit("FullDocument", m.full_document);
  visit("Tags", m.tags);
  visit("State", m.state);
  visit("StateTransitionReason", m.state_transition_reason);
  visit("LastProcessingResult", m.last_processing_result);
  visit("Enabled", m.enabled);
  visit("LastModified", m.last_modified_epoch_millis);
}

namespace {

// Lists that mean the same in any order.
void Append(std::string& identity, std::vector<std::string> values) {
  std::ranges::sort(values);
  for (const std::string& value : values) identity += '\n' + value;
  identity += "\n;";
}

}  // namespace

std::string EventSourceMapping::Arn() const {
  return fmt::format("arn:{}:lambda:{}:{}:event-source-mapping:{}", identity::PartitionOf(region), region, account_id, uuid);
}

std::string EventSourceMapping::ClaimKey() const {
  std::string identity = FunctionArn() + '\n' + event_source_arn + '\n' + database_name + '\n' + collection_name;
  Append(identity, bootstrap_servers);
  Append(identity, topics);
  Append(identity, queues);
  for (const SourceAccess& access : source_access) {
    if (access.type == "VIRTUAL_HOST") identity += '\n' + access.uri;
  }
  return fmt::format("{}/{}/{}", account_id, region, Sha256Hex(identity));
}

json::Value ToJson(const EventSourceMapping& mapping) { return resources::WriteMembers(mapping); }

Result<> FromJson(std::string_view key, const json::Value& value, EventSourceMapping& mapping) {
  MF_TRY(FunctionName parts, NameFromKey(key));  // keys of three parts, as functions have
  mapping.account_id = std::move(parts.account_id);
  mapping.region = std::move(parts.region);
  mapping.uuid = std::move(parts.name);
  resources::ReadMembers(value, mapping);
  if (mapping.function.name.empty() || mapping.batch_size <= 0) return Fail(Error::Fault("a stored event source mapping has no function or batch size"));
  return {};
}

json::Value ToJson(const MappingClaim& claim) { return json::Value(json::Object{{"UUID", claim.uuid}}); }

Result<> FromJson(std::string_view, const json::Value& value, MappingClaim& claim) {
  claim.uuid = value.StringOr("UUID", "");
  return {};
}

}  // namespace mayfly::catalog
