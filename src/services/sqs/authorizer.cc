#include "services/sqs/authorizer.h"

#include <algorithm>

#include "identity/policy.h"
#include "services/sqs/queue_url.h"

namespace mayfly::sqs {
namespace {

// Source: AWS "Amazon SQS API permissions" and "Grant cross-account permissions to a role and a username".
constexpr std::string_view kAcrossAccounts[] = {"sqs:SendMessage",        "sqs:ReceiveMessage", "sqs:DeleteMessage",
                                                "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:GetQueueAttributes",
                                                "sqs:ListDeadLetterSourceQueues", "sqs:PurgeQueue"};

std::string_view TextMember(const wire::Message& request, std::string_view name) {
  for (const wire::Member& member : request.structure()->members) {
    if (member.name != name || member.shape->kind != wire::Kind::String) continue;
    const void* value = member.field->get(static_cast<const char*>(request.get()) + member.offset);
    return value ? std::string_view(*static_cast<const std::string*>(value)) : std::string_view();
  }
  return {};
}

// The queue that a request is about; the caller's own, when it names none that could be another's.
QueueName QueueOf(const Context& ctx, const wire::Message& request) {
  if (const std::string_view url = TextMember(request, "QueueUrl"); !url.empty()) {
    if (auto name = ParseQueueUrl(ctx.principal, url)) return std::move(*name);
  }
  if (auto name = ParseQueueArn(TextMember(request, "SourceArn"))) return std::move(*name);
  const std::string_view owner = TextMember(request, "QueueOwnerAWSAccountId");
  return {owner.empty() ? ctx.principal.account_id : std::string(owner), ctx.principal.region, std::string(TextMember(request, "QueueName"))};
}

}  // namespace

Result<> Authorizer::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const QueueName& name,
                               identity::ConditionKeys keys) const {
  const QueuePointer queue = queues_->Find(name);
  identity::PolicyPointer policy;
  if (queue && !queue->policy.empty()) {
    if (auto parsed = identity::Policy::Parse(queue->policy, identity::Policy::Kind::Resource)) policy = std::move(*parsed);
  }
  if (!policy && control_.IsOwner(principal, name.account_id)) return {};
  const std::string arn = name.Arn();
  const bool own = principal.account_id == name.account_id;
  if (!own && std::ranges::find(kAcrossAccounts, action) == std::end(kAcrossAccounts)) {
    return Fail(identity::NotAllowedByResource({principal, action, arn, {}}));
  }
  if (queue) {
    for (const auto& [key, value] : queue->tags) keys.Add("aws:ResourceTag/" + key, value);
  }
  const identity::AccessControl::Resource resource{.arn = arn, .owner_account_id = name.account_id, .region = name.region};
  return control_.Authorize(principal, action, resource, {&policy, 1}, std::move(keys));
}

Result<> Authorizer::Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  return Authorize(identity::RequestPrincipal::Of(ctx.principal), operation.action, QueueOf(ctx, request));
}

Task<Result<>> Authorizer::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  co_return Authorize(ctx, operation, request);
}

wire::Authorizer Authorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::sqs
