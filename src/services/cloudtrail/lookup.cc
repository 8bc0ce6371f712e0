#include "services/cloudtrail/lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "identity/policy_values.h"

namespace mayfly::cloudtrail {
namespace {

constexpr size_t kDayCharacters = 10;

// Members of requests that name what a call is about, with the type that CloudTrail gives the resource.
constexpr std::pair<std::string_view, std::string_view> kResourceMembers[] = {
    {"functionName", "AWS::Lambda::Function"}, {"role", "AWS::IAM::Role"},      {"roleName", "AWS::IAM::Role"},   {"userName", "AWS::IAM::User"},
    {"policyArn", "AWS::IAM::Policy"},         {"bucket", "AWS::S3::Bucket"},   {"queueUrl", "AWS::SQS::Queue"},  {"queueName", "AWS::SQS::Queue"},
    {"topicArn", "AWS::SNS::Topic"},           {"keyId", "AWS::KMS::Key"},      {"secretId", "AWS::SecretsManager::Secret"}, {"vpcId", "AWS::EC2::VPC"},
};

std::string UserNameOf(const json::Value& record) {
  const json::Value* identity = record.Find("userIdentity");
  if (!identity) return {};
  if (const std::string_view name = identity->StringOr("userName", ""); !name.empty()) return std::string(name);
  const std::string_view arn = identity->StringOr("arn", "");
  return std::string(arn.substr(arn.find_last_of(":/") + 1));  // "root", or the session's name
}

std::vector<Resource> ResourcesOf(const json::Value& record) {
  std::vector<Resource> resources;
  const json::Value* parameters = record.Find("requestParameters");
  if (!parameters || !parameters->is_object()) return resources;
  for (const auto& [member, type] : kResourceMembers) {
    const std::string_view name = parameters->StringOr(member, "");
    if (!name.empty()) resources.push_back({.resource_type = std::string(type), .resource_name = std::string(name)});
  }
  return resources;
}

bool IsMeant(const LookupAttribute& attribute, const Event& event) {
  const std::string& value = attribute.attribute_value;
  if (attribute.attribute_key == "EventId") return event.event_id == value;
  if (attribute.attribute_key == "EventName") return event.event_name == value;
  if (attribute.attribute_key == "ReadOnly") return event.read_only == value;
  if (attribute.attribute_key == "Username") return event.username == value;
  if (attribute.attribute_key == "EventSource") return event.event_source == value;
  if (attribute.attribute_key == "AccessKeyId") return event.access_key_id == value;
  const bool by_name = attribute.attribute_key == "ResourceName";
  return event.resources && std::ranges::any_of(*event.resources, [&](const Resource& resource) { return (by_name ? resource.resource_name : resource.resource_type) == value; });
}

}  // namespace

std::optional<Event> AnswerOf(const Question& question, std::string_view text) {
  const auto record = json::Parse(text);
  if (!record || !record->is_object() || record->StringOr("recipientAccountId", "") != question.account_id || record->StringOr("awsRegion", "") != question.region) {
    return std::nullopt;
  }
  const auto seconds = identity::ParsePolicyDate(record->StringOr("eventTime", ""));
  if (!seconds) return std::nullopt;
  const WallTime at{std::chrono::seconds(static_cast<int64_t>(*seconds))};
  if (at < question.start || at > question.end) return std::nullopt;
  const json::Value* read_only = record->Find("readOnly");
  const json::Value* identity = record->Find("userIdentity");
  Event event;
  event.event_id = record->StringOr("eventID", "");
  event.event_name = record->StringOr("eventName", "");
  event.event_source = record->StringOr("eventSource", "");
  event.read_only = read_only && read_only->is_bool() && read_only->boolean() ? "true" : "false";
  event.event_time = at;
  if (const std::string_view key = identity ? identity->StringOr("accessKeyId", "") : std::string_view(); !key.empty()) event.access_key_id = key;
  event.username = UserNameOf(*record);
  event.resources = ResourcesOf(*record);
  event.cloud_trail_event = std::string(text);
  if (question.attribute && !IsMeant(*question.attribute, event)) return std::nullopt;
  return event;
}

std::string TokenOf(const telemetry::Trail::Place& place) { return fmt::format("{}.{}", place.day, place.before); }

Result<telemetry::Trail::Place> PlaceOf(std::string_view token) {
  const auto before = token.size() > kDayCharacters && token[kDayCharacters] == '.' ? ParseNumber<uint64_t>(token.substr(kDayCharacters + 1)) : std::nullopt;
  if (!before || !identity::ParsePolicyDate(token.substr(0, kDayCharacters))) {
    return Fail(Error::Service("InvalidNextTokenException", "Invalid Token."));
  }
  return telemetry::Trail::Place{std::string(token.substr(0, kDayCharacters)), *before};
}

Result<LookupEventsResponse> LookUp(const std::string& directory, const Question& question, telemetry::Trail::Place from, size_t results_max) {
  std::vector<Event> events;
  MF_TRY(const telemetry::Trail::Place rest, telemetry::Trail::Read(directory, std::move(from), [&](std::string_view record) {
    auto event = AnswerOf(question, record);
    if (!event) return true;
    if (events.size() == results_max) return false;
    events.push_back(std::move(*event));
    return true;
  }));
  LookupEventsResponse response;
  response.events = std::move(events);
  if (!rest.day.empty()) response.next_token = TokenOf(rest);
  return response;
}

}  // namespace mayfly::cloudtrail
