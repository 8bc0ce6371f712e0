// Notifications: which changes of objects a bucket tells, whom, and in which words. Pure functions, any thread.
// Source: Amazon S3 user guide, "Event notification types and destinations", "Configuring event notifications using object key name
// filtering", "Event message structure", "EventBridge event message structure".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/s3.h"
#include "services/s3/buckets.h"

namespace mayfly::s3 {

struct NotificationRule {
  std::string id;
  std::string target_arn;
  std::vector<std::string> events;  // "s3:ObjectCreated:*"
  std::string prefix;
  std::string suffix;
};

inline constexpr size_t kNotificationRulesMax = 100;

// Of all kinds of targets; EventBridge has no rules.
std::vector<NotificationRule> RulesOf(const NotificationConfiguration& configuration);
// Names for those that have none, and the filters' names as S3 writes them. Errors: InvalidArgument: two of one id, an event that is not
// known, a filter's name, an ARN, a FIFO queue or topic, two rules that a change could fit both.
Result<> CheckAndComplete(NotificationConfiguration& configuration, Random& random);
// `event`: "ObjectCreated:Put".
bool Fits(const NotificationRule& rule, std::string_view event, std::string_view key);
// What a refusal calls the target, from AWS's words: "The destination queue does not exist" …
std::string NotAllowedText(std::string_view target_arn);

// What happened, and who did it.
struct Occurrence {
  std::string_view event;  // "ObjectCreated:Put"
  const BucketRow& bucket;
  std::string_view key;
  const ObjectRow& row;
  std::string_view request_id;
  std::string principal_id;  // "AWS:…", an account, or s3.amazonaws.com
  std::string source_ip;
  WallTime time;
};
std::string PrincipalIdOf(const Principal& principal);

// {"Records":[…]} as functions, queues and topics get it.
std::string RecordOf(const Occurrence& occurrence, std::string_view configuration_id);
// The detail of an event on a bus, and its type; "" for what EventBridge is not told.
std::string DetailOf(const Occurrence& occurrence);
std::string_view DetailTypeOf(std::string_view event);
std::string TestEvent(const BucketRow& bucket, std::string_view request_id, WallTime time);

}  // namespace mayfly::s3
