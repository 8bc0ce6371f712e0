#include "services/iot/rule_actions.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "identity/arn.h"
#include "services/iot/topic_filter.h"
#include "wire/struct_text.h"

namespace mayfly::iot {
namespace {

Error InvalidRequest(std::string message) { return Error::Service("InvalidRequestException", std::move(message)); }

Result<> CheckTemplate(std::string_view text) {
  auto filled = RuleSql::FillTemplate(text, RuleMessage{});
  return filled ? Result<>() : Fail(std::move(filled).error());
}

Result<> CheckRole(const std::string& role_arn) {
  const auto role = identity::ParseArn(role_arn);
  if (role && role->service == "iam" && role->resource.starts_with("role/")) return {};
  return Fail(InvalidRequest(fmt::format("Invalid role ARN: {}", role_arn)));
}

Result<> CheckAction(const Action& action) {
  if (KindOf(action).empty()) {
    return Fail(Error::Service("NotImplementedException", "Actions other than lambda, sns, sqs, s3 and republish are not implemented by Mayfly yet."));
  }
  if (action.lambda) {
    const auto arn = identity::ParseArn(action.lambda->function_arn);
    return arn && arn->service == "lambda" ? Result<>() : Fail(InvalidRequest(fmt::format("Invalid function ARN: {}", action.lambda->function_arn)));
  }
  if (action.sns) {
    if (action.sns->message_format == "JSON") return Fail(Error::Service("NotImplementedException", "The messageFormat JSON is not implemented by Mayfly yet."));
    return CheckRole(action.sns->role_arn);
  }
  if (action.sqs) return CheckRole(action.sqs->role_arn);
  if (action.s3) {
    MF_TRY_VOID(CheckTemplate(action.s3->key));
    MF_TRY_VOID(CheckTemplate(action.s3->bucket_name));
    return CheckRole(action.s3->role_arn);
  }
  MF_TRY_VOID(CheckTemplate(action.republish->topic));
  return CheckRole(action.republish->role_arn);
}

delivery::DeliveryPrincipal RoleOf(const std::string& role_arn, const std::string& session) {
  const auto role = identity::ParseArn(role_arn);
  MF_ASSERT(role);  // it was looked at
  const std::string_view name = role->resource.substr(role->resource.rfind('/') + 1);
  return delivery::DeliveryPrincipal::Role(fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", role->partition, role->account_id, name, session),
                                           std::string(role->account_id));
}

void AddDeliveryField(delivery::Delivery& delivery, std::string_view name, std::string value) {
  delivery::DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

// Of a queue's URL, …/ACCOUNT/NAME.
Result<std::string> QueueArnOf(const RuleName& rule, const std::string& url) {
  const auto parts = Split(url, '/');
  if (parts.size() < 2 || !identity::IsAccountId(parts[parts.size() - 2])) return Fail(InvalidRequest(fmt::format("Invalid queue URL: {}", url)));
  return fmt::format("arn:{}:sqs:{}:{}:{}", identity::PartitionOf(rule.region), rule.region, parts[parts.size() - 2], parts.back());
}

Result<> PutInBucket(const S3Action& action, const RuleMessage& message, delivery::Delivery& delivery) {
  MF_TRY(const std::string bucket, RuleSql::FillTemplate(action.bucket_name, message));
  MF_TRY(const std::string key, RuleSql::FillTemplate(action.key, message));
  delivery.target_arn = fmt::format("arn:aws:s3:::{}/{}", bucket, key);
  if (action.canned_acl) AddDeliveryField(delivery, "canned-acl", *action.canned_acl);
  return {};
}

Result<> Republish(const RuleName& rule, const RepublishAction& action, const RuleMessage& message, delivery::Delivery& delivery) {
  MF_TRY(std::string topic, RuleSql::FillTemplate(action.topic, message));
  if (topic.starts_with("$$")) topic.erase(0, 1);
  if (!IsTopic(topic)) return Fail(InvalidRequest(fmt::format("Invalid topic: {}", topic)));
  delivery.target_arn = TopicArn(rule.account_id, rule.region, topic);
  AddDeliveryField(delivery, "qos", std::to_string(action.qos.value_or(0)));
  return {};
}

}  // namespace

std::string TopicArn(std::string_view account_id, std::string_view region, std::string_view topic) {
  return fmt::format("arn:{}:iot:{}:{}:topic/{}", identity::PartitionOf(region), region, account_id, topic);
}

std::string_view KindOf(const Action& action) {
  if (action.lambda) return "LambdaAction";
  if (action.sns) return "SnsAction";
  if (action.sqs) return "SqsAction";
  if (action.s3) return "S3Action";
  return action.republish ? "RepublishAction" : "";
}

Result<> CheckPayload(const TopicRulePayload& payload) {
  MF_TRY_VOID(RuleSql::Compile(payload.sql));
  const std::string version = payload.aws_iot_sql_version.value_or("2015-10-08");
  if (version != "2015-10-08" && version != "2016-03-23" && version != "beta") return Fail(InvalidRequest(fmt::format("Invalid SQL version: {}", version)));
  for (const Action& action : payload.actions) MF_TRY_VOID(CheckAction(action));
  return payload.error_action ? CheckAction(*payload.error_action) : Result<>();
}

std::string WriteSettings(const TopicRulePayload& payload) {
  const ReplaceTopicRuleRequest request{.rule_name = "x", .topic_rule_payload = payload};
  return wire::WriteStruct(*calls::kReplaceTopicRule.operation().input, &request);
}

std::optional<TopicRulePayload> ReadSettings(const std::string& settings) {
  auto value = json::Parse(settings);
  ReplaceTopicRuleRequest request;
  if (!value || !wire::ReadStruct(*calls::kReplaceTopicRule.operation().input, *value, &request)) return std::nullopt;
  return std::move(request.topic_rule_payload);
}

Result<delivery::Delivery> MakeActionDelivery(const RuleName& rule, const Action& action, const RuleMessage& message, std::string body) {
  delivery::Delivery delivery;
  delivery.source_arn = rule.Arn();
  delivery.body = std::move(body);
  if (action.lambda) {
    delivery.target_arn = action.lambda->function_arn;
    delivery.principal = delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), rule.account_id);
  } else if (action.sns) {
    delivery.target_arn = action.sns->target_arn;
    delivery.principal = RoleOf(action.sns->role_arn, rule.name);
  } else if (action.sqs) {
    MF_TRY(delivery.target_arn, QueueArnOf(rule, action.sqs->queue_url));
    delivery.principal = RoleOf(action.sqs->role_arn, rule.name);
    if (action.sqs->use_base64.value_or(false)) delivery.body = Base64Encode(delivery.body);
  } else if (action.s3) {
    delivery.principal = RoleOf(action.s3->role_arn, rule.name);
    MF_TRY_VOID(PutInBucket(*action.s3, message, delivery));
  } else if (action.republish) {
    delivery.principal = RoleOf(action.republish->role_arn, rule.name);
    MF_TRY_VOID(Republish(rule, *action.republish, message, delivery));
  } else {
    return Fail(InvalidRequest("There is no such action."));
  }
  return delivery;
}

}  // namespace mayfly::iot
