// How clients see an event source mapping.
#include "services/lambda/mapping_settings.h"
#include "sources/table.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;

constexpr int kForever = -1;

WallTime FromEpochMillis(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

std::optional<std::string> IfGiven(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }
std::optional<std::vector<std::string>> IfGiven(const std::vector<std::string>& values) {
  return values.empty() ? std::nullopt : std::optional(values);
}

void DescribeBatches(const EventSourceMapping& m, sources::Defaults defaults, EventSourceMappingConfiguration& view) {
  view.batch_size = m.batch_size;
  view.maximum_batching_window_in_seconds = m.batching_window_seconds;
  view.parallelization_factor = m.parallelization_factor;
  view.tumbling_window_in_seconds = m.tumbling_window_seconds;
  view.maximum_record_age_in_seconds = m.maximum_record_age_seconds;
  view.maximum_retry_attempts = m.maximum_retry_attempts;
  view.bisect_batch_on_function_error = m.bisect_batch_on_function_error;
  view.function_response_types = IfGiven(m.function_response_types);
  if (!m.on_failure_destination.empty()) view.destination_config = DestinationConfig{{}, OnFailure{m.on_failure_destination}};
  if (defaults == sources::Defaults::Broker) return;
  view.maximum_batching_window_in_seconds = m.batching_window_seconds.value_or(0);
  view.function_response_types = m.function_response_types;
  if (defaults == sources::Defaults::Queue) return;
  view.parallelization_factor = m.parallelization_factor.value_or(1);
  view.tumbling_window_in_seconds = m.tumbling_window_seconds.value_or(0);
  view.maximum_record_age_in_seconds = m.maximum_record_age_seconds.value_or(kForever);
  view.maximum_retry_attempts = m.maximum_retry_attempts.value_or(kForever);
  view.bisect_batch_on_function_error = m.bisect_batch_on_function_error.value_or(false);
  view.destination_config = DestinationConfig{{}, OnFailure{IfGiven(m.on_failure_destination)}};
}

void DescribeFilters(const EventSourceMapping& m, EventSourceMappingConfiguration& view) {
  if (m.filter_patterns.empty()) return;
  std::vector<Filter> filters;
  for (const std::string& pattern : m.filter_patterns) filters.push_back({pattern});
  view.filter_criteria = FilterCriteria{std::move(filters)};
}

std::optional<KafkaSchemaRegistryConfig> DescribeRegistry(const EventSourceMapping& m) {
  if (!m.schema_registry) return std::nullopt;
  KafkaSchemaRegistryConfig view{m.schema_registry->uri, m.schema_registry->event_record_format, {}, {}};
  std::vector<KafkaSchemaRegistryAccessConfig> accesses;
  for (const auto& access : m.schema_registry->access) accesses.push_back({IfGiven(access.type), IfGiven(access.uri)});
  if (!accesses.empty()) view.access_configs = std::move(accesses);
  std::vector<KafkaSchemaValidationConfig> validations;
  for (const std::string& attribute : m.schema_registry->validation_attributes) validations.push_back({attribute});
  view.schema_validation_configs = std::move(validations);
  return view;
}

void DescribeSource(const EventSourceMapping& m, sources::SourceKind kind, EventSourceMappingConfiguration& view) {
  view.event_source_arn = IfGiven(m.event_source_arn);
  view.starting_position = IfGiven(m.starting_position);
  if (m.starting_position_epoch_millis) view.starting_position_timestamp = FromEpochMillis(*m.starting_position_epoch_millis);
  view.topics = IfGiven(m.topics);
  view.queues = IfGiven(m.queues);
  if (!m.source_access.empty()) {
    std::vector<SourceAccessConfiguration> accesses;
    for (const auto& access : m.source_access) accesses.push_back({access.type, access.uri});
    view.source_access_configurations = std::move(accesses);
  }
  if (kind == sources::SourceKind::ManagedKafka) {
    view.amazon_managed_kafka_event_source_config = AmazonManagedKafkaEventSourceConfig{m.consumer_group_id, DescribeRegistry(m)};
  }
  if (kind == sources::SourceKind::SelfManagedKafka) {
    view.self_managed_event_source = SelfManagedEventSource{
        wire::Map<std::vector<std::string>>{{std::string(EndPointType::KAFKA_BOOTSTRAP_SERVERS), m.bootstrap_servers}}};
    view.self_managed_kafka_event_source_config =
        SelfManagedKafkaEventSourceConfig{m.consumer_group_id, DescribeRegistry(m), IfGiven(m.consumption_mode)};
  }
  if (kind == sources::SourceKind::DocumentDb) {
    view.document_db_event_source_config = DocumentDBEventSourceConfig{m.database_name, IfGiven(m.collection_name), m.full_document};
  }
}

}  // namespace

EventSourceMappingConfiguration DescribeMapping(const EventSourceMapping& m) {
  const sources::SourceFacts& facts = sources::SourceOf(m);
  EventSourceMappingConfiguration view;
  view.uuid = m.uuid;
  view.event_source_mapping_arn = m.Arn();
  view.function_arn = m.FunctionArn();
  DescribeSource(m, facts.kind, view);
  DescribeBatches(m, facts.defaults, view);
  DescribeFilters(m, view);
  view.kms_key_arn = IfGiven(m.kms_key_arn);
  if (!m.metrics.empty()) view.metrics_config = EventSourceMappingMetricsConfig{m.metrics};
  if (!m.system_log_level.empty()) view.logging_config = EventSourceMappingLoggingConfig{m.system_log_level};
  if (m.maximum_concurrency) view.scaling_config = ScalingConfig{m.maximum_concurrency};
  if (m.is_provisioned()) {
    view.provisioned_poller_config = ProvisionedPollerConfig{m.minimum_pollers, m.maximum_pollers, IfGiven(m.poller_group_name)};
  }
  view.last_modified = FromEpochMillis(m.last_modified_epoch_millis);
  view.last_processing_result = IfGiven(m.last_processing_result);
  view.state = m.state;
  view.state_transition_reason = m.state_transition_reason;
  return view;
}

}  // namespace mayfly::lambda
