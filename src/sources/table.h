// The kinds of event sources: one row of facts each. What differs between sources in requests and answers stands here and
// nowhere else; the lambda service checks mappings by it, pollers are chosen by it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "catalog/event_source_mapping.h"

namespace mayfly::sources {

enum class SourceKind : unsigned char {
  SqsStandard,
  SqsFifo,
  Kinesis,
  KinesisConsumer,  // a stream through its enhanced fan-out consumer
  DynamoDb,
  ManagedKafka,
  SelfManagedKafka,
  Mq,  // ActiveMQ or RabbitMQ: the broker's ARN does not tell
  DocumentDb,
};

// Settings that some kinds of sources know and others do not.
enum class Setting : unsigned char {
  StartingPosition,
  StartingPositionTimestamp,
  BatchingWindow,
  ParallelizationFactor,
  TumblingWindow,
  RecordAge,
  RetryAttempts,
  Bisect,
  ResponseTypes,
  OnFailure,
  KafkaOnFailure,  // kafka://topic as the destination
  MaximumConcurrency,
  Pollers,
  PollerGroup,
  SourceAccess,
  Topics,
  Queues,
  ManagedKafkaConfig,
  SelfManagedKafkaConfig,
  DocumentDbConfig,
};

class Settings {
 public:
  constexpr Settings() = default;
  constexpr Settings(std::initializer_list<Setting> settings) {
    for (const Setting setting : settings) bits_ |= uint32_t{1} << static_cast<int>(setting);
  }
  constexpr bool Has(Setting setting) const { return (bits_ >> static_cast<int>(setting) & 1) != 0; }

 private:
  uint32_t bits_ = 0;
};

// What the answer shows for settings that the request left out.
enum class Defaults : unsigned char {
  Queue,   // window 0, no response types
  Stream,  // and all settings of failed and parallel batches
  Broker,  // none: what is absent is the service's own choice (a window of half a second)
};

struct Limits {
  int minimum;
  int maximum;
};

struct SourceFacts {
  SourceKind kind;
  std::string_view name;  // as messages call it
  std::string_view arn_service;  // the ARN's third part; "" for self-managed sources
  int batch_size;
  int batch_size_maximum;
  Defaults defaults;
  std::string_view user_action;  // StateTransitionReason
  Settings allowed;
  Settings allowed_when_provisioned;  // and these in provisioned mode
  Settings required;
  Limits pollers{};  // of the minimum and of the maximum of pollers
  int pollers_default_maximum = 0;
  std::span<const std::string_view> access_types{};  // of SourceAccessConfigurations
  std::string_view access_type_required{};
};

std::span<const SourceFacts> AllSources();
const SourceFacts& FactsOf(SourceKind kind);

// nullptr: AWS knows no such source ("Unrecognized event source."). An ARN says which one; bootstrap servers without an ARN
// mean a self-managed Kafka.
const SourceFacts* FindSource(std::string_view event_source_arn, bool is_self_managed);
const SourceFacts& SourceOf(const catalog::EventSourceMapping& mapping);

inline bool IsQueue(SourceKind kind) { return kind == SourceKind::SqsStandard || kind == SourceKind::SqsFifo; }
inline bool IsStream(SourceKind kind) {
  return kind == SourceKind::Kinesis || kind == SourceKind::KinesisConsumer || kind == SourceKind::DynamoDb;
}
inline bool IsKafka(SourceKind kind) { return kind == SourceKind::ManagedKafka || kind == SourceKind::SelfManagedKafka; }

}  // namespace mayfly::sources
