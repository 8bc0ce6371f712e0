#include "services/call_desk.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "identity/arn.h"
#include "services/call_parameters.h"
#include "services/passed_roles.h"
#include "services/request_keys.h"

namespace mayfly::services {
namespace {

// What moves data: CloudTrail's data events. Sorted.
constexpr std::string_view kDataActions[] = {
    "codecommit:GitPull", "codecommit:GitPush",
    "events:PutEvents", "events:PutPartnerEvents",
    "iot:Connect", "iot:Publish", "iot:Receive", "iot:RetainPublish", "iot:Subscribe",
    "kms:GenerateRandom",
    "lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState", "lambda:InvokeAsync", "lambda:InvokeFunction", "lambda:InvokeFunctionUrl",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectAttributes", "s3:GetObjectTagging",
    "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:ListMultipartUploadParts", "s3:PutObject",
    "s3:PutObjectAcl", "s3:PutObjectTagging", "s3:RestoreObject",
    "ses:SendBulkEmail", "ses:SendEmail", "ses:SendRawEmail", "ses:SendTemplatedEmail",
    "sns:Publish",
    "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage",
};
static_assert(std::ranges::is_sorted(kDataActions));

constexpr std::string_view kReadingVerbs[] = {"BatchGet", "Describe", "Discover", "Evaluate", "Get", "Head", "List", "Lookup", "Query", "Receive", "Scan", "Search", "Simulate", "Test", "Validate"};

bool IsData(const wire::Operation& operation) { return std::ranges::binary_search(kDataActions, operation.action); }

json::Value IdentityOf(const Principal& principal) {
  json::Value identity;
  const auto arn = identity::ParseArn(principal.arn);
  const bool is_session = arn && arn->resource.starts_with(identity::kAssumedRolePrefix);
  identity.Set("type", principal.arn.empty() ? "Unknown" : arn && arn->resource == "root" ? "Root" : is_session ? "AssumedRole" : "IAMUser");
  identity.Set("principalId", arn && arn->resource == "root" ? principal.account_id : principal.access_key_id);
  identity.Set("arn", principal.arn);
  identity.Set("accountId", principal.account_id);
  if (!principal.access_key_id.empty()) identity.Set("accessKeyId", principal.access_key_id);
  if (arn && arn->resource.starts_with("user/")) identity.Set("userName", arn->resource.substr(arn->resource.rfind('/') + 1));
  if (is_session) {
    const std::string_view of_session = arn->resource.substr(identity::kAssumedRolePrefix.size());
    const std::string_view role = of_session.substr(0, of_session.find('/'));
    json::Value issuer;
    issuer.Set("type", "Role");
    issuer.Set("arn", fmt::format("arn:{}:iam::{}:role/{}", arn->partition, arn->account_id, role));
    issuer.Set("accountId", arn->account_id);
    issuer.Set("userName", role);
    json::Value context;
    context.Set("sessionIssuer", std::move(issuer));
    identity.Set("sessionContext", std::move(context));
  }
  return identity;
}

// "2026-01-31T12:00:00Z"
std::string SecondsOf(WallTime now) { return FormatIso8601(now).substr(0, 19) + "Z"; }

bool IsRefusal(const Error& error) { return error.kind == Error::Kind::Service && (error.code.contains("AccessDenied") || error.code.contains("Authoriz")); }

}  // namespace

bool IsReadOnly(std::string_view operation) {
  return std::ranges::any_of(kReadingVerbs, [&](std::string_view verb) { return operation.starts_with(verb); });
}

wire::CallWatch CallDesk::Watch(wire::AnswerObserver answered) {
  wire::CallWatch watch;
  watch.begun = [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Begin(ctx, operation, request); };
  watch.check = [this](const Context& ctx, const wire::Operation& operation, const wire::Message& request) -> Result<> {
    if (enforcement_->mode() == identity::IamMode::Open) return {};
    return CheckPassedRoles(operation, request, [&](std::string_view role_arn, std::string_view service) {
      return enforcement_->CheckPassRole(identity::RequestPrincipal::Of(ctx.principal), role_arn, service);
    });
  };
  watch.answered = [this, answered = std::move(answered)](Context& ctx, const wire::Operation* operation, int status, const Error* error) {
    if (answered) answered(ctx, operation, status, error);
    if (operation && !operation->action.empty()) Record(ctx, *operation, error);
  };
  return watch;
}

std::shared_ptr<void> CallDesk::Begin(Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  std::shared_ptr<void> held;
  identity::Call* call = calls_->Find(&ctx.principal);
  if (!call) {  // the daemon asks itself
    held = std::make_shared<identity::Calls::Place>(calls_->Begin(ctx.principal, {.source_address = {}, .user_agent = {}, .referer = {}, .function_name = {}, .service = {}, .keys = {}, .parameters = {}}));
    call = calls_->Find(&ctx.principal);
  }
  if (!IsData(operation)) call->parameters = ParametersOf(request);
  AddRequestKeys(operation, request, call->keys);
  return held;
}

std::string CallDesk::RecordOf(const Context& ctx, const wire::Operation& operation, const Error* error) const {
  const identity::Call* call = calls_->Find(&ctx.principal);
  const std::string source = fmt::format("{}.amazonaws.com", operation.action.substr(0, operation.action.find(':')));
  const bool is_data = IsData(operation);
  json::Value record;
  record.Set("eventVersion", "1.11");
  record.Set("userIdentity", IdentityOf(ctx.principal));
  record.Set("eventTime", SecondsOf(clock_->WallNow()));
  record.Set("eventSource", source);
  record.Set("eventName", operation.name);
  record.Set("awsRegion", ctx.principal.region);
  record.Set("sourceIPAddress", call && !call->source_address.empty() ? std::string_view(call->source_address) : std::string_view("AWS Internal"));
  record.Set("userAgent", call && !call->user_agent.empty() ? std::string_view(call->user_agent) : std::string_view("AWS Internal"));
  if (error) {
    record.Set("errorCode", error->kind == Error::Kind::Service ? std::string_view(error->code) : std::string_view("InternalFailure"));
    if (error->kind == Error::Kind::Service) record.Set("errorMessage", error->message);
  }
  auto parameters = call && !call->parameters.empty() ? json::Parse(call->parameters) : Result<json::Value>(json::Value());
  record.Set("requestParameters", parameters ? std::move(*parameters) : json::Value());
  record.Set("responseElements", json::Value());
  record.Set("requestID", ctx.request_id);
  record.Set("eventID", random_->Uuid());
  record.Set("readOnly", IsReadOnly(operation.name));
  record.Set("eventType", "AwsApiCall");
  record.Set("managementEvent", !is_data);
  record.Set("recipientAccountId", ctx.principal.account_id);
  record.Set("eventCategory", is_data ? "Data" : "Management");
  return json::Write(record);
}

void CallDesk::Record(const Context& ctx, const wire::Operation& operation, const Error* error) {
  if (IsData(operation) && !(error && IsRefusal(*error))) return;
  trail_->Write(RecordOf(ctx, operation, error), clock_->WallNow());
}

}  // namespace mayfly::services
