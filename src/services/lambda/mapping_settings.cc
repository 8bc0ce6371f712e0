#include "services/lambda/mapping_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/lambda/settings.h"
#include "sources/record_filters.h"
#include "sources/table.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;
using sources::Setting;
using sources::SourceFacts;
using sources::SourceKind;

constexpr size_t kFiltersMax = 5;
constexpr int kBatchSizeWithoutWindowMax = 10;  // of queues
constexpr int kRecordAgeMinimum = 60;
constexpr int kRecordAgeMaximum = 604'800;

std::unexpected<Error> Invalid(std::string message) { return Fail(InvalidParameterValue(std::move(message))); }

std::unexpected<Error> Unsupported(std::string_view parameter) {
  return Invalid(fmt::format("Unsupported '{}' parameter for given event source mapping type.", parameter));
}

std::unexpected<Error> Missing(std::string_view parameter) {
  return Invalid(fmt::format("Required '{}' parameter is missing.", parameter));
}

bool IsAllowed(const SourceFacts& facts, const EventSourceMapping& mapping, Setting setting) {
  return facts.allowed.Has(setting) || (mapping.is_provisioned() && facts.allowed_when_provisioned.Has(setting));
}

// --- checks of the whole, after creation and after each update ------------------------------------------------------------

// What a mapping has but its source does not know.
Result<> CheckAllowed(const SourceFacts& facts, const EventSourceMapping& m) {
  const struct {
    Setting setting;
    bool given;
    std::string_view parameter;
  } kGiven[] = {
      {Setting::BatchingWindow, m.batching_window_seconds.has_value() && facts.kind != SourceKind::SqsFifo,
       "maximumBatchingWindowInSeconds"},
      {Setting::ParallelizationFactor, m.parallelization_factor.has_value(), "parallelizationFactor"},
      {Setting::TumblingWindow, m.tumbling_window_seconds.has_value(), "tumblingWindowInSeconds"},
      {Setting::RecordAge, m.maximum_record_age_seconds.has_value(), "maximumRecordAgeInSeconds"},
      {Setting::RetryAttempts, m.maximum_retry_attempts.has_value(), "maximumRetryAttempts"},
      {Setting::Bisect, m.bisect_batch_on_function_error.has_value(), "bisectBatchOnFunctionError"},
      {Setting::ResponseTypes, !m.function_response_types.empty(), "functionResponseTypes"},
      {Setting::MaximumConcurrency, m.maximum_concurrency.has_value(), "scalingConfig"},
      {Setting::Pollers, m.is_provisioned(), "provisionedPollerConfig"},
      {Setting::PollerGroup, !m.poller_group_name.empty(), "provisionedPollerConfig.pollerGroupName"},
      {Setting::SourceAccess, !m.source_access.empty(), "sourceAccessConfigurations"},
      {Setting::Topics, !m.topics.empty(), "topics"},
      {Setting::Queues, !m.queues.empty(), "queues"},
  };
  for (const auto& [setting, given, parameter] : kGiven) {
    if (given && !IsAllowed(facts, m, setting)) return Unsupported(parameter);
  }
  if (!m.on_failure_destination.empty() && !facts.allowed.Has(Setting::OnFailure)) {
    return Invalid("Unsupported DestinationConfig parameter for given event source mapping type.");
  }
  return {};
}

Result<> CheckRequired(const SourceFacts& facts, const EventSourceMapping& m) {
  if (facts.required.Has(Setting::SourceAccess) && m.source_access.empty()) return Missing("sourceAccessConfigurations");
  if (facts.required.Has(Setting::Topics) && m.topics.empty()) return Missing("topics");
  if (facts.required.Has(Setting::Queues) && m.queues.empty()) return Missing("queues");
  if (facts.required.Has(Setting::DocumentDbConfig) && m.database_name.empty()) return Missing("documentDBEventSourceConfig.databaseName");
  return {};
}

Result<> CheckBatches(const SourceFacts& facts, const EventSourceMapping& m) {
  if (m.batch_size > facts.batch_size_maximum) {
    return Invalid(fmt::format("Maximum batch size must be between 1 and {} inclusive", facts.batch_size_maximum));
  }
  const int window = m.batching_window_seconds.value_or(0);
  if (facts.kind == SourceKind::SqsFifo && window > 0) return Invalid("Batching window is not supported for FIFO queues");
  if (facts.kind == SourceKind::SqsStandard && m.batch_size > kBatchSizeWithoutWindowMax && window == 0) {
    return Invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
  }
  const int age = m.maximum_record_age_seconds.value_or(-1);
  if (age != -1 && (age < kRecordAgeMinimum || age > kRecordAgeMaximum)) {
    return Invalid("MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)");
  }
  return {};
}

Result<> CheckPollers(const SourceFacts& facts, const EventSourceMapping& m) {
  if (!m.is_provisioned()) return {};
  if (m.maximum_concurrency) return Invalid("MaximumConcurrency and ProvisionedPollerConfig cannot be set at the same time.");
  const auto& [minimum, maximum] = facts.pollers;
  for (const auto& [name, value] : {std::pair("MinimumPollers", *m.minimum_pollers), std::pair("MaximumPollers", *m.maximum_pollers)}) {
    if (value < minimum || value > maximum) {
      return Invalid(fmt::format("{} must be between {} and {} for {} event sources.", name, minimum, maximum, facts.name));
    }
  }
  if (*m.minimum_pollers > *m.maximum_pollers) return Invalid("MinimumPollers must be less than or equal to MaximumPollers.");
  return {};
}

Result<> CheckAccess(const SourceFacts& facts, const EventSourceMapping& m) {
  for (const catalog::SourceAccess& access : m.source_access) {
    if (access.type.empty()) return Missing("sourceAccessConfigurations.type");
    if (access.uri.empty()) return Missing("sourceAccessConfigurations.uRI");
    if (std::ranges::find(facts.access_types, access.type) == facts.access_types.end()) {
      return Invalid(fmt::format("Unsupported source access configuration type {} for given event source mapping type.", access.type));
    }
  }
  const std::string_view required = facts.access_type_required;
  if (required.empty() || std::ranges::find(m.source_access, required, &catalog::SourceAccess::type) != m.source_access.end()) return {};
  return Invalid(fmt::format("Source access configuration {} is required for given event source mapping type.", required));
}

Result<> CheckRegistry(const EventSourceMapping& m) {
  if (!m.schema_registry) return {};
  if (!m.is_provisioned()) return Invalid("SchemaRegistryConfig is only available for event source mappings in provisioned mode.");
  if (m.schema_registry->uri.empty()) return Missing("schemaRegistryConfig.schemaRegistryURI");
  if (m.schema_registry->event_record_format.empty()) return Missing("schemaRegistryConfig.eventRecordFormat");
  if (m.schema_registry->validation_attributes.empty()) return Missing("schemaRegistryConfig.schemaValidationConfigs");
  return {};
}

bool IsArnOf(std::string_view arn, std::initializer_list<std::string_view> services) {
  return std::ranges::find(services, ServiceOfArn(arn)) != services.end();
}

Result<> CheckDestination(const SourceFacts& facts, const EventSourceMapping& m) {
  const std::string& destination = m.on_failure_destination;
  if (destination.empty() || IsArnOf(destination, {"sqs", "sns", "s3"})) return {};
  if (destination.starts_with("kafka://") && facts.allowed.Has(Setting::KafkaOnFailure)) return {};
  return Invalid(fmt::format("The destination ARN {} is invalid.", destination));
}

// Records of streams are JSON, or their payload cannot be filtered: a list of plain values for it can never match.
std::string_view PayloadOf(SourceKind kind) {
  if (kind == SourceKind::Kinesis || kind == SourceKind::KinesisConsumer) return "data";
  return kind == SourceKind::DynamoDb ? "dynamodb" : "";
}

Result<> CheckFilters(const SourceFacts& facts, const EventSourceMapping& m) {
  if (m.filter_patterns.size() > kFiltersMax)
    return Invalid(fmt::format("Maximum number of filters exceeded: {} are allowed.", kFiltersMax));
  MF_TRY(const sources::Filters filters, sources::Filters::Compile(m.filter_patterns));
  const std::string_view payload = PayloadOf(facts.kind);
  for (const patterns::EventPattern& pattern : filters.patterns()) {
    if (!payload.empty() && pattern.FormOf(payload) == patterns::EventPattern::Form::Values)
      return Invalid("Invalid filter pattern definition.");
  }
  return {};
}

Result<> CheckWhole(const SourceFacts& facts, const EventSourceMapping& mapping) {
  MF_TRY_VOID(CheckRequired(facts, mapping));
  MF_TRY_VOID(CheckAllowed(facts, mapping));
  MF_TRY_VOID(CheckBatches(facts, mapping));
  MF_TRY_VOID(CheckPollers(facts, mapping));
  MF_TRY_VOID(CheckAccess(facts, mapping));
  MF_TRY_VOID(CheckRegistry(mapping));
  MF_TRY_VOID(CheckDestination(facts, mapping));
  return CheckFilters(facts, mapping);
}

// --- from a request into the mapping --------------------------------------------------------------------------------------

Result<> CheckStart(const CreateEventSourceMappingRequest& request, const SourceFacts& facts) {
  const auto& position = request.starting_position;
  const auto& timestamp = request.starting_position_timestamp;
  if (!facts.allowed.Has(Setting::StartingPosition)) {
    if (!position && !timestamp) return {};
    if (sources::IsQueue(facts.kind)) return Invalid("StartingPosition is not valid for SQS event sources.");
    return Unsupported("startingPosition");
  }
  if (!position) {
    return Invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.");
  }
  const bool at_timestamp = *position == EventSourcePosition::AT_TIMESTAMP;
  if (at_timestamp && !facts.allowed.Has(Setting::StartingPositionTimestamp)) {
    return Invalid("Unsupported starting position for arn type: " + request.event_source_arn.value_or(""));
  }
  if (!at_timestamp && timestamp) return Invalid("Timestamp only valid with StartingPosition AT_TIMESTAMP");
  if (at_timestamp && !timestamp) return Invalid("Timestamp is required with StartingPosition AT_TIMESTAMP");
  if (timestamp && ToEpochMillis(*timestamp) < 0) {
    return Invalid("Received Exception while reading from provided stream. class java.lang.Long can not be converted to a Timestamp");
  }
  return {};
}

void ApplyFilters(const std::optional<FilterCriteria>& criteria, EventSourceMapping& mapping) {
  if (!criteria) return;
  mapping.filter_patterns.clear();
  if (!criteria->filters) return;
  for (const Filter& filter : *criteria->filters) mapping.filter_patterns.push_back(filter.pattern.value_or(""));
}

Result<> ApplyDestination(const std::optional<DestinationConfig>& config, EventSourceMapping& mapping) {
  if (!config) return {};
  if (config->on_success) return Invalid("Unsupported DestinationConfig parameter for given event source mapping type.");
  mapping.on_failure_destination = config->on_failure ? config->on_failure->destination.value_or("") : "";
  return {};
}

// An empty configuration ends provisioned mode.
void ApplyPollers(const std::optional<ProvisionedPollerConfig>& config, const SourceFacts& facts, EventSourceMapping& mapping) {
  if (!config) return;
  if (!config->minimum_pollers && !config->maximum_pollers && !config->poller_group_name) {
    mapping.minimum_pollers.reset();
    mapping.maximum_pollers.reset();
    mapping.poller_group_name.clear();
    return;
  }
  const int minimum = config->minimum_pollers.value_or(mapping.minimum_pollers.value_or(facts.pollers.minimum));
  mapping.maximum_pollers =
      config->maximum_pollers.value_or(mapping.maximum_pollers.value_or(std::max(minimum, facts.pollers_default_maximum)));
  mapping.minimum_pollers = minimum;
  if (config->poller_group_name) mapping.poller_group_name = *config->poller_group_name;
}

// An empty configuration removes the registry.
void ApplyRegistry(const std::optional<KafkaSchemaRegistryConfig>& config, EventSourceMapping& mapping) {
  if (!config) return;
  mapping.schema_registry.reset();
  if (!config->schema_registry_uri && !config->event_record_format && !config->access_configs && !config->schema_validation_configs) return;
  catalog::SchemaRegistry registry{config->schema_registry_uri.value_or(""), config->event_record_format.value_or(""), {}, {}};
  if (config->access_configs) {
    for (const auto& access : *config->access_configs) registry.access.push_back({access.type.value_or(""), access.uri.value_or("")});
  }
  if (config->schema_validation_configs) {
    for (const auto& validation : *config->schema_validation_configs)
      registry.validation_attributes.push_back(validation.attribute.value_or(""));
  }
  mapping.schema_registry = std::move(registry);
}

enum class Occasion : unsigned char { Creation, Update };

template <typename Config>
Result<> ApplyKafka(const Config& config, std::string_view parameter, Occasion occasion, EventSourceMapping& mapping) {
  if (config.consumer_group_id) {
    if (occasion == Occasion::Update) return Unsupported(fmt::format("{}.consumerGroupId", parameter));
    mapping.consumer_group_id = *config.consumer_group_id;
  }
  ApplyRegistry(config.schema_registry_config, mapping);
  return {};
}

template <typename Request>
Result<> ApplyConfigsOfSources(const Request& request, const SourceFacts& facts, Occasion occasion, EventSourceMapping& mapping) {
  if (const auto& config = request.amazon_managed_kafka_event_source_config) {
    if (!facts.allowed.Has(Setting::ManagedKafkaConfig)) return Unsupported("amazonManagedKafkaEventSourceConfig");
    MF_TRY_VOID(ApplyKafka(*config, "amazonManagedKafkaEventSourceConfig", occasion, mapping));
  }
  if (const auto& config = request.self_managed_kafka_event_source_config) {
    if (!facts.allowed.Has(Setting::SelfManagedKafkaConfig)) return Unsupported("selfManagedKafkaEventSourceConfig");
    MF_TRY_VOID(ApplyKafka(*config, "selfManagedKafkaEventSourceConfig", occasion, mapping));
    if (config->consumption_mode) mapping.consumption_mode = *config->consumption_mode;
  }
  if (const auto& config = request.document_db_event_source_config) {
    if (!facts.allowed.Has(Setting::DocumentDbConfig)) return Unsupported("documentDBEventSourceConfig");
    if (config->database_name) mapping.database_name = *config->database_name;
    if (config->collection_name) mapping.collection_name = *config->collection_name;
    if (config->full_document) mapping.full_document = *config->full_document;
  }
  return {};
}

template <typename T>
void Replace(T& member, const std::optional<T>& given) {
  if (given) member = *given;
}
template <typename T>
void Replace(std::optional<T>& member, const std::optional<T>& given) {
  if (given) member = *given;
}

template <typename Request>
Result<> ApplyCommon(const Request& request, const SourceFacts& facts, Occasion occasion, EventSourceMapping& mapping) {
  Replace(mapping.batch_size, request.batch_size);
  Replace(mapping.batching_window_seconds, request.maximum_batching_window_in_seconds);
  Replace(mapping.parallelization_factor, request.parallelization_factor);
  Replace(mapping.tumbling_window_seconds, request.tumbling_window_in_seconds);
  Replace(mapping.maximum_record_age_seconds, request.maximum_record_age_in_seconds);
  Replace(mapping.maximum_retry_attempts, request.maximum_retry_attempts);
  Replace(mapping.bisect_batch_on_function_error, request.bisect_batch_on_function_error);
  Replace(mapping.function_response_types, request.function_response_types);
  Replace(mapping.kms_key_arn, request.kms_key_arn);
  ApplyFilters(request.filter_criteria, mapping);
  if (request.metrics_config) mapping.metrics = request.metrics_config->metrics.value_or(std::vector<std::string>());
  if (request.logging_config) mapping.system_log_level = request.logging_config->system_log_level.value_or("");
  if (request.scaling_config) mapping.maximum_concurrency = request.scaling_config->maximum_concurrency;
  if (const auto& given = request.source_access_configurations) {
    mapping.source_access.clear();
    for (const auto& access : *given) mapping.source_access.push_back({access.type.value_or(""), access.uri.value_or("")});
  }
  MF_TRY_VOID(ApplyDestination(request.destination_config, mapping));
  ApplyPollers(request.provisioned_poller_config, facts, mapping);
  return ApplyConfigsOfSources(request, facts, occasion, mapping);
}

// The one endpoint type there is: KAFKA_BOOTSTRAP_SERVERS.
std::vector<std::string> BootstrapServers(const std::optional<SelfManagedEventSource>& source) {
  std::vector<std::string> servers;
  if (!source || !source->endpoints) return servers;
  for (const auto& [type, endpoints] : *source->endpoints) servers.insert(servers.end(), endpoints.begin(), endpoints.end());
  return servers;
}

}  // namespace

Result<> ApplyMappingSettings(const CreateEventSourceMappingRequest& request, EventSourceMapping& mapping) {
  MF_TRY_VOID(ApplyDestination(request.destination_config, mapping));  // what it refuses, it refuses of all sources
  mapping.event_source_arn = request.event_source_arn.value_or("");
  mapping.bootstrap_servers = BootstrapServers(request.self_managed_event_source);
  const SourceFacts* facts = sources::FindSource(mapping.event_source_arn, !mapping.bootstrap_servers.empty());
  if (!facts) return Invalid("Unrecognized event source.");
  if (request.self_managed_event_source && facts->kind != SourceKind::SelfManagedKafka) return Unsupported("selfManagedEventSource");
  mapping.batch_size = facts->batch_size;
  Replace(mapping.topics, request.topics);
  Replace(mapping.queues, request.queues);
  if (sources::IsKafka(facts->kind)) mapping.consumer_group_id = mapping.uuid;
  if (facts->kind == SourceKind::DocumentDb) mapping.full_document = FullDocument::Default;
  MF_TRY_VOID(ApplyCommon(request, *facts, Occasion::Creation, mapping));
  MF_TRY_VOID(CheckStart(request, *facts));
  mapping.starting_position = request.starting_position.value_or("");
  if (request.starting_position_timestamp) mapping.starting_position_epoch_millis = ToEpochMillis(*request.starting_position_timestamp);
  mapping.state_transition_reason = facts->user_action;
  if (facts->defaults != sources::Defaults::Queue) mapping.last_processing_result = "No records processed";
  return CheckWhole(*facts, mapping);
}

Result<> ApplyMappingSettings(const UpdateEventSourceMappingRequest& request, EventSourceMapping& mapping) {
  const SourceFacts& facts = sources::SourceOf(mapping);
  MF_TRY_VOID(ApplyCommon(request, facts, Occasion::Update, mapping));
  return CheckWhole(facts, mapping);
}

}  // namespace mayfly::lambda
