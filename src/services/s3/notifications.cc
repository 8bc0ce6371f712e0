#include "services/s3/notifications.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/arn.h"
#include "services/s3/s3_errors.h"
#include "wire/xml_error.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 34> kEvents = {
    "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete",
    "s3:Replication:*", "s3:Replication:OperationFailedReplication", "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold", "s3:Replication:OperationNotTracked",
    "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:LifecycleTransition",
    "s3:IntelligentTiering", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete", "s3:ObjectAcl:Put",
    "s3:ReducedRedundancyLostObject", "s3:ObjectAnnotation:*", "s3:ObjectAnnotation:Put", "s3:ObjectAnnotation:Delete", "s3:ObjectRetention:Put",
    "s3:ObjectRetention:*", "s3:ObjectLegalHold:Put", "s3:ObjectLegalHold:*"};

constexpr std::string_view kAmbiguous =
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.";

// A filter's value is written like a form's.
std::string PlainValue(std::string value) {
  std::ranges::replace(value, '+', ' ');
  return PercentDecode(value).value_or(value);
}

void TakeFilter(const std::optional<NotificationConfigurationFilter>& filter, NotificationRule& rule) {
  if (!filter || !filter->key || !filter->key->filter_rules) return;
  for (const FilterRule& one : *filter->key->filter_rules) {
    if (!one.name) continue;
    (EqualIgnoringCase(*one.name, "prefix") ? rule.prefix : rule.suffix) = PlainValue(one.value.value_or(""));
  }
}

template <typename Configuration>
NotificationRule RuleOf(const Configuration& from, const std::string& target_arn) {
  NotificationRule rule{.id = from.id.value_or(""), .target_arn = target_arn, .events = from.events, .prefix = {}, .suffix = {}};
  TakeFilter(from.filter, rule);
  return rule;
}

Result<> CheckFilter(std::optional<NotificationConfigurationFilter>& filter) {
  if (!filter || !filter->key || !filter->key->filter_rules) return {};
  std::set<std::string> names;
  for (FilterRule& rule : *filter->key->filter_rules) {
    const std::string name = LowerCase(rule.name.value_or(""));
    if (name != "prefix" && name != "suffix") return Fail(InvalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", rule.name.value_or("")));
    if (!names.insert(name).second) {
      return Fail(InvalidArgument("Cannot specify more than one " + name + " rule in a filter.", "FilterRule.Name", rule.name.value_or("")));
    }
    if (rule.value.value_or("").size() > kKeyBytesMax) return Fail(InvalidArgument("Size of filter rule value cannot exceed 1024 bytes in UTF-8", "FilterRule.Value", {}));
    rule.name = name == "prefix" ? "Prefix" : "Suffix";
  }
  return {};
}

Result<> CheckTarget(const std::string& arn, std::string_view service) {
  const auto parsed = identity::ParseArn(arn);
  if (!parsed || parsed->service != service) return Fail(InvalidArgument("The ARN could not be parsed", "Arn", arn));
  if (service != "lambda" && arn.ends_with(".fifo")) {
    return Fail(WithElement(InvalidArgument("Unable to validate the following destination configurations", arn,
                                            service == "sqs" ? "The destination queue is a FIFO queue" : "The destination topic is a FIFO topic"), "Arn", arn));
  }
  return {};
}

Result<> CheckEvents(const std::vector<std::string>& events) {
  if (events.empty()) return Fail(MalformedXml());
  for (const std::string& event : events) {
    if (std::ranges::find(kEvents, event) == kEvents.end()) return Fail(InvalidArgument("The event is not supported for notifications", "Event", event));
  }
  return {};
}

template <typename Configuration>
Result<> Check(std::optional<std::vector<Configuration>>& all, std::string Configuration::*arn, std::string_view service, Random& random) {
  if (!all) return {};
  for (Configuration& one : *all) {
    MF_TRY_VOID(CheckTarget(one.*arn, service));
    MF_TRY_VOID(CheckEvents(one.events));
    MF_TRY_VOID(CheckFilter(one.filter));
    if (one.id.value_or("").empty()) one.id = random.Uuid();
  }
  return {};
}

// Whether one change could be both.
bool Meet(std::string_view event, std::string_view other) {
  const auto kind = [](std::string_view text) { return text.substr(0, text.rfind(':')); };
  if (event == other) return true;
  return kind(event) == kind(other) && (event.ends_with(":*") || other.ends_with(":*"));
}

bool Overlap(const NotificationRule& a, const NotificationRule& b) {
  if (!a.prefix.starts_with(b.prefix) && !b.prefix.starts_with(a.prefix)) return false;
  if (!a.suffix.ends_with(b.suffix) && !b.suffix.ends_with(a.suffix)) return false;
  return std::ranges::any_of(a.events, [&](const std::string& event) {
    return std::ranges::any_of(b.events, [&](const std::string& other) { return Meet(event, other); });
  });
}

Result<> CheckTogether(const std::vector<NotificationRule>& rules) {
  std::set<std::string> ids;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!ids.insert(rules[i].id).second) return Fail(InvalidArgument("Same ID used for multiple configurations. IDs must be unique", "Id", rules[i].id));
    for (size_t other = 0; other < i; ++other) {
      if (Overlap(rules[i], rules[other])) return Fail(Error::Service("InvalidArgument", std::string(kAmbiguous)));
    }
  }
  return {};
}

bool IsCreation(std::string_view event) { return event.starts_with("ObjectCreated:"); }
bool IsRemoval(std::string_view event) { return event.starts_with("ObjectRemoved:") || event.starts_with("LifecycleExpiration:"); }
bool MadeMarker(std::string_view event) { return event.ends_with(":DeleteMarkerCreated"); }

std::string_view RecordVersion(std::string_view event) {
  if (event.starts_with("LifecycleExpiration:") || event.starts_with("ObjectTagging:") || event.starts_with("ObjectAcl:")) return "2.3";
  return "2.1";
}

std::string SequencerOf(const ObjectRow& row) { return fmt::format("{:016X}", row.sequence); }

// What a removal by id tells no tag of.
std::string_view ETagOf(const Occurrence& what) {
  if (MadeMarker(what.event)) return "d41d8cd98f00b204e9800998ecf8427e";
  return IsRemoval(what.event) ? std::string_view() : std::string_view(what.row.etag);
}

bool HasVersion(const Occurrence& what) { return !what.bucket.versioning.empty() || !what.row.is_null(); }

json::Value ObjectOf(const Occurrence& what) {
  json::Value object;
  object.Set("key", FormEncoded(what.key));
  if (IsCreation(what.event)) object.Set("size", what.row.size);
  if (const auto etag = ETagOf(what); !etag.empty()) object.Set("eTag", std::string(etag));
  if (HasVersion(what)) object.Set("versionId", what.row.version_id);
  if (IsCreation(what.event) || IsRemoval(what.event)) object.Set("sequencer", SequencerOf(what.row));
  return object;
}

json::Value BucketOf(const BucketRow& bucket) {
  json::Value owner, value;
  owner.Set("principalId", bucket.account_id);
  value.Set("name", bucket.name);
  value.Set("ownerIdentity", std::move(owner));
  value.Set("arn", BucketArn(bucket.name));
  return value;
}

json::Value Single(std::string_view name, std::string value) {
  json::Value object;
  object.Set(std::string(name), std::move(value));
  return object;
}

}  // namespace

std::vector<NotificationRule> RulesOf(const NotificationConfiguration& configuration) {
  std::vector<NotificationRule> rules;
  for (const auto& one : configuration.lambda_function_configurations.value_or(std::vector<LambdaFunctionConfiguration>())) rules.push_back(RuleOf(one, one.lambda_function_arn));
  for (const auto& one : configuration.queue_configurations.value_or(std::vector<QueueConfiguration>())) rules.push_back(RuleOf(one, one.queue_arn));
  for (const auto& one : configuration.topic_configurations.value_or(std::vector<TopicConfiguration>())) rules.push_back(RuleOf(one, one.topic_arn));
  return rules;
}

Result<> CheckAndComplete(NotificationConfiguration& configuration, Random& random) {
  MF_TRY_VOID(Check(configuration.lambda_function_configurations, &LambdaFunctionConfiguration::lambda_function_arn, "lambda", random));
  MF_TRY_VOID(Check(configuration.queue_configurations, &QueueConfiguration::queue_arn, "sqs", random));
  MF_TRY_VOID(Check(configuration.topic_configurations, &TopicConfiguration::topic_arn, "sns", random));
  const auto rules = RulesOf(configuration);
  if (rules.size() > kNotificationRulesMax) return Fail(MalformedXml());
  return CheckTogether(rules);
}

bool Fits(const NotificationRule& rule, std::string_view event, std::string_view key) {
  if (!key.starts_with(rule.prefix) || !key.ends_with(rule.suffix)) return false;
  return std::ranges::any_of(rule.events, [&](std::string_view wanted) {
    wanted.remove_prefix(std::string_view("s3:").size());
    return wanted == event || (wanted.ends_with('*') && event.starts_with(wanted.substr(0, wanted.size() - 1)));
  });
}

std::string NotAllowedText(std::string_view target_arn) {
  const auto arn = identity::ParseArn(target_arn);
  if (arn && arn->service == "lambda") return fmt::format("Not authorized to invoke function [{}]", target_arn);
  return fmt::format("Permissions on the destination {} do not allow S3 to publish notifications from this bucket", arn && arn->service == "sqs" ? "queue" : "topic");
}

std::string PrincipalIdOf(const Principal& principal) {
  if (principal.arn.empty()) return "Anonymous";
  if (principal.arn.ends_with(":root")) return principal.account_id;
  return "AWS:" + principal.arn.substr(principal.arn.find('/') + 1);
}

std::string RecordOf(const Occurrence& what, std::string_view configuration_id) {
  json::Value answer, s3, record, document;
  answer.Set("x-amz-request-id", std::string(what.request_id));
  answer.Set("x-amz-id-2", wire::HostIdOf(what.request_id));
  s3.Set("s3SchemaVersion", "1.0");
  s3.Set("configurationId", std::string(configuration_id));
  s3.Set("bucket", BucketOf(what.bucket));
  s3.Set("object", ObjectOf(what));
  record.Set("eventVersion", std::string(RecordVersion(what.event)));
  record.Set("eventSource", "aws:s3");
  record.Set("awsRegion", what.bucket.region);
  record.Set("eventTime", FormatIso8601(what.time));
  record.Set("eventName", std::string(what.event));
  record.Set("userIdentity", Single("principalId", what.principal_id));
  record.Set("requestParameters", Single("sourceIPAddress", what.source_ip));
  record.Set("responseElements", std::move(answer));
  record.Set("s3", std::move(s3));
  json::Array records;
  records.push_back(std::move(record));
  document.Set("Records", std::move(records));
  return json::Write(document);
}

std::string_view DetailTypeOf(std::string_view event) {
  if (IsCreation(event)) return "Object Created";
  if (IsRemoval(event)) return "Object Deleted";
  if (event == "ObjectAcl:Put") return "Object ACL Updated";
  if (event == "ObjectTagging:Put") return "Object Tags Added";
  if (event == "ObjectTagging:Delete") return "Object Tags Deleted";
  return {};
}

namespace {

std::string_view ReasonOf(std::string_view event) {
  if (event == "ObjectCreated:Put") return "PutObject";
  if (event == "ObjectCreated:Post") return "POST Object";
  if (event == "ObjectCreated:Copy") return "CopyObject";
  if (event == "ObjectCreated:CompleteMultipartUpload") return "CompleteMultipartUpload";
  if (event.starts_with("LifecycleExpiration:")) return "Lifecycle Expiration";
  return event.starts_with("ObjectRemoved:") ? "DeleteObject" : std::string_view();
}

}  // namespace

std::string DetailOf(const Occurrence& what) {
  json::Value object, detail;
  object.Set("key", std::string(what.key));
  if (IsCreation(what.event)) object.Set("size", what.row.size);
  if (const auto etag = ETagOf(what); !etag.empty()) object.Set("etag", std::string(etag));
  if (HasVersion(what)) object.Set("version-id", what.row.version_id);
  if (IsCreation(what.event) || IsRemoval(what.event)) object.Set("sequencer", SequencerOf(what.row));
  detail.Set("version", "0");
  detail.Set("bucket", Single("name", what.bucket.name));
  detail.Set("object", std::move(object));
  detail.Set("request-id", std::string(what.request_id));
  detail.Set("requester", what.principal_id);
  if (!what.event.starts_with("LifecycleExpiration:")) detail.Set("source-ip-address", what.source_ip);
  if (const auto reason = ReasonOf(what.event); !reason.empty()) detail.Set("reason", std::string(reason));
  if (IsRemoval(what.event)) detail.Set("deletion-type", MadeMarker(what.event) ? "Delete Marker Created" : "Permanently Deleted");
  return json::Write(detail);
}

std::string TestEvent(const BucketRow& bucket, std::string_view request_id, WallTime time) {
  json::Value event;
  event.Set("Service", "Amazon S3");
  event.Set("Event", "s3:TestEvent");
  event.Set("Time", FormatIso8601(time));
  event.Set("Bucket", bucket.name);
  event.Set("RequestId", std::string(request_id));
  event.Set("HostId", wire::HostIdOf(request_id));
  return json::Write(event);
}

}  // namespace mayfly::s3
