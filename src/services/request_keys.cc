#include "services/request_keys.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "services/member_texts.h"

namespace mayfly::services {
namespace {

// A member of requests, and the key that it gives. Of a map, "K:" in the key's end stands for the entries' names.
struct KeyRow {
  std::string_view service;
  std::string_view path;
  std::string_view key;
};

constexpr KeyRow kKeyRows[] = {
    {"lambda", "Layers", "lambda:Layer"},
    {"lambda", "VpcConfig.SubnetIds", "lambda:SubnetIds"},
    {"lambda", "VpcConfig.SecurityGroupIds", "lambda:SecurityGroupIds"},
    {"lambda", "CodeSigningConfigArn", "lambda:CodeSigningConfigArn"},
    {"lambda", "Principal", "lambda:Principal"},
    {"lambda", "FunctionUrlAuthType", "lambda:FunctionUrlAuthType"},
    {"lambda", "AuthType", "lambda:FunctionUrlAuthType"},
    {"lambda", "EventSourceToken", "lambda:EventSourceToken"},
    {"s3", "Prefix", "s3:prefix"},
    {"s3", "Delimiter", "s3:delimiter"},
    {"s3", "MaxKeys", "s3:max-keys"},
    {"s3", "VersionId", "s3:VersionId"},
    {"s3", "ACL", "s3:x-amz-acl"},
    {"s3", "CopySource", "s3:x-amz-copy-source"},
    {"s3", "MetadataDirective", "s3:x-amz-metadata-directive"},
    {"s3", "ServerSideEncryption", "s3:x-amz-server-side-encryption"},
    {"s3", "SSEKMSKeyId", "s3:x-amz-server-side-encryption-aws-kms-key-id"},
    {"s3", "StorageClass", "s3:x-amz-storage-class"},
    {"s3", "GrantFullControl", "s3:x-amz-grant-full-control"},
    {"s3", "GrantRead", "s3:x-amz-grant-read"},
    {"s3", "GrantReadACP", "s3:x-amz-grant-read-acp"},
    {"s3", "GrantWrite", "s3:x-amz-grant-write"},
    {"s3", "GrantWriteACP", "s3:x-amz-grant-write-acp"},
    {"s3", "IfMatch", "s3:if-match"},
    {"s3", "IfNoneMatch", "s3:if-none-match"},
    {"s3", "ObjectOwnership", "s3:x-amz-object-ownership"},
    {"s3", "CreateBucketConfiguration.LocationConstraint", "s3:LocationConstraint"},
    {"sns", "Protocol", "sns:Protocol"},
    {"sns", "Endpoint", "sns:Endpoint"},
    {"events", "Entries.Source", "events:source"},
    {"events", "Entries.DetailType", "events:detail-type"},
    {"events", "Targets.Arn", "events:TargetArn"},
    {"ssm", "Overwrite", "ssm:Overwrite"},
    {"ssm", "Recursive", "ssm:Recursive"},
    {"ssm", "Policies", "ssm:Policies"},
    {"sts", "ExternalId", "sts:ExternalId"},
    {"sts", "RoleSessionName", "sts:RoleSessionName"},
    {"sts", "SourceIdentity", "sts:SourceIdentity"},
    {"sts", "DurationSeconds", "sts:DurationSeconds"},
    {"sts", "TransitiveTagKeys", "sts:TransitiveTagKeys"},
    {"sts", "Audience", "sts:IdentityTokenAudience"},
    {"iam", "PolicyArn", "iam:PolicyARN"},
    {"iam", "PermissionsBoundary", "iam:PermissionsBoundary"},
    {"iam", "AWSServiceName", "iam:AWSServiceName"},
    {"kms", "KeySpec", "kms:KeySpec"},
    {"kms", "KeyPairSpec", "kms:DataKeyPairSpec"},
    {"kms", "KeyUsage", "kms:KeyUsage"},
    {"kms", "Origin", "kms:KeyOrigin"},
    {"kms", "EncryptionAlgorithm", "kms:EncryptionAlgorithm"},
    {"kms", "SigningAlgorithm", "kms:SigningAlgorithm"},
    {"kms", "MessageType", "kms:MessageType"},
    {"kms", "MultiRegion", "kms:MultiRegion"},
    {"kms", "EncryptionContext", "kms:EncryptionContext:K"},
    {"kms", "GranteePrincipal", "kms:GranteePrincipal"},
    {"kms", "RetiringPrincipal", "kms:RetiringPrincipal"},
    {"kms", "Operations", "kms:GrantOperations"},
    {"kms", "PendingWindowInDays", "kms:ScheduleKeyDeletionPendingWindowInDays"},
    {"kms", "BypassPolicyLockoutSafetyCheck", "kms:BypassPolicyLockoutSafetyCheck"},
    {"secretsmanager", "Name", "secretsmanager:Name"},
    {"secretsmanager", "Description", "secretsmanager:Description"},
    {"secretsmanager", "KmsKeyId", "secretsmanager:KmsKeyId"},
    {"secretsmanager", "SecretId", "secretsmanager:SecretId"},
    {"secretsmanager", "VersionId", "secretsmanager:VersionId"},
    {"secretsmanager", "VersionStage", "secretsmanager:VersionStage"},
    {"secretsmanager", "RotationLambdaARN", "secretsmanager:RotationLambdaARN"},
    {"secretsmanager", "RecoveryWindowInDays", "secretsmanager:RecoveryWindowInDays"},
    {"secretsmanager", "ForceDeleteWithoutRecovery", "secretsmanager:ForceDeleteWithoutRecovery"},
    {"secretsmanager", "BlockPublicPolicy", "secretsmanager:BlockPublicPolicy"},
    {"secretsmanager", "RotateImmediately", "secretsmanager:RotateImmediately"},
    {"ses", "FromEmailAddress", "ses:FromAddress"},
    {"ses", "Source", "ses:FromAddress"},
    {"ses", "Destination.ToAddresses", "ses:Recipients"},
    {"ses", "Destination.CcAddresses", "ses:Recipients"},
    {"ses", "Destination.BccAddresses", "ses:Recipients"},
};

// Where requests have tags.
constexpr std::string_view kTagPaths[] = {"Tags", "TagList", "TagSpecifications.Tags"};
constexpr std::string_view kTagKeyPaths[] = {"TagKeys", "TagKeyList"};

void AddTags(const wire::Structure& structure, const void* object, identity::ConditionKeys& keys) {
  for (const std::string_view path : kTagPaths) {
    ForEachPair(structure, object, path, [&](std::string_view key, std::string_view value) {
      keys.Add(fmt::format("aws:RequestTag/{}", key), value);
      keys.Add("aws:TagKeys", key);
    });
  }
  for (const std::string_view path : kTagKeyPaths) {
    ForEachText(structure, object, path, [&](std::string_view key) { keys.Add("aws:TagKeys", key); });
  }
}

void AddRow(const KeyRow& row, const wire::Structure& structure, const void* object, identity::ConditionKeys& keys) {
  if (!row.key.ends_with(":K")) return ForEachText(structure, object, row.path, [&](std::string_view text) { keys.Add(row.key, text); });
  const std::string_view name = row.key.substr(0, row.key.size() - 2);
  ForEachPair(structure, object, row.path, [&](std::string_view key, std::string_view value) {
    keys.Add(fmt::format("{}:{}", name, key), value);
    keys.Add(fmt::format("{}Keys", name), key);
  });
}

}  // namespace

void AddRequestKeys(const wire::Operation& operation, const wire::Message& request, identity::ConditionKeys& keys) {
  if (!request.structure()) return;
  const wire::Structure& structure = *request.structure();
  AddTags(structure, request.get(), keys);
  const std::string_view service = operation.action.substr(0, operation.action.find(':'));
  for (const KeyRow& row : kKeyRows) {
    if (row.service == service) AddRow(row, structure, request.get(), keys);
  }
}

}  // namespace mayfly::services
