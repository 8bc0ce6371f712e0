#include "services/codecommit/triggers.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "wire/struct_text.h"

namespace mayfly::codecommit {
namespace {

constexpr std::string_view kTriggerPrincipal = "codecommit.amazonaws.com";
constexpr size_t kTriggerNameMax = 100;
constexpr size_t kCustomDataMax = 1'000;

Error TriggerError(std::string_view code, std::string message) { return Error::Service(code, std::move(message)); }

Result<> CheckDestination(const RepositoryName& repository, const RepositoryTrigger& trigger) {
  const auto arn = identity::ParseArn(trigger.destination_arn);
  if (!arn || (arn->service != "lambda" && arn->service != "sns")) {
    return Fail(TriggerError("InvalidRepositoryTriggerDestinationArnException", fmt::format("Invalid destination ARN: {}", trigger.destination_arn)));
  }
  if (arn->region == repository.region) return {};
  return Fail(TriggerError("InvalidRepositoryTriggerRegionException",
                           fmt::format("The destination of trigger {} is not in the repository's region {}", trigger.name, repository.region)));
}

Result<> CheckTrigger(const RepositoryName& repository, const RepositoryTrigger& trigger) {
  const bool is_name = !trigger.name.empty() && trigger.name.size() <= kTriggerNameMax &&
                       std::ranges::all_of(trigger.name, [](char c) { return IsAlphanumeric(c) || c == '_' || c == '.' || c == '-' || c == ' '; });
  if (!is_name) return Fail(TriggerError("InvalidRepositoryTriggerNameException", fmt::format("Invalid trigger name: {}", trigger.name)));
  MF_TRY_VOID(CheckDestination(repository, trigger));
  if (trigger.custom_data && trigger.custom_data->size() > kCustomDataMax) {
    return Fail(TriggerError("InvalidRepositoryTriggerCustomDataException", fmt::format("Custom data has more than {} characters", kCustomDataMax)));
  }
  if (trigger.events.empty()) return Fail(TriggerError("RepositoryTriggerEventsListRequiredException", "At least one event is required"));
  const bool has_all = std::ranges::find(trigger.events, "all") != trigger.events.end();
  if (has_all && trigger.events.size() > 1) return Fail(TriggerError("InvalidRepositoryTriggerEventsException", "The event all stands alone"));
  if (!trigger.branches) return {};
  if (trigger.branches->size() > kTriggerBranchesMax) {
    return Fail(TriggerError("MaximumBranchesExceededException", fmt::format("A trigger can have at most {} branches", kTriggerBranchesMax)));
  }
  for (const std::string& branch : *trigger.branches) {
    if (!IsRefName("refs/heads/" + branch)) return Fail(TriggerError("InvalidRepositoryTriggerBranchNameException", fmt::format("Invalid branch name: {}", branch)));
  }
  return {};
}

std::string_view NameOf(RefChange::Kind kind) {
  switch (kind) {
    case RefChange::Kind::Created: return "createReference";
    case RefChange::Kind::Deleted: return "deleteReference";
    case RefChange::Kind::Updated: break;
  }
  return "updateReference";
}

json::Value DescribeChange(const RefChange& change) {
  json::Value told{json::Object()};
  told.Set("commit", change.commit);
  if (change.kind == RefChange::Kind::Created) told.Set("created", true);
  if (change.kind == RefChange::Kind::Deleted) told.Set("deleted", true);
  told.Set("ref", change.ref);
  return told;
}

std::string RootArn(const RepositoryName& name) { return fmt::format("arn:{}:iam::{}:root", identity::PartitionOf(name.region), name.account_id); }

std::string WriteEvent(const TriggerEvent& event, const std::string& id) {
  const RepositoryName& name = event.repository.name;
  json::Array references;
  for (const RefChange& change : event.changes) references.push_back(DescribeChange(change));
  json::Value codecommit{json::Object()};
  codecommit.Set("references", std::move(references));
  json::Value record{json::Object()};
  record.Set("awsRegion", name.region);
  record.Set("codecommit", std::move(codecommit));
  if (event.trigger.custom_data) record.Set("customData", *event.trigger.custom_data);
  record.Set("eventId", id);
  record.Set("eventName", event.name);
  record.Set("eventPartNumber", 1);
  record.Set("eventSource", "aws:codecommit");
  record.Set("eventSourceARN", name.Arn());
  record.Set("eventTime", FormatLambdaTime(event.time));
  record.Set("eventTotalParts", 1);
  record.Set("eventTriggerConfigId", event.repository.configuration_id);
  record.Set("eventTriggerName", event.trigger.name);
  record.Set("eventVersion", "1.0");
  record.Set("userIdentityARN", RootArn(name));
  json::Value whole{json::Object()};
  whole.Set("Records", json::Array{std::move(record)});
  return json::Write(whole);
}

}  // namespace

std::vector<RefChange> ChangesBetween(const Refs& before, const Refs& after) {
  std::vector<RefChange> changes;
  for (const auto& [ref, commit] : after) {
    const auto old = before.find(ref);
    if (old == before.end()) changes.push_back({.ref = ref, .commit = commit, .kind = RefChange::Kind::Created});
    else if (old->second != commit) changes.push_back({.ref = ref, .commit = commit, .kind = RefChange::Kind::Updated});
  }
  for (const auto& [ref, commit] : before) {
    if (!after.contains(ref)) changes.push_back({.ref = ref, .commit = commit, .kind = RefChange::Kind::Deleted});
  }
  return changes;
}

Result<> CheckTriggers(const RepositoryName& repository, const std::vector<RepositoryTrigger>& triggers) {
  if (triggers.size() > kTriggersMax) {
    return Fail(TriggerError("MaximumRepositoryTriggersExceededException", fmt::format("A repository can have at most {} triggers", kTriggersMax)));
  }
  for (size_t i = 0; i < triggers.size(); ++i) {
    MF_TRY_VOID(CheckTrigger(repository, triggers[i]));
    const bool is_again = std::ranges::any_of(triggers.begin(), triggers.begin() + static_cast<std::ptrdiff_t>(i), [&](const auto& one) { return one.name == triggers[i].name; });
    if (is_again) return Fail(TriggerError("InvalidRepositoryTriggerNameException", fmt::format("Duplicate trigger name: {}", triggers[i].name)));
  }
  return {};
}

std::string WriteTriggers(const std::vector<RepositoryTrigger>& triggers) {
  const GetRepositoryTriggersResponse shown{.configuration_id = std::nullopt, .triggers = triggers};
  return wire::WriteStruct(*calls::kGetRepositoryTriggers.operation().output, &shown);
}

std::vector<RepositoryTrigger> ReadTriggers(const std::string& text) {
  auto value = json::Parse(text);
  GetRepositoryTriggersResponse shown;
  if (!value || !wire::ReadStruct(*calls::kGetRepositoryTriggers.operation().output, *value, &shown) || !shown.triggers) return {};
  return std::move(*shown.triggers);
}

std::vector<RefChange> WantedBy(const RepositoryTrigger& trigger, const std::vector<RefChange>& changes) {
  std::vector<RefChange> wanted;
  for (const RefChange& change : changes) {
    const bool is_event = std::ranges::any_of(trigger.events, [&](const std::string& event) { return event == "all" || event == NameOf(change.kind); });
    const bool is_branch = !trigger.branches || trigger.branches->empty() || std::ranges::find(*trigger.branches, BranchOf(change.ref)) != trigger.branches->end();
    if (is_event && is_branch) wanted.push_back(change);
  }
  return wanted;
}

delivery::Delivery MakeTriggerDelivery(const TriggerEvent& event, std::string id) {
  const RepositoryName& name = event.repository.name;
  delivery::Delivery delivery;
  delivery.body = WriteEvent(event, id);
  delivery.id = std::move(id);
  delivery.target_arn = event.trigger.destination_arn;
  delivery.source_arn = name.Arn();
  // Topics of its own account need no word about CodeCommit; functions do.
  const auto arn = identity::ParseArn(delivery.target_arn);
  const bool is_own_topic = arn && arn->service == "sns" && arn->account_id == name.account_id;
  delivery.principal = is_own_topic ? delivery::DeliveryPrincipal::Role(RootArn(name), name.account_id)
                                    : delivery::DeliveryPrincipal::Service(std::string(kTriggerPrincipal), name.account_id);
  return delivery;
}

}  // namespace mayfly::codecommit
