#include "services/scheduler/schedule_target.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "delivery/bus_event.h"
#include "identity/arn.h"

namespace mayfly::scheduler {
namespace {

constexpr std::string_view kUniversal = ":aws-sdk:";

// What only reads is of no use to a schedule. Source: AWS "Using universal targets", "Unsupported actions".
constexpr std::string_view kReadOnly[] = {"get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover",
                                          "validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration",
                                          "retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"};

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
  return text;
}

std::string DefaultInput(const ScheduleRow& schedule, WallTime scheduled, const std::string& id) {
  json::Value event{json::Object()};
  event.Set("version", "0");
  event.Set("id", id);
  event.Set("detail-type", "Scheduled Event");
  event.Set("source", "aws.scheduler");
  event.Set("account", schedule.name.group.account_id);
  event.Set("time", SecondsText(scheduled));
  event.Set("region", schedule.name.group.region);
  event.Set("resources", json::Array{schedule.name.Arn()});
  event.Set("detail", "{}");
  return json::Write(event);
}

std::string InputOf(const ScheduleRow& schedule, const json::Value& target, WallTime scheduled, const std::string& id) {
  const json::Value* input = target.Find("Input");
  if (!input) return DefaultInput(schedule, scheduled, id);
  std::string text = Replaced(input->string(), "<aws.scheduler.schedule-arn>", schedule.name.Arn());
  text = Replaced(std::move(text), "<aws.scheduler.scheduled-time>", SecondsText(scheduled));
  text = Replaced(std::move(text), "<aws.scheduler.execution-id>", id);
  return Replaced(std::move(text), "<aws.scheduler.attempt-number>", "1");
}

delivery::DeliveryPrincipal PrincipalOf(const json::Value& target, const std::string& session) {
  const auto role = identity::ParseArn(target.StringOr("RoleArn", ""));
  MF_ASSERT(role);  // the model has looked at it
  const std::string_view name = role->resource.substr(role->resource.rfind('/') + 1);
  return delivery::DeliveryPrincipal::Role(fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", role->partition, role->account_id, name, session),
                                           std::string(role->account_id));
}

void AddBusMembers(delivery::Delivery& delivery, const json::Value& target, const ScheduleRow& schedule, WallTime scheduled) {
  const json::Value* parameters = target.Find("EventBridgeParameters");
  if (!parameters) return;
  delivery.detail_type = parameters->StringOr("DetailType", "");
  delivery::AddBusFields(delivery, {.source = std::string(parameters->StringOr("Source", "")), .account_id = schedule.name.group.account_id,
                                    .region = schedule.name.group.region, .time = scheduled, .resources = {schedule.name.Arn()}});
}

// lambda:invoke has a payload beside its members, and waits: it becomes the asynchronous invocation that it is for a schedule.
bool TurnIntoInvocation(delivery::Delivery& delivery, const ScheduleRow& schedule) {
  const auto universal = ParseUniversalTarget(delivery.target_arn);
  const auto input = json::Parse(delivery.body);
  if (!universal || universal->service != "lambda" || universal->operation != "Invoke" || !input) return false;
  const std::string function(input->StringOr("FunctionName", ""));
  const GroupName& group = schedule.name.group;
  delivery.target_arn = function.starts_with("arn:") ? function
                                                     : fmt::format("arn:{}:lambda:{}:{}:function:{}", identity::PartitionOf(group.region), group.region,
                                                                   group.account_id, function);
  const json::Value* payload = input->Find("Payload");
  delivery.body = !payload ? "{}" : payload->is_string() ? payload->string() : json::Write(*payload);
  return true;
}

bool NeedsJson(std::string_view service) { return service == "lambda" || service == "states" || service == "events" || service == "scheduler"; }

}  // namespace

std::string SecondsText(WallTime time) {
  std::string text = FormatIso8601(std::chrono::floor<std::chrono::seconds>(time));
  return text.substr(0, text.find('.')) + 'Z';
}

std::optional<UniversalTarget> ParseUniversalTarget(std::string_view arn) {
  const size_t at = arn.find(kUniversal);
  const std::vector<std::string_view> parts = at == std::string_view::npos ? std::vector<std::string_view>() : Split(arn.substr(at + kUniversal.size()), ':');
  if (!arn.starts_with("arn:") || parts.size() != 2 || parts[0].empty() || parts[1].empty() || !IsLowerCase(parts[1].front())) return std::nullopt;
  std::string operation(parts[1]);
  operation.front() = static_cast<char>(operation.front() - 'a' + 'A');
  return UniversalTarget{std::string(parts[0]), std::move(operation)};
}

Result<> CheckTarget(const json::Value& target) {
  const std::string_view arn = target.StringOr("Arn", "");
  const auto parsed = identity::ParseArn(arn);
  if (!parsed) return Fail(Invalid("Provided Arn is not in correct format."));
  if (parsed->service == "scheduler") {
    const auto universal = ParseUniversalTarget(arn);
    if (!universal) return Fail(Invalid("Provided Arn is not in correct format."));
    const std::string_view action = arn.substr(arn.rfind(':') + 1);
    const bool only_reads = std::ranges::any_of(kReadOnly, [&](std::string_view prefix) { return action.starts_with(prefix); });
    if (only_reads) return Fail(Invalid(fmt::format("{} is not a supported API action.", action)));
  }
  if (parsed->service == "events" && !target.Find("EventBridgeParameters")) return Fail(Invalid("EventBridgeParameters must be specified for the target."));
  if (parsed->service == "sqs" && parsed->resource.ends_with(".fifo") && !target.Find("SqsParameters")) {
    return Fail(Invalid("SqsParameters must be specified for the target."));
  }
  const json::Value* input = target.Find("Input");
  if (input && NeedsJson(parsed->service) && !json::IsValidJson(input->string())) return Fail(Invalid("Input must be a valid JSON."));
  return {};
}

delivery::OwedDelivery OwedBy(const ScheduleRow& schedule, const json::Value& settings, WallTime scheduled, std::string id, WallTime accepted_at) {
  const json::Value* target = settings.Find("Target");
  MF_ASSERT(target);
  delivery::OwedDelivery owed{.sender = std::string(kScheduleSender),
                              .owner_arn = fmt::format("{}#{}", schedule.name.Arn(), ToEpochMillis(scheduled)),
                              .delivery = {},
                              .accepted_at = accepted_at};
  delivery::Delivery& delivery = owed.delivery;
  delivery.principal = PrincipalOf(*target, id);
  delivery.target_arn = target->StringOr("Arn", "");
  delivery.source_arn = schedule.name.Arn();
  delivery.body = InputOf(schedule, *target, scheduled, id);
  delivery.id = std::move(id);
  const json::Value* queue = target->Find("SqsParameters");
  if (queue) delivery.message_group_id = queue->StringOr("MessageGroupId", "");
  if (delivery::IsBusArn(delivery.target_arn)) AddBusMembers(delivery, *target, schedule, scheduled);
  TurnIntoInvocation(delivery, schedule);
  return owed;
}

std::optional<OwnerParts> ParseOwner(std::string_view owner) {
  const size_t mark = owner.find('#');
  auto schedule = ParseScheduleArn(owner.substr(0, mark));
  const auto millis = mark == std::string_view::npos ? std::nullopt : ParseNumber<int64_t>(owner.substr(mark + 1));
  if (!schedule || !millis) return std::nullopt;
  return OwnerParts{std::move(*schedule), WallTime(std::chrono::milliseconds(*millis))};
}

}  // namespace mayfly::scheduler
