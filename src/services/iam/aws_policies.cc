#include "services/iam/aws_policies.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace mayfly::iam {
namespace {

constexpr std::string_view kPrefix = "arn:aws:iam::aws:policy";
constexpr int64_t kCreatedMs = 1'423'000'000'000;

// What it allows: statements parted by ';', each "actions @ resources [? operator key value]", actions and resources parted by blanks;
// an action without a service has the one before it. A '!' before the actions: all but these.
struct AwsPolicy {
  std::string_view name;  // with its path
  int version;
  std::string_view allows;
};

#define MF_BASIC_LOGS "logs:CreateLogGroup CreateLogStream PutLogEvents @ *"
#define MF_INTERFACES "ec2:CreateNetworkInterface DescribeNetworkInterfaces DescribeSubnets DeleteNetworkInterface AssignPrivateIpAddresses UnassignPrivateIpAddresses @ *"
#define MF_TRACES "xray:PutTraceSegments PutTelemetryRecords GetSamplingRules GetSamplingTargets GetSamplingStatisticSummaries @ *"

constexpr AwsPolicy kPolicies[] = {
    {"/AdministratorAccess", 1, "* @ *"},
    {"/PowerUserAccess", 8,
     "!iam:* organizations:* account:* @ *; account:GetAccountInformation GetPrimaryEmail ListRegions iam:CreateServiceLinkedRole DeleteServiceLinkedRole ListRoles "
     "organizations:DescribeOrganization DescribeEffectivePolicy @ *"},
    {"/ReadOnlyAccess", 150,
     "cloudformation:Describe* Get* List* dynamodb:BatchGet* Describe* Get* List* Query Scan ec2:Describe* Get* events:Describe* List* Test* iam:Generate* Get* List* Simulate* "
     "kinesis:Describe* Get* List* kms:Describe* Get* List* lambda:Get* List* logs:Describe* Filter* Get* List* StartQuery StopQuery TestMetricFilter pipes:Describe* List* "
     "s3:DescribeJob Get* List* scheduler:Get* List* secretsmanager:Describe* GetResourcePolicy List* sns:Check* Get* List* sqs:Get* List* Receive* ssm:Describe* Get* List* "
     "states:Describe* Get* List* sts:GetAccessKeyInfo GetCallerIdentity GetSessionToken tag:Get* xray:BatchGet* Get* apigateway:GET cloudwatch:Describe* Get* List* @ *"},
    {"/SecurityAudit", 40, "iam:Generate* Get* List* Simulate* lambda:GetPolicy List* s3:GetBucket* GetAccountPublicAccessBlock ListAllMyBuckets sns:Get* List* sqs:GetQueueAttributes List* @ *"},
    {"/IAMFullAccess", 2, "iam:* organizations:DescribeAccount DescribeOrganization DescribeOrganizationalUnit DescribePolicy ListChildren ListParents ListPoliciesForTarget ListRoots ListPolicies ListTargetsForPolicy @ *"},
    {"/IAMReadOnlyAccess", 4, "iam:GenerateCredentialReport GenerateServiceLastAccessedDetails Get* List* SimulateCustomPolicy SimulatePrincipalPolicy @ *"},
    {"/IAMUserChangePassword", 2, "iam:ChangePassword @ arn:aws:iam::*:user/${aws:username}; iam:GetAccountPasswordPolicy @ *"},
    {"/job-function/ViewOnlyAccess", 20, "dynamodb:ListTables DescribeTable ec2:Describe* iam:Get* List* lambda:List* logs:Describe* s3:ListAllMyBuckets ListBucket sns:List* sqs:List* cloudformation:Describe* List* @ *"},
    {"/service-role/AWSLambdaBasicExecutionRole", 1, MF_BASIC_LOGS},
    {"/service-role/AWSLambdaBasicDurableExecutionRolePolicy", 3, MF_BASIC_LOGS "; lambda:CheckpointDurableExecution GetDurableExecutionState @ *"},
    {"/service-role/AWSLambdaVPCAccessExecutionRole", 3, MF_BASIC_LOGS "; " MF_INTERFACES},
    {"/service-role/AWSLambdaENIManagementAccess", 2, MF_INTERFACES},
    {"/service-role/AWSLambdaSQSQueueExecutionRole", 1, "sqs:ReceiveMessage DeleteMessage GetQueueAttributes @ *; " MF_BASIC_LOGS},
    {"/service-role/AWSLambdaKinesisExecutionRole", 2,
     "kinesis:DescribeStream DescribeStreamSummary GetRecords GetShardIterator ListShards ListStreams SubscribeToShard @ *; " MF_BASIC_LOGS},
    {"/service-role/AWSLambdaDynamoDBExecutionRole", 1, "dynamodb:DescribeStream GetRecords GetShardIterator ListStreams @ *; " MF_BASIC_LOGS},
    {"/service-role/AWSLambdaMSKExecutionRole", 2,
     "kafka:DescribeCluster DescribeClusterV2 GetBootstrapBrokers ec2:CreateNetworkInterface DescribeNetworkInterfaces DescribeVpcs DeleteNetworkInterface DescribeSubnets "
     "DescribeSecurityGroups @ *; " MF_BASIC_LOGS},
    {"/service-role/AWSLambdaRole", 1, "lambda:InvokeFunction @ *"},
    {"/service-role/AWSLambdaReplicator", 3,
     "lambda:CreateFunction DeleteFunction DisableReplication @ arn:aws:lambda:*:*:function:*; iam:PassRole @ * ? StringLikeIfExists iam:PassedToService lambda.amazonaws.com; "
     "cloudfront:ListDistributionsByLambdaFunction @ *"},
    {"/service-role/AmazonAPIGatewayPushToCloudWatchLogs", 1,
     "logs:CreateLogGroup CreateLogStream DescribeLogGroups DescribeLogStreams PutLogEvents GetLogEvents FilterLogEvents @ *"},
    {"/service-role/AWSCodeDeployRoleForLambda", 1,
     "cloudwatch:DescribeAlarms lambda:UpdateAlias GetAlias GetProvisionedConcurrencyConfig sns:Publish @ *; s3:GetObject GetObjectVersion @ arn:aws:s3:::*/CodeDeploy/*; "
     "lambda:InvokeFunction @ arn:aws:lambda:*:*:function:CodeDeployHook_*"},
    {"/service-role/AWSCodeDeployRoleForLambdaLimited", 1,
     "cloudwatch:DescribeAlarms lambda:UpdateAlias GetAlias GetProvisionedConcurrencyConfig @ *; s3:GetObject GetObjectVersion @ arn:aws:s3:::*/CodeDeploy/*; "
     "lambda:InvokeFunction @ arn:aws:lambda:*:*:function:CodeDeployHook_*"},
    {"/AWSLambdaExecute", 2, "logs:* @ arn:aws:logs:*:*:*; s3:GetObject PutObject @ arn:aws:s3:::*"},
    {"/AWSLambdaInvocation-DynamoDB", 1, "lambda:InvokeFunction dynamodb:DescribeStream GetRecords GetShardIterator ListStreams @ *"},
    {"/AWSLambda_FullAccess", 7,
     "cloudformation:DescribeStacks ListStackResources cloudwatch:ListMetrics GetMetricData ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs kms:ListAliases "
     "iam:GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoles lambda:* logs:DescribeLogGroups states:DescribeStateMachine ListStateMachines "
     "tag:GetResources xray:GetTraceSummaries BatchGetTraces @ *; iam:PassRole @ * ? StringEquals iam:PassedToService lambda.amazonaws.com; "
     "logs:DescribeLogStreams GetLogEvents FilterLogEvents StartLiveTail StopLiveTail @ arn:aws:logs:*:*:log-group:/aws/lambda/*"},
    {"/AWSLambda_ReadOnlyAccess", 5,
     "cloudformation:DescribeStacks ListStacks ListStackResources cloudwatch:GetMetricData ListMetrics ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs kms:ListAliases "
     "iam:GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoles logs:DescribeLogGroups lambda:Get* List* states:DescribeStateMachine "
     "ListStateMachines tag:GetResources xray:GetTraceSummaries BatchGetTraces @ *; logs:DescribeLogStreams GetLogEvents FilterLogEvents StartLiveTail StopLiveTail @ "
     "arn:aws:logs:*:*:log-group:/aws/lambda/*"},
    {"/AWSXRayDaemonWriteAccess", 2, MF_TRACES},
    {"/AWSXrayWriteOnlyAccess", 2, MF_TRACES},
    {"/AWSXrayReadOnlyAccess", 9, "xray:BatchGet* Get* List* @ *"},
    {"/AWSXrayFullAccess", 1, "xray:* @ *"},
    {"/CloudWatchLambdaInsightsExecutionRolePolicy", 1, "logs:CreateLogGroup @ *; logs:CreateLogStream PutLogEvents @ arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"},
    {"/CloudWatchLambdaApplicationSignalsExecutionRolePolicy", 1,
     "xray:PutTraceSegments @ * ? StringEquals aws:ResourceAccount ${aws:PrincipalAccount}; logs:CreateLogGroup CreateLogStream PutLogEvents @ "
     "arn:aws:logs:*:*:log-group:/aws/application-signals/data:* ? StringEquals aws:ResourceAccount ${aws:PrincipalAccount}"},
    {"/CloudWatchLogsFullAccess", 8, "logs:* cloudwatch:GenerateQuery GenerateQueryResultsSummary observabilityadmin:Get* List* @ *"},
    {"/CloudWatchLogsReadOnlyAccess", 10, "logs:Describe* Get* List* StartQuery StopQuery TestMetricFilter FilterLogEvents StartLiveTail StopLiveTail cloudwatch:GenerateQuery @ *"},
    {"/CloudWatchFullAccess", 5, "autoscaling:Describe* cloudwatch:* logs:* sns:* iam:GetPolicy GetPolicyVersion GetRole @ *"},
    {"/CloudWatchFullAccessV2", 5, "application-autoscaling:DescribeScalingPolicies autoscaling:Describe* cloudwatch:* logs:* sns:CreateTopic ListSubscriptions ListSubscriptionsByTopic ListTopics Subscribe "
                                   "iam:GetPolicy GetPolicyVersion GetRole xray:* @ *"},
    {"/CloudWatchReadOnlyAccess", 12, "autoscaling:Describe* cloudwatch:Describe* Get* List* logs:Get* List* StartQuery StopQuery Describe* TestMetricFilter FilterLogEvents sns:Get* List* xray:BatchGet* Get* @ *"},
    {"/CloudWatchAgentServerPolicy", 5, "cloudwatch:PutMetricData ec2:DescribeVolumes DescribeTags logs:PutLogEvents PutRetentionPolicy DescribeLogStreams DescribeLogGroups CreateLogStream CreateLogGroup "
                                        "xray:PutTraceSegments PutTelemetryRecords GetSamplingRules GetSamplingTargets GetSamplingStatisticSummaries @ *; ssm:GetParameter @ "
                                        "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"},
    {"/AmazonS3FullAccess", 2, "s3:* s3-object-lambda:* @ *"},
    {"/AmazonS3ReadOnlyAccess", 3, "s3:Get* List* Describe* s3-object-lambda:Get* List* @ *"},
    {"/AmazonDynamoDBFullAccess", 18,
     "dynamodb:* dax:* application-autoscaling:DeleteScalingPolicy DeregisterScalableTarget DescribeScalableTargets DescribeScalingActivities DescribeScalingPolicies PutScalingPolicy RegisterScalableTarget "
     "cloudwatch:DeleteAlarms DescribeAlarms GetMetricData GetMetricStatistics ListMetrics PutMetricAlarm iam:GetRole ListRoles kms:DescribeKey ListAliases sns:CreateTopic DeleteTopic "
     "ListSubscriptions ListTopics Subscribe lambda:CreateFunction ListFunctions ListEventSourceMappings CreateEventSourceMapping DeleteEventSourceMapping GetFunctionConfiguration DeleteFunction "
     "kinesis:ListStreams DescribeStream DescribeStreamSummary @ *; iam:PassRole @ * ? StringLike iam:PassedToService application-autoscaling.amazonaws.com"},
    {"/AmazonDynamoDBFullAccess_v2", 1, "dynamodb:* dax:* cloudwatch:DescribeAlarms GetMetricData kms:DescribeKey ListAliases @ *"},
    {"/AmazonDynamoDBReadOnlyAccess", 15, "dynamodb:BatchGetItem Describe* List* GetAbacStatus GetItem GetResourcePolicy Query Scan PartiQLSelect dax:Describe* List* GetItem BatchGetItem Query Scan @ *"},
    {"/AmazonSQSFullAccess", 1, "sqs:* @ *"},
    {"/AmazonSQSReadOnlyAccess", 2, "sqs:GetQueueAttributes GetQueueUrl ListDeadLetterSourceQueues ListQueues ListMessageMoveTasks ListQueueTags @ *"},
    {"/AmazonSNSFullAccess", 2, "sns:* sms-voice:Describe* @ *"},
    {"/AmazonSNSReadOnlyAccess", 3, "sns:GetTopicAttributes List* CheckIfPhoneNumberIsOptedOut GetEndpointAttributes GetDataProtectionPolicy GetPlatformApplicationAttributes GetSMSAttributes "
                                    "GetSubscriptionAttributes @ *"},
    {"/AmazonKinesisFullAccess", 1, "kinesis:* @ *"},
    {"/AmazonKinesisReadOnlyAccess", 1, "kinesis:Get* List* Describe* @ *"},
    {"/AmazonKinesisFirehoseFullAccess", 1, "firehose:* @ *"},
    {"/AmazonEventBridgeFullAccess", 5, "events:* schemas:* scheduler:* pipes:* @ *; iam:PassRole @ arn:aws:iam::*:role/* ? StringLike iam:PassedToService events.amazonaws.com"},
    {"/AmazonEventBridgeReadOnlyAccess", 5, "events:Describe* List* Test* schemas:Describe* Get* List* Search* scheduler:Get* List* pipes:Describe* List* @ *"},
    {"/AmazonEventBridgeSchedulerFullAccess", 1, "scheduler:* @ *; iam:PassRole @ arn:aws:iam::*:role/* ? StringLike iam:PassedToService scheduler.amazonaws.com"},
    {"/AWSStepFunctionsFullAccess", 1, "states:* @ *"},
    {"/AWSStepFunctionsReadOnlyAccess", 1, "states:Describe* Get* List* Validate* @ *"},
    {"/AmazonSSMFullAccess", 5, "ssm:* ec2messages:* cloudwatch:PutMetricData ec2:DescribeInstanceStatus logs:* @ *"},
    {"/AmazonSSMReadOnlyAccess", 1, "ssm:Describe* Get* List* @ *"},
    {"/AmazonSSMManagedInstanceCore", 2, "ssm:DescribeAssociation GetDeployablePatchSnapshotForInstance GetDocument DescribeDocument GetManifest GetParameter GetParameters ListAssociations "
                                         "ListInstanceAssociations PutInventory PutComplianceItems PutConfigurePackageResult UpdateAssociationStatus UpdateInstanceAssociationStatus UpdateInstanceInformation "
                                         "ssmmessages:* ec2messages:* @ *"},
    {"/SecretsManagerReadWrite", 5,
     "secretsmanager:* cloudformation:CreateChangeSet DescribeChangeSet DescribeStackResource DescribeStacks ExecuteChangeSet ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs kms:DescribeKey "
     "ListAliases ListKeys lambda:ListFunctions rds:DescribeDBClusters DescribeDBInstances tag:GetResources @ *; lambda:AddPermission CreateFunction GetFunction InvokeFunction "
     "UpdateFunctionConfiguration @ arn:aws:lambda:*:*:function:SecretsManager*"},
    {"/AWSSecretsManagerClientReadOnlyAccess", 3, "secretsmanager:GetSecretValue DescribeSecret BatchGetSecretValue ListSecrets @ *; kms:Decrypt @ * ? StringLike kms:ViaService secretsmanager.*.amazonaws.com"},
    {"/AWSKeyManagementServicePowerUser", 4, "kms:CreateAlias CreateKey DeleteAlias Describe* GenerateRandom Get* List* TagResource UntagResource iam:ListGroups ListRoles ListUsers @ *"},
    {"/AmazonAPIGatewayAdministrator", 1, "apigateway:* @ arn:aws:apigateway:*::/*"},
    {"/AmazonAPIGatewayInvokeFullAccess", 1, "execute-api:Invoke ManageConnections @ arn:aws:execute-api:*:*:*"},
    {"/AWSCloudFormationFullAccess", 1, "cloudformation:* @ *"},
    {"/AWSCloudFormationReadOnlyAccess", 3, "cloudformation:Describe* Estimate* Get* List* Validate* Detect* @ *"},
    {"/AmazonEC2FullAccess", 5, "ec2:* elasticloadbalancing:* cloudwatch:* autoscaling:* @ *; iam:CreateServiceLinkedRole @ *"},
    {"/AmazonEC2ReadOnlyAccess", 5, "ec2:Describe* Get* elasticloadbalancing:Describe* cloudwatch:ListMetrics GetMetricStatistics Describe* autoscaling:Describe* @ *"},
    {"/AmazonVPCFullAccess", 15, "ec2:* @ *"},
    {"/AmazonEC2ContainerRegistryReadOnly", 4, "ecr:GetAuthorizationToken BatchCheckLayerAvailability GetDownloadUrlForLayer GetRepositoryPolicy DescribeRepositories ListImages DescribeImages BatchGetImage "
                                               "GetLifecyclePolicy GetLifecyclePolicyPreview ListTagsForResource DescribeImageScanFindings @ *"},
    {"/AmazonEC2ContainerRegistryFullAccess", 1, "ecr:* cloudtrail:LookupEvents @ *; iam:CreateServiceLinkedRole @ * ? StringEquals iam:AWSServiceName replication.ecr.amazonaws.com"},
    {"/AmazonEC2ContainerRegistryPowerUser", 3, "ecr:GetAuthorizationToken BatchCheckLayerAvailability GetDownloadUrlForLayer GetRepositoryPolicy DescribeRepositories ListImages DescribeImages BatchGetImage "
                                                "InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage @ *"},
    {"/AmazonRDSFullAccess", 14, "rds:* @ *"},
    {"/AmazonRDSDataFullAccess", 3, "rds-data:* @ *; secretsmanager:GetSecretValue @ arn:aws:secretsmanager:*:*:secret:rds-db-credentials/*"},
    {"/AmazonElastiCacheFullAccess", 5, "elasticache:* @ *"},
    {"/AmazonElasticFileSystemClientReadWriteAccess", 1, "elasticfilesystem:ClientMount ClientWrite DescribeMountTargets @ *"},
    {"/AmazonElasticFileSystemClientFullAccess", 2, "elasticfilesystem:ClientMount ClientRootAccess ClientWrite DescribeMountTargets @ *"},
    {"/AmazonSESFullAccess", 1, "ses:* @ *"},
    {"/AmazonCognitoPowerUser", 6, "cognito-identity:* cognito-idp:* cognito-sync:* iam:ListRoles ListOpenIdConnectProviders GetRole sns:ListPlatformApplications @ *"},
    {"/AmazonBedrockFullAccess", 6, "bedrock:* @ *"},
    {"/AmazonBedrockLimitedAccess", 2, "bedrock:Get* List* InvokeModel InvokeModelWithResponseStream @ *"},
    {"/AmazonRekognitionFullAccess", 1, "rekognition:* @ *"},
    {"/AmazonTextractFullAccess", 1, "textract:* @ *"},
    {"/AmazonPollyFullAccess", 1, "polly:* @ *"},
    {"/ComprehendFullAccess", 1, "comprehend:* s3:ListAllMyBuckets ListBucket GetBucketLocation iam:ListRoles GetRole @ *"},
    {"/TranslateFullAccess", 1, "translate:* @ *"},
    {"/AmazonAthenaFullAccess", 12, "athena:* @ *; glue:* @ *; s3:GetBucketLocation GetObject ListBucket ListBucketMultipartUploads ListMultipartUploadParts AbortMultipartUpload CreateBucket PutObject @ "
                                    "arn:aws:s3:::aws-athena-query-results-*"},
    {"/service-role/AWSAppSyncPushToCloudWatchLogs", 1, MF_BASIC_LOGS},
    {"/service-role/AWSGlueServiceRole", 1, "glue:* s3:GetBucketLocation ListBucket ListAllMyBuckets GetBucketAcl ec2:Describe* iam:ListRolePolicies GetRole GetRolePolicy cloudwatch:PutMetricData @ *"},
    {"/service-role/AmazonECSTaskExecutionRolePolicy", 1, "ecr:GetAuthorizationToken BatchCheckLayerAvailability GetDownloadUrlForLayer BatchGetImage logs:CreateLogStream PutLogEvents @ *"},
    {"/service-role/AmazonSNSRole", 1, "logs:CreateLogGroup CreateLogStream PutLogEvents PutMetricFilter PutRetentionPolicy @ *"},
    {"/service-role/AWSConfigRole", 1, "config:Put* s3:GetBucketAcl iam:Get* List* lambda:GetPolicy ListFunctions @ *"},
    {"/service-role/AWS_ConfigRole", 1, "config:Put* s3:GetBucketAcl iam:Get* List* lambda:GetPolicy ListFunctions @ *"},
    {"/aws-service-role/AWSLambdaReplicatorInternal", 1, "lambda:GetFunction GetLayerVersion @ *"},
    {"/aws-service-role/AWSApplicationAutoscalingLambdaConcurrencyPolicy", 1,
     "lambda:PutProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig cloudwatch:PutMetricAlarm DescribeAlarms DeleteAlarms @ *"},
};

// "lambda:Get* List* s3:*" as a list of whole names.
json::Value ActionsOf(std::string_view text) {
  json::Array actions;
  std::string_view service;
  for (const std::string_view word : Split(text, ' ')) {
    if (word.empty()) continue;
    if (const size_t colon = word.find(':'); colon != std::string_view::npos) service = word.substr(0, colon);
    const bool is_whole = word == "*" || word.find(':') != std::string_view::npos;
    actions.emplace_back(is_whole ? std::string(word) : fmt::format("{}:{}", service, word));
  }
  return actions.size() == 1 ? std::move(actions.front()) : json::Value(std::move(actions));
}

json::Value StatementOf(std::string_view text) {
  text = Trim(text);
  const bool is_all_but = text.starts_with('!');
  if (is_all_but) text.remove_prefix(1);
  const size_t at = text.find(" @ ");
  std::string_view resources = text.substr(at + 3);
  json::Object statement{{"Effect", "Allow"}, {is_all_but ? "NotAction" : "Action", ActionsOf(text.substr(0, at))}};
  const size_t condition = resources.find(" ? ");
  statement.emplace_back("Resource", std::string(Trim(resources.substr(0, condition))));
  if (condition != std::string_view::npos) {
    const auto words = Split(resources.substr(condition + 3), ' ');
    statement.emplace_back("Condition", json::Object{{std::string(words.at(0)), json::Object{{std::string(words.at(1)), std::string(words.at(2))}}}});
  }
  return statement;
}

std::string DocumentOf(std::string_view allows) {
  json::Array statements;
  for (const std::string_view statement : Split(allows, ';')) statements.push_back(StatementOf(statement));
  return json::Write(json::Object{{"Version", "2012-10-17"}, {"Statement", std::move(statements)}});
}

std::string IdOf(std::string_view arn) {
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const Sha256Digest digest = Sha256(arn);
  std::string id = "ANPA";
  for (size_t i = 0; i < 17; ++i) id += kBase32[digest[i] % kBase32.size()];
  return id;
}

PolicyRowPointer MakeRow(std::string_view name, int version, std::string document) {
  auto row = std::make_shared<PolicyRow>();
  row->arn = fmt::format("{}{}", kPrefix, name);
  row->path = name.substr(0, name.rfind('/') + 1);
  row->name = name.substr(name.rfind('/') + 1);
  row->id = IdOf(row->arn);
  row->created_ms = row->updated_ms = kCreatedMs;
  row->last_version = version;
  row->default_version = fmt::format("v{}", version);
  row->versions = {VersionRow{.id = row->default_version, .document = std::move(document), .created_ms = kCreatedMs}};
  return row;
}

}  // namespace

AwsPolicies::AwsPolicies(UnknownPolicies unknown) : unknown_(unknown) {
  for (const AwsPolicy& policy : kPolicies) {
    PolicyRowPointer row = MakeRow(policy.name, policy.version, DocumentOf(policy.allows));
    by_arn_.emplace(row->arn, std::move(row));
  }
}

PolicyRowPointer AwsPolicies::Find(std::string_view arn) const {
  if (const auto found = by_arn_.find(arn); found != by_arn_.end()) return found->second;
  const std::string_view name = arn.starts_with(kPrefix) ? arn.substr(kPrefix.size()) : std::string_view();
  const bool is_name = name.size() > 1 && name.starts_with('/') && !name.ends_with('/');
  if (!is_name || unknown_ == UnknownPolicies::Missing) return nullptr;
  return MakeRow(name, 1, R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"*","Resource":"*"}]})");
}

}  // namespace mayfly::iam
