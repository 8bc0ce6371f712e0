#include "services/events/authorizer.h"

#include "identity/policy.h"

namespace mayfly::events {
namespace {

std::optional<std::string> MemberText(const wire::Message& request, std::string_view name) {
  if (!request.structure()) return std::nullopt;
  for (const wire::Member& member : request.structure()->members) {
    if (member.name != name || member.shape->kind != wire::Kind::String) continue;
    const void* value = member.field->get(static_cast<const char*>(request.get()) + member.offset);
    return value ? std::optional(*static_cast<const std::string*>(value)) : std::nullopt;
  }
  return std::nullopt;
}

struct Asked {
  BusName bus;  // without a name: it is about nothing on a bus
  std::string arn;
};

// Operations on what is on no bus, by a word of their names, and the member that names it.
struct NamedKind {
  std::string_view word;
  std::string_view kind;
  std::string_view member;
};
constexpr NamedKind kNamedKinds[] = {{"ApiDestination", kDestinationKind, "Name"}, {"Connection", kConnectionKind, "Name"}, {"Archive", kArchiveKind, "ArchiveName"},
                                     {"Replay", kReplayKind, "ReplayName"}};

// What a request is about: a rule (by name and bus, or by ARN), a bus, or what else has an ARN.
Asked AskedFor(const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  if (const auto arn = MemberText(request, "ResourceARN")) {
    if (auto bus = ParseBusArn(*arn)) return {std::move(*bus), *arn};
    if (auto rule = ParseRuleArn(*arn)) return {std::move(rule->bus), *arn};
  }
  const std::string_view name(operation.name);
  for (const NamedKind& named : kNamedKinds) {
    if (!name.contains(named.word)) continue;
    return {{ctx.principal.account_id, ctx.principal.region, ""}, NameOf(ctx, MemberText(request, named.member).value_or("*")).Arn(named.kind)};
  }
  const bool is_of_bus = name.contains("EventBus") && !name.starts_with("List");
  BusName bus = BusOf(ctx, MemberText(request, is_of_bus ? "Name" : "EventBusName"));
  auto rule = MemberText(request, "Rule");
  if (!rule && name.contains("Rule")) rule = MemberText(request, "Name");
  std::string arn = rule ? RuleName{bus, std::move(*rule)}.Arn() : bus.Arn();
  return {std::move(bus), std::move(arn)};
}

}  // namespace

Result<> Authorizer::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const BusName& bus, std::string_view arn,
                               identity::ConditionKeys keys) const {
  const auto row = tables_->buses.Find(bus.Key());
  identity::PolicyPointer policy;
  if (row && !row->policy.empty()) {
    if (auto parsed = identity::Policy::Parse(row->policy, identity::Policy::Kind::Resource)) policy = std::move(*parsed);
  }
  if (!policy && control_.IsOwner(principal, bus.account_id)) return {};
  if (row && arn == bus.Arn()) {
    for (const auto& [key, value] : row->tags) keys.Add("aws:ResourceTag/" + key, value);
  }
  const identity::AccessControl::Resource resource{.arn = arn, .owner_account_id = bus.account_id, .region = bus.region};
  return control_.Authorize(principal, action, resource, {&policy, 1}, std::move(keys));
}

Result<> Authorizer::AuthorizeNamed(const identity::RequestPrincipal& principal, std::string_view action, const Named& name, std::string_view arn) const {
  return Authorize(principal, action, {name.account_id, name.region, ""}, arn);
}

Task<Result<>> Authorizer::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  if (std::string_view(operation.name) == "PutEvents") co_return Result<>();
  const Asked asked = AskedFor(ctx, operation, request);
  co_return Authorize(identity::RequestPrincipal::Of(ctx.principal), operation.action, asked.bus, asked.arn);
}

wire::Authorizer Authorizer::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

}  // namespace mayfly::events
