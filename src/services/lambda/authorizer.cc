#include "services/lambda/authorizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::lambda {
namespace {

// Source: AWS Lambda developer guide, "Granting Lambda function access to other accounts".
constexpr std::string_view kAcrossAccounts[] = {
    "lambda:CreateAlias",
    "lambda:DeleteAlias",
    "lambda:DeleteFunction",
    "lambda:DeleteFunctionConcurrency",
    "lambda:GetAlias",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "lambda:GetLayerVersion",
    "lambda:GetPolicy",
    "lambda:InvokeAsync",
    "lambda:InvokeFunction",
    "lambda:ListAliases",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
    "lambda:PublishVersion",
    "lambda:PutFunctionConcurrency",
    "lambda:TagResource",
    "lambda:UntagResource",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
};

// What the owner of the account may do with a policy that denies everything, so that nobody is locked out for good.
constexpr std::string_view kOwnersAlways[] = {"lambda:DeleteResourcePolicy", "lambda:GetResourcePolicy", "lambda:PutResourcePolicy"};

template <typename T>
const T* FindMember(const wire::Message& request, std::string_view name) {
  for (const wire::Member& member : request.structure()->members) {
    if (member.name != name) continue;
    return static_cast<const T*>(member.field->get(static_cast<const char*>(request.get()) + member.offset));
  }
  return nullptr;
}

std::string_view TextMember(const wire::Message& request, std::string_view name) {
  const auto* text = FindMember<std::string>(request, name);
  return text ? std::string_view(*text) : std::string_view();
}

// Members that hold the ARN of what an operation is about. Each means the caller's own resource unless it is an ARN.
constexpr std::string_view kArnMembers[] = {"Resource", "ResourceArn", "CodeSigningConfigArn", "CapacityProviderName",
                                            "DurableExecutionArn"};

// What the ARN calls a resource that is named by that member.
std::string_view KindOf(std::string_view member) {
  if (member == "CodeSigningConfigArn") return "code-signing-config";
  return member == "CapacityProviderName" ? "capacity-provider" : "function";
}

// The last part of a layer version's ARN, as the tables' keys have it; "" when it is no number.
std::string LayerVersionKey(const identity::Arn& arn, std::string_view name, std::string_view number) {
  if (number.size() > 10 || !IsNumber(number)) return {};
  return fmt::format("{}/{}/{}/{:0>10}", arn.account_id, arn.region, name, number);
}

Error NotAllowed(const Context& ctx, std::string_view action, std::string_view resource) {
  const identity::ConditionKeys none;
  return identity::NotAllowedByResource({identity::RequestPrincipal::Of(ctx.principal), action, resource, none});
}

// A function that a request only mentions, e.g. that of an event source mapping.
Result<> CheckOwnFunction(const Context& ctx, std::string_view action, std::string_view name) {
  const auto reference = catalog::ParseFunctionReference(ctx, name, "");
  if (!reference || reference->name.account_id == ctx.principal.account_id) return {};
  return Fail(NotAllowed(ctx, action, reference->Arn()));
}

bool MayCrossAccounts(std::string_view action) { return std::ranges::find(kAcrossAccounts, action) != std::end(kAcrossAccounts); }

}  // namespace

Result<> Authorizer::AuthorizeFunction(const Context& ctx, std::string_view action, std::string_view name,
                                       std::string_view qualifier) const {
  const identity::RequestPrincipal principal = identity::RequestPrincipal::Of(ctx.principal);
  // The common case, at the price of nothing: a bare name is a function of the caller's account.
  if (name.find(':') == std::string_view::npos && access_->IsUnrestricted(principal)) return {};
  MF_TRY(const catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier));
  if (reference.name.account_id != ctx.principal.account_id && !MayCrossAccounts(action))
    return Fail(NotAllowed(ctx, action, reference.Arn()));
  const bool is_owner = principal.is_root() && reference.name.account_id == principal.account_id;
  if (is_owner && std::ranges::find(kOwnersAlways, action) != std::end(kOwnersAlways)) return {};
  return access_->Authorize(principal, action, reference);
}

Result<> Authorizer::AuthorizeLayer(const Context& ctx, std::string_view action, std::string_view text) const {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->account_id.empty()) return AuthorizeOwn(ctx, action, "layer", text);
  if (arn->account_id != ctx.principal.account_id && !MayCrossAccounts(action)) return Fail(NotAllowed(ctx, action, text));
  const std::string_view layer = arn->resource.substr(arn->resource.find(':') + 1);  // "layer:NAME:NUMBER"
  const size_t colon = layer.find(':');
  const std::string key =
      colon == std::string_view::npos ? std::string() : LayerVersionKey(*arn, layer.substr(0, colon), layer.substr(colon + 1));
  return access_->AuthorizeLayer(identity::RequestPrincipal::Of(ctx.principal), action, {arn->account_id, text, key});
}

Result<> Authorizer::AuthorizeResource(const Context& ctx, std::string_view action, std::string_view text, std::string_view kind) const {
  const auto arn = identity::ParseArn(text);
  if (!arn) return AuthorizeOwn(ctx, action, kind, text);
  if (arn->resource.starts_with("function:") && arn->resource.find('/') == std::string_view::npos)
    return AuthorizeFunction(ctx, action, text, "");
  if (!arn->account_id.empty() && arn->account_id != ctx.principal.account_id) return Fail(NotAllowed(ctx, action, text));
  return access_->AuthorizeOwn(identity::RequestPrincipal::Of(ctx.principal), action, text, ctx.principal.region);
}

Result<> Authorizer::AuthorizeOwn(const Context& ctx, std::string_view action, std::string_view kind, std::string_view name) const {
  const std::string arn = name.empty() ? "*" : fmt::format("arn:{}:lambda:{}:{}:{}:{}", identity::PartitionOf(ctx.principal.region), ctx.principal.region, ctx.principal.account_id, kind, name);
  return access_->AuthorizeOwn(identity::RequestPrincipal::Of(ctx.principal), action, arn, ctx.principal.region);
}

Result<> Authorizer::Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  if (const std::string_view name = TextMember(request, "FunctionName"); !name.empty()) {
    if (operation.resource == "function") return AuthorizeFunction(ctx, operation.action, name, TextMember(request, "Qualifier"));
    MF_TRY_VOID(CheckOwnFunction(ctx, operation.action, name));
  }
  if (std::string layer(TextMember(request, "LayerName")); !layer.empty()) {
    if (const auto* number = FindMember<int64_t>(request, "VersionNumber")) layer += fmt::format(":{}", *number);
    return AuthorizeLayer(ctx, operation.action, layer);
  }
  if (operation.resource == "layer_version") return AuthorizeLayer(ctx, operation.action, TextMember(request, "Arn"));
  for (const std::string_view member : kArnMembers) {
    if (const std::string_view text = TextMember(request, member); !text.empty()) return AuthorizeResource(ctx, operation.action, text, KindOf(member));
  }
  return AuthorizeOwn(ctx, operation.action, "event-source-mapping", TextMember(request, "UUID"));
}

Task<Result<>> Authorizer::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  co_return Authorize(ctx, operation, request);
}

wire::Authorizer Authorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::lambda
