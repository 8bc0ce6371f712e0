#include "services/passed_roles.h"

#include "services/member_texts.h"

namespace mayfly::services {
namespace {

struct PassRow {
  std::string_view action;
  std::string_view path;
  std::string_view service;
};

constexpr PassRow kPassRows[] = {
    {"lambda:CreateFunction", "Role", "lambda.amazonaws.com"},
    {"lambda:UpdateFunctionConfiguration", "Role", "lambda.amazonaws.com"},
    {"events:PutTargets", "Targets.RoleArn", "events.amazonaws.com"},
    {"events:PutRule", "RoleArn", "events.amazonaws.com"},
    {"events:CreateEndpoint", "RoleArn", "events.amazonaws.com"},
    {"events:UpdateEndpoint", "RoleArn", "events.amazonaws.com"},
    {"scheduler:CreateSchedule", "Target.RoleArn", "scheduler.amazonaws.com"},
    {"scheduler:UpdateSchedule", "Target.RoleArn", "scheduler.amazonaws.com"},
    {"pipes:CreatePipe", "RoleArn", "pipes.amazonaws.com"},
    {"pipes:UpdatePipe", "RoleArn", "pipes.amazonaws.com"},
    {"application-autoscaling:RegisterScalableTarget", "RoleARN", "application-autoscaling.amazonaws.com"},
    {"s3:PutReplicationConfiguration", "ReplicationConfiguration.Role", "s3.amazonaws.com"},
    {"ses:CreateReceiptRule", "Rule.Actions.S3Action.IamRoleArn", "ses.amazonaws.com"},
    {"ses:UpdateReceiptRule", "Rule.Actions.S3Action.IamRoleArn", "ses.amazonaws.com"},
    {"iot:CreateTopicRule", "TopicRulePayload.Actions.Sqs.RoleArn", "iot.amazonaws.com"},
    {"iot:CreateTopicRule", "TopicRulePayload.Actions.Sns.RoleArn", "iot.amazonaws.com"},
    {"iot:CreateTopicRule", "TopicRulePayload.Actions.S3.RoleArn", "iot.amazonaws.com"},
    {"iot:CreateTopicRule", "TopicRulePayload.Actions.Republish.RoleArn", "iot.amazonaws.com"},
    {"iot:ReplaceTopicRule", "TopicRulePayload.Actions.Sqs.RoleArn", "iot.amazonaws.com"},
    {"iot:ReplaceTopicRule", "TopicRulePayload.Actions.Sns.RoleArn", "iot.amazonaws.com"},
    {"iot:ReplaceTopicRule", "TopicRulePayload.Actions.S3.RoleArn", "iot.amazonaws.com"},
    {"iot:ReplaceTopicRule", "TopicRulePayload.Actions.Republish.RoleArn", "iot.amazonaws.com"},
};

}  // namespace

Result<> CheckPassedRoles(const wire::Operation& operation, const wire::Message& request, const CheckRole& check) {
  Result<> result;
  if (!request.structure()) return result;
  for (const PassRow& row : kPassRows) {
    if (row.action != operation.action) continue;
    ForEachText(*request.structure(), request.get(), row.path, [&](std::string_view role) {
      if (result && !role.empty()) result = check(role, row.service);
    });
  }
  return result;
}

}  // namespace mayfly::services
