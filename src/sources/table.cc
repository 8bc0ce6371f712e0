#include "sources/table.h"

#include <array>
#include <utility>
#include <vector>

#include "identity/arn.h"
namespace mayfly::sources {
namespace {

using enum Setting;

constexpr std::string_view kUserInitiated = "USER_INITIATED";
constexpr std::string_view kUserAction = "User action";

constexpr std::array<std::string_view, 10> kManagedKafkaAccess{
    "SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH", "BASIC_AUTH",       "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE",
    "OAUTHBEARER_AUTH",    "OAUTHBEARER_SCOPE",   "OAUTHBEARER_AUDIENCE", "IAM_AUTH",                "IAM_OAUTHBEARER_AUTH"};
constexpr std::array<std::string_view, 14> kSelfManagedKafkaAccess{
    "VPC_SUBNET",        "VPC_SECURITY_GROUP",   "SASL_SCRAM_512_AUTH",         "SASL_SCRAM_256_AUTH",       "BASIC_AUTH",
    "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH", "OAUTHBEARER_SCOPE", "OAUTHBEARER_AUDIENCE",
    "OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_IDENTITY_POOL", "IAM_AUTH", "IAM_OAUTHBEARER_AUTH"};
constexpr std::array<std::string_view, 2> kMqAccess{"BASIC_AUTH", "VIRTUAL_HOST"};
constexpr std::array<std::string_view, 1> kDocumentDbAccess{"BASIC_AUTH"};

constexpr Settings kOfStreams{StartingPosition, BatchingWindow, ParallelizationFactor, TumblingWindow, RecordAge,
                              RetryAttempts,    Bisect,         ResponseTypes,         OnFailure};
constexpr Settings kOfTimedStreams{StartingPosition, StartingPositionTimestamp, BatchingWindow, ParallelizationFactor, TumblingWindow,
                                   RecordAge,        RetryAttempts,             Bisect,         ResponseTypes,         OnFailure};
// Kafka retries without end unless pollers are provisioned.
constexpr Settings kOfProvisionedKafka{RecordAge, RetryAttempts, Bisect, ResponseTypes};

constexpr std::array<SourceFacts, 9> kSources{{
    {.kind = SourceKind::SqsStandard, .name = "SQS", .arn_service = "sqs", .batch_size = 10, .batch_size_maximum = 10'000,
     .defaults = Defaults::Queue, .user_action = kUserInitiated,
     .allowed = {BatchingWindow, ResponseTypes, MaximumConcurrency, Pollers},
     .pollers = {2, 10'000}, .pollers_default_maximum = 200},
    {.kind = SourceKind::SqsFifo, .name = "SQS", .arn_service = "sqs", .batch_size = 10, .batch_size_maximum = 10,
     .defaults = Defaults::Queue, .user_action = kUserInitiated,
     .allowed = {ResponseTypes, MaximumConcurrency, Pollers},
     .pollers = {2, 10'000}, .pollers_default_maximum = 200},
    {.kind = SourceKind::Kinesis, .name = "Kinesis", .arn_service = "kinesis", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Stream, .user_action = kUserAction, .allowed = kOfTimedStreams, .required = {StartingPosition}},
    {.kind = SourceKind::KinesisConsumer, .name = "Kinesis", .arn_service = "kinesis", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Stream, .user_action = kUserAction, .allowed = kOfTimedStreams, .required = {StartingPosition}},
    {.kind = SourceKind::DynamoDb, .name = "DynamoDB", .arn_service = "dynamodb", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Stream, .user_action = kUserAction, .allowed = kOfStreams, .required = {StartingPosition}},
    {.kind = SourceKind::ManagedKafka, .name = "MSK", .arn_service = "kafka", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Broker, .user_action = kUserInitiated,
     .allowed = {StartingPosition, StartingPositionTimestamp, BatchingWindow, OnFailure, KafkaOnFailure, Pollers, PollerGroup, SourceAccess,
                 Topics, ManagedKafkaConfig},
     .allowed_when_provisioned = kOfProvisionedKafka, .required = {StartingPosition, Topics},
     .pollers = {1, 2'000}, .pollers_default_maximum = 200, .access_types = kManagedKafkaAccess},
    {.kind = SourceKind::SelfManagedKafka, .name = "Kafka", .arn_service = "", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Broker, .user_action = kUserInitiated,
     .allowed = {StartingPosition, StartingPositionTimestamp, BatchingWindow, OnFailure, KafkaOnFailure, Pollers, PollerGroup, SourceAccess,
                 Topics, SelfManagedKafkaConfig},
     .allowed_when_provisioned = kOfProvisionedKafka, .required = {SourceAccess, StartingPosition, Topics},
     .pollers = {1, 2'000}, .pollers_default_maximum = 200, .access_types = kSelfManagedKafkaAccess},
    {.kind = SourceKind::Mq, .name = "MQ", .arn_service = "mq", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Broker, .user_action = kUserInitiated, .allowed = {BatchingWindow, SourceAccess, Queues},
     .required = {SourceAccess, Queues}, .access_types = kMqAccess, .access_type_required = "BASIC_AUTH"},
    {.kind = SourceKind::DocumentDb, .name = "DocumentDB", .arn_service = "rds", .batch_size = 100, .batch_size_maximum = 10'000,
     .defaults = Defaults::Broker, .user_action = kUserInitiated,
     .allowed = {StartingPosition, StartingPositionTimestamp, BatchingWindow, SourceAccess, DocumentDbConfig},
     .required = {SourceAccess, StartingPosition, DocumentDbConfig}, .access_types = kDocumentDbAccess, .access_type_required = "BASIC_AUTH"},
}};

}  // namespace

std::span<const SourceFacts> AllSources() { return kSources; }

const SourceFacts& FactsOf(SourceKind kind) { return kSources.at(static_cast<size_t>(kind)); }

const SourceFacts* FindSource(std::string_view event_source_arn, bool is_self_managed) {
  if (event_source_arn.empty()) return is_self_managed ? &FactsOf(SourceKind::SelfManagedKafka) : nullptr;
  const auto arn = identity::ParseArn(event_source_arn);
  if (!arn) return nullptr;
  const auto [service, resource] = std::pair(arn->service, arn->resource);
  if (service == "sqs") return &FactsOf(resource.ends_with(".fifo") ? SourceKind::SqsFifo : SourceKind::SqsStandard);
  if (service == "kinesis" && resource.starts_with("stream/")) {
    return &FactsOf(resource.contains("/consumer/") ? SourceKind::KinesisConsumer : SourceKind::Kinesis);
  }
  if (service == "dynamodb" && resource.starts_with("table/") && resource.contains("/stream/")) return &FactsOf(SourceKind::DynamoDb);
  if (service == "kafka" && resource.starts_with("cluster/")) return &FactsOf(SourceKind::ManagedKafka);
  if (service == "mq" && resource.starts_with("broker:")) return &FactsOf(SourceKind::Mq);
  if (service == "rds" && resource.starts_with("cluster:")) return &FactsOf(SourceKind::DocumentDb);
  return nullptr;
}

const SourceFacts& SourceOf(const catalog::EventSourceMapping& mapping) {
  const SourceFacts* facts = FindSource(mapping.event_source_arn, !mapping.bootstrap_servers.empty());
  MF_ASSERT(facts);  // checked when it was made
  return *facts;
}

}  // namespace mayfly::sources
