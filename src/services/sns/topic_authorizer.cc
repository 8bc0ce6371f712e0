#include "services/sns/topic_authorizer.h"

#include <fmt/format.h>

#include "base/json.h"
#include "identity/policy.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

// The first of these that a request has names what it is about.
constexpr std::string_view kArnMembers[] = {"TopicArn", "TargetArn", "ResourceArn", "SubscriptionArn"};

std::string_view MemberText(const wire::Message& request, std::string_view name) {
  for (const wire::Member& member : request.structure()->members) {
    if (member.name != name || member.shape->kind != wire::Kind::String) continue;
    const void* value = member.field->get(static_cast<const char*>(request.get()) + member.offset);
    return value ? std::string_view(*static_cast<const std::string*>(value)) : std::string_view();
  }
  return {};
}

std::string_view ArnOf(const wire::Message& request) {
  if (!request.structure()) return {};
  for (const std::string_view name : kArnMembers) {
    if (const std::string_view arn = MemberText(request, name); !arn.empty()) return arn;
  }
  return {};
}

// AWS's code for it here.
Result<> InOwnWords(Result<> allowed) {
  if (allowed || allowed.error().kind != Error::Kind::Service) return allowed;
  return Fail(NotAuthorized(allowed.error().message));
}

}  // namespace

std::string DefaultPolicy(const TopicName& topic) {
  const std::string arn = json::Quote(topic.Arn());
  return fmt::format(
      R"({{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{{"AWS":"*"}},)"
      R"("Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe",)"
      R"("SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":{},"Condition":{{"StringEquals":{{"AWS:SourceOwner":{}}}}}}}]}})",
      arn, json::Quote(topic.account_id));
}

Result<> TopicAuthorizer::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const TopicName& name,
                                    identity::ConditionKeys keys) const {
  const TopicPointer topic = topics_->Find(name);
  identity::PolicyPointer policy;
  if (topic && !topic->policy.empty()) {
    if (auto parsed = identity::Policy::Parse(topic->policy, identity::Policy::Kind::Resource)) policy = std::move(*parsed);
  }
  if (!policy && control_.IsOwner(principal, name.account_id)) return {};
  if (!principal.is_service()) keys.Add("aws:SourceOwner", principal.account_id);
  if (topic) {
    for (const auto& [key, value] : topic->tags) keys.Add("aws:ResourceTag/" + key, value);
  }
  const std::string arn = name.Arn();
  const identity::AccessControl::Resource resource{.arn = arn, .owner_account_id = name.account_id, .region = name.region};
  return InOwnWords(control_.Authorize(principal, action, resource, {&policy, 1}, std::move(keys)));
}

Result<> TopicAuthorizer::AuthorizeArn(const identity::RequestPrincipal& principal, std::string_view action, std::string_view arn,
                                       std::string_view owner, std::string_view region) const {
  if (control_.IsOwner(principal, owner)) return {};
  const identity::PolicyPointer none;
  return InOwnWords(control_.Authorize(principal, action, {.arn = arn, .owner_account_id = owner, .region = region}, {&none, 1}));
}

Result<> TopicAuthorizer::Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const std::string_view arn = ArnOf(request);
  if (operation.name == "ConfirmSubscription") return {};  // the token says that its endpoint wants it
  if (const auto topic = ParseTopicArn(arn)) return Authorize(principal, operation.action, *topic);
  if (const auto subscription = ParseSubscriptionArn(arn)) {
    const SubscriptionPointer found = topics_->FindSubscription(*subscription);
    const std::string owner = found ? found->owner_account_id : subscription->topic.account_id;
    return AuthorizeArn(principal, operation.action, arn, owner, subscription->topic.region);
  }
  if (const std::string_view name = request.structure() ? MemberText(request, "Name") : std::string_view(); operation.name == "CreateTopic" && !name.empty()) {
    return Authorize(principal, operation.action, {ctx.principal.account_id, ctx.principal.region, std::string(name)});
  }
  return AuthorizeArn(principal, operation.action, "*", ctx.principal.account_id, ctx.principal.region);
}

Task<Result<>> TopicAuthorizer::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  co_return Authorize(ctx, operation, request);
}

wire::Authorizer TopicAuthorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::sns
